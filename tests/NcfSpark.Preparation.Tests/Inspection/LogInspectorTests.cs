using System.Globalization;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>The layouts that well-known logs have, recognised from the file alone.</summary>
[Collection(EngineCollection.Name)]
public sealed class LogInspectorTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("MovieLens 100K", "u.data", "{user}\t{item}\t{rating}\t{seconds}", "", "\\t", false, "1", "2", "4")]
    [InlineData("MovieLens 1M", "ratings.dat", "{user}::{item}::{rating}::{seconds}", "", "::", false, "1", "2", "4")]
    [InlineData("MovieLens 25M", "ratings.csv", "{user},{item},{rating}.5,{seconds}", "userId,movieId,rating,timestamp", ",", true,
        "userId", "movieId", "timestamp")]
    [InlineData("Amazon 2014, ratings only", "ratings_Books.csv", "A{user}NB2VFCIL4{user},00060092{item}X,{rating}.0,{seconds}", "", ",", false, "1", "2", "4")]
    [InlineData("Amazon 2018, ratings only", "Books.csv", "B00{item}QWERT,A{user}NB2VFCIL4{user},{rating}.0,{seconds}", "", ",", false, "2", "1", "4")]
    [InlineData("Amazon 2018, reviews", "Books.json",
        """{"overall": {rating}.0, "verified": true, "reviewTime": "03 {user}, 2014", "reviewerID": "A{user}NB2VFCIL4", "asin": "00060092{item}X", "style": {"Format:": " Paperback"}, "reviewText": "Good, {item}", "unixReviewTime": {seconds}}""", "", ",", true, "reviewerID", "asin", "unixReviewTime")]
    [InlineData("RetailRocket", "events.csv", "{milliseconds},{user},{event},{item},", "timestamp,visitorid,event,itemid,transactionid", ",", true,
        "visitorid", "itemid", "timestamp")]
    [InlineData("H&M", "transactions_train.csv", "{day},00{user}58a1,066{item},0.0508{item},{rating}", "t_dat,customer_id,article_id,price,sales_channel_id",
        ",", true, "customer_id", "article_id", "t_dat")]
    [InlineData("Yoochoose", "yoochoose-clicks.dat", "{user},{day}T10:51:09.277Z,2145{item},0", "", ",", false, "1", "3", "2")]
    [InlineData("Last.fm 360K", "usersha1-artmbid-artname-plays.tsv",
        "00000c289a1829a8{user}\t3bd73256-3905-4f3a-97e2-{item}\tname \"{item}\tx{item}\t21{item}", "", "\\t", false, "1", "2", "")]
    [InlineData("a shop", "clicks.csv", "{day} 10:00:00;\"s;{user}\";{event};SKU-{item};1,50", "viewed_at;visitor;action;sku;price", ";", true,
        "visitor", "sku", "viewed_at")]
    [InlineData("nested fields", "log.jsonl", """{"user": {"id": "u{user}"}, "item": {"id": {item}}, "ts": "{day}T00:00:00Z"}""", "", ",",
        true, "user.id", "item.id", "ts")]
    public void AWellKnownLayoutIsRecognisedWithoutHelp(
        string name, string file, string row, string header, string delimiter, bool hasHeader, string user, string item, string time)
    {
        InspectedLog log = Inspect(file, row, header);
        Assert.Equal(
            (name, delimiter.Replace("\\t", "\t", StringComparison.Ordinal), hasHeader, user, item, time),
            (name, log.Input.Delimiter, log.Input.Header, log.Input.UserColumn, log.Input.ItemColumn, log.Input.TimestampColumn));
        Assert.Equal((600, 40, 60), (log.Figures.Rows, log.Figures.Users, log.Figures.Items));
        Assert.Equal(log.Figures.HasTimes, time.Length > 0);
    }

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
