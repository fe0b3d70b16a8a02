using System.Globalization;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>
/// What is said of a log of which nothing is known; the layouts that well-known logs have are in NcfSpark.Jobs.Tests, with the file that is written.
/// </summary>
[Collection(EngineCollection.Name)]
public sealed class LogInspectorTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WhatWasSeenIsSaidWithItsReason()
    {
        InspectedLog log = Inspect("clicks.csv", "{day} 10:00:00;\"s;{user}\";{event};SKU-{item};1,50", "viewed_at;visitor;action;sku;price");
        string said = string.Join('\n', log.Seen);
        Assert.Contains("clicks.csv: CSV, split at \";\"; line 1 names the columns, 5 columns, ", said, StringComparison.Ordinal);
        Assert.Contains("user     visitor, by its name: texts such as 's;", said, StringComparison.Ordinal);
        Assert.Contains("item     sku, by its name: texts such as 'SKU-", said, StringComparison.Ordinal);
        Assert.Contains("time     viewed_at, by its name, dates and times of ISO 8601: 2014-01-01 to 2014-03-01; every day has rows.",
            said, StringComparison.Ordinal);
        Assert.Contains("event    action, by its name. All types of column action count: ", said, StringComparison.Ordinal);
        Assert.Contains("others   price: not used.", said, StringComparison.Ordinal);
        Assert.Empty(log.Doubts);
    }

    [Fact]
    public void WhatOnlyItsPlaceTellsIsDoubted()
    {
        InspectedLog log = Inspect("u.data", "{user}\t{item}\t{rating}\t{seconds}", "");
        Assert.Equal(
            ["Nothing but its place says that column 1 is the user. If it is not, set Input:UserColumn.",
                "Nothing but its place says that column 2 is the item. If it is not, set Input:ItemColumn."], log.Doubts);
        Assert.Equal("customer_id", Inspect("two.csv", "{user},9{user},{item},{day}", "session_id,customer_id,sku,date").Input.UserColumn);
        Assert.StartsWith("session_id could be the user as well as customer_id.",
            Inspect("two.csv", "{user},9{user},{item},{day}", "session_id,customer_id,sku,date").Doubts[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x.csv", "", "x.csv is empty: 0 bytes.")]
    [InlineData("x.csv", "a\nb\n", "its lines are one column")]
    [InlineData("x.csv", "user_id,item_id\n1,2\n,3\n2,3\n", "the user's id. Column user_id is named like it, but is empty in 1 of the first 3 rows. There are")]
    [InlineData("x.csv", "price,rating\n1.5,3.5\n2.5,4.5\n", "No column looks like the user's id. There are price ('1.5'), rating ('3.5').")]
    [InlineData("x.jsonl", "[1]\n", "no line of the first 1 is a JSON object")]
    public void WhatIsNoLogIsRefused(string file, string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(
            () => LogInspector.Inspect(folder.Write(file, text), fixture.Engine, SilentProgress.Instance)).Message, StringComparison.Ordinal);

    [Fact]
    public void AColumnOfOneAndTheSameTimeIsTakenForNoTime()
    {
        InspectedLog log = Inspect("clicks.csv", "{user},{item},0", "user_id,item_id,timestamp");
        Assert.Equal("", log.Input.TimestampColumn);
        Assert.StartsWith(
            "Column timestamp holds one and the same time ('0') in the first 600 rows, so it is taken for no time.", log.Doubts[0], StringComparison.Ordinal);
    }

    [Fact]
    public void AFewBadRowsAreAllowedAndSaid()
    {
        InspectedLog log = Inspect("clicks.csv", "{user},{item},{seconds}", "user_id,item_id,timestamp", "\n7,,1400000000\n");
        Assert.Equal(2, log.Input.MaxBadRows);
        Assert.StartsWith("1 of 601 rows cannot be used; the first: ", log.Doubts[0], StringComparison.Ordinal);
    }

    // 600 rows of 40 users and 60 items, no pair twice, over 60 days.
    private InspectedLog Inspect(string file, string row, string header, string more = "")
    {
        IEnumerable<string> rows = Enumerable.Range(0, 600).Select(r => row
            .Replace("{user}", $"{10 + r % 40}", StringComparison.Ordinal)
            .Replace("{item}", $"{10 + (r / 40 * 7 + r) % 60}", StringComparison.Ordinal)
            .Replace("{rating}", $"{1 + r % 5}", StringComparison.Ordinal)
            .Replace("{event}", r % 10 == 0 ? "addtocart" : "view", StringComparison.Ordinal)
            .Replace("{seconds}", $"{1_388_534_400 + r * 8641}", StringComparison.Ordinal)
            .Replace("{milliseconds}", $"{1_388_534_400_123 + r * 8_641_000L}", StringComparison.Ordinal)
            .Replace("{day}", new DateTime(2014, 1, 1).AddDays(r / 10).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), StringComparison.Ordinal));
        return LogInspector.Inspect(folder.Write(file, string.Join('\n', header.Length == 0 ? rows : rows.Prepend(header)) + more),
            fixture.Engine, SilentProgress.Instance);
    }
}
