using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>The cases of tests/data/cases, by name: made-up logs in layouts and with faults that people have.</summary>
[Collection(EngineCollection.Name)]
public sealed class CaseTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public void ExcelSerialOrder_DaysOfASpreadsheetKeepTheOrderWithinADay()
    {
        (Rows rows, StageDirectory directory, string said) =
            Prepared("excel_serial_order/p.csv", new InputOptions(), PlainOptions.Prepare with { Holdout = 1, TestCandidates = 0 });
        Assert.All(rows.Test, row => Assert.Equal("17", rows.Items[row.Item].Id)); // the latest of every user
        Assert.Equal(20, rows.Test.Count);
        Assert.Contains("read as days since 1899-12-30", said);
        Assert.Contains("excel-days", directory.Manifest.Notes["times"]);
    }

    [Theory]
    [InlineData("milliseconds")]
    [InlineData("seconds")]
    [InlineData("auto")]
    public void TsMixedUnits_SecondsAndMillisecondsInOneColumnAreRefusedWithTheCountsOfEach(string unit)
    {
        string refusal = Refused("ts_mixed_units/p.csv", new InputOptions { TimestampUnit = PlainOptions.Unit(unit) });
        Assert.Contains("54", refusal);
        Assert.Contains("seconds since 1970", refusal);
        Assert.Contains("18 hold milliseconds since 1970", refusal);
        Assert.Contains(", line ", refusal);
        // Both halves of the advice, followed.
        Assert.Contains("Input:MaxBadRows to 18", refusal);
        Assert.Equal(18, Prepared("ts_mixed_units/p.csv", new InputOptions { TimestampUnit = TimestampUnit.Seconds, MaxBadRows = 18 }).Directory.Manifest.Rows[
            "bad_rows"]);
    }

    [Theory]
    [InlineData("seconds")]
    [InlineData("auto")]
    public void TsZero_OneTimeForAllIsRefused(string unit)
    {
        string refusal = Refused("ts_zero/p.csv", new InputOptions { TimestampUnit = PlainOptions.Unit(unit) });
        Assert.Contains("one and the same time in all 72 rows", refusal);
        Assert.Contains("set it to \"\"", refusal);
        Assert.Equal(12, Prepared("ts_zero/p.csv", new InputOptions { TimestampColumn = "" }).Rows.Users.Count);
    }

    [Fact]
    public void Yoochoose_Iso8601WithAZoneIsRead()
    {
        (Rows rows, _, string said) = Prepared(
            "yoochoose/yoochoose-clicks.dat", new InputOptions { Header = false, UserColumn = "1", TimestampColumn = "2", ItemColumn = "3" });
        Assert.Contains("dates and times of ISO 8601", said);
        Assert.Contains(rows.Positives.Concat(rows.Test.Select(row => row)),
            row => row.Timestamp == DateTimeOffset.Parse("2023-11-14T23:37:17Z").ToUnixTimeSeconds());
    }

    [Fact]
    public void HmTransactions_DatesAreReadAndLeadingZerosKept()
    {
        (Rows rows, StageDirectory directory, string said) = Prepared(
            "hm_transactions/transactions_train.csv", new InputOptions { UserColumn = "customer_id", ItemColumn = "article_id", TimestampColumn = "t_dat" });
        Assert.Contains("dates and times of ISO 8601", said);
        Assert.All(rows.Items, item => Assert.StartsWith("0", item.Id));
        Assert.Equal([1_699_920_000L, 1_700_006_400L], rows.Positives.Concat(rows.Test).Select(row => row.Timestamp).Distinct().Order());
        Assert.Contains("such as", directory.Manifest.Notes["users"]);
    }

    [Fact]
    public void Gowalla_CheckInsAreRead()
    {
        (Rows rows, _, _) = Prepared("gowalla/Gowalla_totalCheckins.txt",
            new InputOptions { Delimiter = "\t", Header = false, UserColumn = "1", TimestampColumn = "2", ItemColumn = "5" });
        Assert.Contains(rows.Positives.Concat(rows.Test), row => row.Timestamp == DateTimeOffset.Parse("2023-11-15T00:29:45Z").ToUnixTimeSeconds());
    }

    [Fact]
    public void BookCrossing_WithoutTimesAHashSplitsAndItIsSaid()
    {
        (Rows rows, StageDirectory directory, string said) = Prepared("book_crossing/BX-Book-Ratings.csv",
            new InputOptions { Delimiter = ";", UserColumn = "User-ID", ItemColumn = "ISBN", TimestampColumn = "", RatingColumn = "Book-Rating" });
        Assert.Contains("hash", directory.Manifest.Notes["times"]);
        Assert.Contains("There are no times", said);
        Assert.All(rows.Items, item => Assert.Equal(10, item.Id.Length));
    }

    [Theory]
    [InlineData("buy", 25)]
    [InlineData("buy,cart", 44)]
    public void Taobao_TheEventsThatAreNamedCount(string events, long counted)
    {
        var input = new InputOptions
        {
            Header = false,
            UserColumn = "1",
            ItemColumn = "2",
            EventColumn = "4",
            TimestampColumn = "5",
            EventWeights = new(events.Split(',').ToDictionary(name => name, _ => 1.0), StringComparer.Ordinal),
        };
        (_, StageDirectory directory, string said) = Prepared("taobao/UserBehavior.csv", input);
        Assert.Equal(72 - counted, directory.Manifest.Rows["other_events"]);
        Assert.Contains("buy 25", said);
        Assert.Contains("fav 18", said);

        said = Prepared("taobao/UserBehavior.csv", input with { EventWeights = [] }).Said;
        Assert.Contains("All types of column 4 count: buy 25, cart 19, fav 18, pv 10", said);
        input.EventWeights["purchase"] = 1;
        Assert.Contains("never met: purchase", Prepared("taobao/UserBehavior.csv", input).Said);
        Assert.Contains("purchase", Refused("taobao/UserBehavior.csv", input with { EventWeights = new() { ["purchase"] = 2 } }));
    }

    [Fact]
    public void Retailrocket_MillisecondsAreRecognisedAndWhereSecondsWereDeclaredRefused()
    {
        var input = new InputOptions { UserColumn = "visitorid", ItemColumn = "itemid" };
        Assert.Contains("read as milliseconds since 1970", Prepared("retailrocket/events.csv", input).Said);
        string refusal = Refused("retailrocket/events.csv", input with { TimestampUnit = TimestampUnit.Seconds });
        Assert.Contains("line 2: column timestamp holds '1700002111005', which lies after the year 2100 as seconds; as milliseconds it is 2023-11-14. "
            + "These look like milliseconds", refusal);
        Assert.Contains("set Input:TimestampUnit to \"milliseconds\"", refusal);
    }

    [Fact]
    public void DecimalComma_IsNamedAndRead()
    {
        var input = new InputOptions { Delimiter = ";", RatingColumn = "rating" };
        string refusal = Refused("decimal_comma/p.csv", input);
        Assert.Contains("set it to \",\"", refusal);
        Assert.DoesNotContain("MaxBadRows to 72", refusal);
        Assert.Equal(0, Prepared("decimal_comma/p.csv", input with { DecimalSeparator = "," }).Directory.Manifest.Rows["bad_rows"]);
    }

    [Fact]
    public void HiveNull_IsNoId()
    {
        Assert.Contains("column user_id holds '\\N', which says that there is no value", Refused("hive_null/p.csv", new InputOptions()));
        Assert.DoesNotContain(Prepared("hive_null/p.csv", new InputOptions { MaxBadRows = 6 }).Rows.Users, user => user.Id == "\\N");
        Assert.Contains(Prepared("hive_null/p.csv", new InputOptions { NullValues = [] }).Rows.Users, user => user.Id == "\\N");
    }

    [Fact]
    public void PlusIds_StandAsTheyAreAndItIsSaid()
    {
        (Rows rows, _, string said) = Prepared("plus_ids/p.csv", new InputOptions());
        Assert.All(rows.Users, user => Assert.StartsWith("+49", user.Id));
        Assert.Contains("line 2: column user_id holds '+49157'", said);
        Assert.Contains("Input:IdType", said);
    }

    [Fact]
    public void BadCountLowerBound_AllAreCountedAndTheAdviceWorks()
    {
        string refusal = Refused("bad_count_lower_bound/p.csv", new InputOptions());
        Assert.Contains("40 of 112 rows", refusal);
        Assert.Contains("set Input:MaxBadRows to 40", refusal);
        Assert.Equal(40, Prepared("bad_count_lower_bound/p.csv", new InputOptions { MaxBadRows = 40 }).Directory.Manifest.Rows["bad_rows"]);
    }

    [Fact]
    public void NightFlip_TheRowThatMakesIdsTextsIsNamed()
    {
        Assert.Contains("day2.csv, line 4202: column user_id holds 'unknown'",
            Prepared("night_flip/day2.csv", new InputOptions()).Directory.Manifest.Notes["users"]);
        string refusal = Refused("night_flip/day2.csv", new InputOptions { IdType = IdType.Number });
        Assert.Contains("1 of 4,201 rows", refusal);
        Assert.Contains("line 4202: column user_id holds 'unknown', which is no plain whole number", refusal);
        Assert.DoesNotContain(Prepared("night_flip/day2.csv", new InputOptions { IdType = IdType.Number, MaxBadRows = 1 }).Rows.Users,
            user => user.Id == "unknown");
    }

    public void Dispose() => folder.Dispose();

    private static string Case(string path) => Path.Combine(TestFolder.RepositoryRoot, "tests", "data", "cases", path);

    private (Rows Rows, StageDirectory Directory, string Said) Prepared(string path, InputOptions input, PrepareOptions? options = null)
    {
        var said = new SaidLines();
        StageDirectory directory = PreparedRun.Prepare(fixture.Engine, input with { Path = Case(path) },
            options ?? PlainOptions.Prepare with { TestCandidates = 0 }, Path.Combine(folder.Path, $"run-{Guid.NewGuid():N}"), said);
        return (Rows.Of(directory), directory, string.Join('\n', said.Lines));
    }

    private string Refused(string path, InputOptions input) => Assert.Throws<InvalidInputException>(() => Prepared(path, input)).Message;
}

/// <summary>Keeps the lines that are said.</summary>
internal sealed class SaidLines : IProgressReporter
{
    public List<string> Lines { get; } = [];

    public IProgressTask Start(string title, long total, string unit) => SilentProgress.Instance.Start(title, total, unit);

    public void Line(string text) => Lines.Add(text);
}
