using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation.Tests;

/// <summary>What single values mean: times of every kind, ratings, what says that there is no value; and what is told where they mean nothing.</summary>
[Collection(EngineCollection.Name)]
[Trait("Category", "Slow")]
public sealed class ValueTests(EngineFixture fixture) : IDisposable
{
    private const string Header = "user_id,item_id,timestamp\n";

    private readonly TestFolder folder = new();

    /// <summary>Two times of one form, the second later; the first as it is understood, to the nanosecond.</summary>
    [Theory]
    [InlineData("2014-04-06", "2014-04-07", "2014-04-06T00:00:00")]
    [InlineData("2014/04/06", "2014/04/07 10:00", "2014-04-06T00:00:00")]
    [InlineData("2014-04-06 18:42", "2014-04-06 18:43", "2014-04-06T18:42:00")]
    [InlineData("2014-04-06t18:42:17z", "2014-04-06T18:42:18Z", "2014-04-06T18:42:17")]
    [InlineData("2014-04-06 18:42:17 UTC", "2014-04-06 18:42:17.1 UTC", "2014-04-06T18:42:17")]
    [InlineData("2014-04-06T18:42:17.728+02:00", "2014-04-06T18:42:17.729+02:00", "2014-04-06T16:42:17")]
    [InlineData("2014-04-06T18:42:17-0330", "2014-04-06T18:42:17-04", "2014-04-06T22:12:17")]
    [InlineData("2014-04-06T18:42+02", "2014-04-06T18:42Z", "2014-04-06T16:42:00")]
    [InlineData("2014-04-06T18:42:17,728123456Z", "2014-04-06T18:42:17,728123457Z", "2014-04-06T18:42:17")]
    [InlineData("1396809737", "1396809738", "2014-04-06T18:42:17")]
    [InlineData("1396809737.25", "1396809737.3", "2014-04-06T18:42:17")]
    [InlineData("1.396809737E9", "1.3968097375E9", "2014-04-06T18:42:17")]
    [InlineData("1396809737728.5", "1396809737729", "2014-04-06T18:42:17")]
    [InlineData("1396809737728123456", "1396809737728123457", "2014-04-06T18:42:17")]
    [InlineData("16166", "16166.5", "2014-04-06T00:00:00")]
    [InlineData("41735.779364", "41735.779376", "2014-04-06T18:42:17")]
    [InlineData("20140406", "20140407", "2014-04-06T00:00:00")]
    [InlineData("20140406184217", "20140406184218", "2014-04-06T18:42:17")]
    public void ATimeIsRecognisedAndReadExactly(string earlier, string later, string expected)
    {
        long seconds = new DateTimeOffset(DateTime.Parse(expected, CultureInfo.InvariantCulture), TimeSpan.Zero).ToUnixTimeSeconds();
        // For each user another item comes last, and by chance it would not be these.
        Rows rows = Prepare(
            Header + string.Concat(Enumerable.Range(1, 8).Select(user => $"{user},{user},\"{earlier}\"\n{user},{user + 1},\"{later}\"\n"))).Rows;
        Assert.All(rows.Test, row => Assert.Equal($"{int.Parse(rows.Users[row.User].Id, CultureInfo.InvariantCulture) + 1}", rows.Items[row.Item].Id));
        Assert.All(rows.Positives, row => Assert.Equal(seconds, row.Timestamp));
    }

    [Theory]
    [InlineData("2014-02-30")]
    [InlineData("2014-13-01")]
    [InlineData("2014-04-06T24:00:00Z")]
    [InlineData("2014-04-06T18:60:00Z")]
    [InlineData("2014-4-6")]
    [InlineData("06/04/2014")]
    [InlineData("2014-04-06T18:42:17.Z")]
    [InlineData("2014-04-06T18:42:17+25:00")]
    [InlineData("yesterday")]
    public void WhatIsNoTimeIsABadRow(string text) =>
        Assert.Contains($"line 4: column timestamp holds '{text}', which is no date or time such as",
            Refused(Header + $"1,1,2014-04-06\n1,2,2014-04-07\n2,1,{text}\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("41735", "41736", "excel-days")]
    [InlineData("16166", "16167", "days")]
    [InlineData("20140406", "20140407", "yyyymmdd")]
    [InlineData("1396809737000000000", "1396809738000000000", "nanoseconds")]
    [InlineData("2014-04-06", "2014-04-07", "iso")]
    public void WhereSecondsWereDeclaredAnotherFormIsRefusedByName(string earlier, string later, string unit)
    {
        string csv = Header + $"1,1,{earlier}\n1,2,{later}\n";
        string refusal = Refused(csv, new InputOptions { TimestampUnit = TimestampUnit.Seconds });
        Assert.Contains($"line 2: column timestamp holds '{earlier}'", refusal);
        Assert.Contains($"set Input:TimestampUnit to \"{unit}\"", refusal);
        Prepare(csv, new InputOptions { TimestampUnit = PlainOptions.Unit(unit) });
    }

    [Fact]
    public void NumbersThatAreNoTimesAreAnOrderAndItIsSaid()
    {
        (Rows rows, _, string said) = Prepare(Header + "1,1,3\n1,2,2\n2,1,7.5\n2,2,7.25\n");
        Assert.Equal(["1", "1"], rows.Test.Select(row => rows.Items[row.Item].Id));
        Assert.Contains("numbers from 2 to 7.5", said);
        Assert.Contains("used as an order", said);
    }

    [Fact]
    public void PlainSecondsAreReadWithoutAWord() => Assert.Empty(Prepare(Header + "1,1,1396809737\n1,2,1396809738\n").Directory.Manifest.Notes);

    [Fact]
    public void ZerosAmongSecondsAreRefusedAndEachAdviceWorks()
    {
        string csv = Header + string.Concat(Enumerable.Range(0, 3000).Select(row => $"{row % 50 + 1},{row % 7 + 1},{1_396_809_737 + row}\n"))
            + "1,1,0\n2,2,0\n";
        string refusal = Refused(csv);
        Assert.Contains("2 of 3,002 rows", refusal);
        Assert.Contains("line 3002: column timestamp holds '0', which lies before 1980 as seconds", refusal);
        Assert.Contains("3,000 rows hold seconds since 1970, 2 hold numbers that are too small for a time", refusal);
        Assert.Equal(2, Prepare(csv, new InputOptions { MaxBadRows = 2 }).Directory.Manifest.Rows["bad_rows"]);
        Assert.Contains("before 1980 beside later ones", Prepare(csv, new InputOptions { TimestampUnit = TimestampUnit.Seconds }).Said);
        Assert.Contains("column timestamp holds '0', which says that there is no value", Refused(csv, new InputOptions { NullValues = ["0"] }));
    }

    [Fact]
    public void AnotherFormThatTurnsUpLateIsFound()
    {
        string csv = Header + string.Concat(
            Enumerable.Range(0, 5000).Select(row => $"{row % 50},{row % 7},{(row < 4900 ? $"{1_396_809_737 + row}" : $"{1_396_809_737_000 + row}")}\n"));
        string refusal = Refused(csv);
        Assert.Contains("4,900 rows hold seconds since 1970, 100 hold milliseconds since 1970", refusal);
        Assert.Contains("line 4902: column timestamp holds '1396809741900'", refusal);
        Assert.Equal(100, Prepare(csv, new InputOptions { MaxBadRows = 100 }).Directory.Manifest.Rows["bad_rows"]);
    }

    [Fact]
    public void AFractionThatTurnsUpLateIsKept()
    {
        string csv = Header + string.Concat(Enumerable.Range(0, 3000).Select(row => $"{row % 50},{row % 7},{1_396_809_737 + row}\n"))
            + "777,1,1396809737.2\n777,2,1396809737.123456789\n777,3,1396809737.3\n";
        Rows rows = Prepare(csv, options: PlainOptions.Prepare with { Holdout = 1, TestCandidates = 0 }).Rows;
        Assert.Equal("3", rows.Items[rows.Test.Single(row => rows.Users[row.User].Id == "777").Item].Id);
    }

    [Theory]
    [InlineData("CAST(make_timestamp(1396809737000000 + item_id) AS TIMESTAMP)")]
    [InlineData("make_timestamp_ns(1396809737000000000 + item_id)")]
    [InlineData("CAST(1396809737 + item_id AS DOUBLE) + 0.25")]
    [InlineData("DATE '2014-04-06' + CAST(item_id AS INT)")]
    [InlineData("20140401 + item_id")]
    [InlineData("CAST(41735 + item_id / 1000.0 AS DOUBLE)")]
    [InlineData("CAST(1396809737 + item_id / 100.0 AS DECIMAL(18, 3))")]
    public void ParquetTimesAreExact(string time)
    {
        string directory = Path.Combine(folder.Path, "parquet");
        fixture.Engine.WriteParquet($"SELECT u AS user_id, item_id, {time} AS timestamp FROM (SELECT u, CAST(u + i AS BIGINT) AS item_id "
            + "FROM range(1, 9) AS r(u), range(0, 2) AS s(i))", directory);
        Rows rows = Prepare(new InputOptions { Path = directory }, PlainOptions.Prepare with { Holdout = 1, TestCandidates = 0 }).Rows;
        Assert.Equal(8, rows.Test.Count);
        Assert.All(rows.Test, row => Assert.Equal($"{int.Parse(rows.Users[row.User].Id, CultureInfo.InvariantCulture) + 1}", rows.Items[row.Item].Id));
    }

    [Theory]
    [InlineData("true", "FALSE")]
    [InlineData("True", "false")]
    [InlineData("1", "0")]
    public void TrueAndFalseAreRatings(string liked, string not)
    {
        string csv = $"user_id,item_id,timestamp,liked\n1,1,1,{liked}\n1,2,2,{liked}\n1,3,3,{not}\n2,1,4,{liked}\n";
        Assert.Equal(1, Prepare(csv, new InputOptions { RatingColumn = "liked", MinRating = 1 }).Directory.Manifest.Rows["below_min_rating"]);
    }

    [Fact]
    public void BooleansOfParquetAreRatings()
    {
        string directory = Path.Combine(folder.Path, "parquet");
        fixture.Engine.WriteParquet(
            "SELECT CAST(i % 4 AS BIGINT) AS user_id, CAST(i AS BIGINT) AS item_id, i AS timestamp, i % 5 > 0 AS liked FROM range(0, 20) AS r(i)", directory);
        Assert.Equal(4, Prepare(new InputOptions { Path = directory, RatingColumn = "liked", MinRating = 1 }).Directory.Manifest.Rows["below_min_rating"]);
    }

    [Theory]
    [InlineData("NULL")]
    [InlineData("\\N")]
    [InlineData("NA")]
    [InlineData("N/A")]
    [InlineData("None")]
    [InlineData("<NA>")]
    [InlineData("nan")]
    public void WhatSaysThatThereIsNoValueIsNoIdTimeOrRating(string text)
    {
        Assert.Contains($"column user_id holds '{text}', which says that there is no value", Refused(Header + $"1,1,1\n1,2,2\n{text},3,3\n"));
        Assert.Contains($"column item_id holds '{text}', which says", Refused(Header + $"a,x,1\na,y,2\nb,{text},3\n"));
        Assert.Contains($"column timestamp holds '{text}', which says", Refused(Header + $"1,1,1\n1,2,2\n2,3,{text}\n"));
        Assert.Contains($"column rating holds '{text}', which says",
            Refused($"user_id,item_id,timestamp,rating\n1,1,1,1\n1,2,2,2\n2,3,3,{text}\n", new InputOptions { RatingColumn = "rating" }));
    }

    [Fact]
    public void ANumberCanSayThatThereIsNoValue()
    {
        string csv = Header + "1,1,11\n1,2,12\n-1,1,13\n2,2,14\n";
        Assert.Contains("line 4: column user_id holds '-1', which says", Refused(csv, new InputOptions { NullValues = ["-1"] }));
        Assert.Equal(["-1", "1", "2"], Prepare(csv).Rows.Users.Select(user => user.Id));
    }

    /// <summary>More bad rows than are looked at at once, on one thread and on many: always the first five, by file and line.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void TheFirstBadRowsAreShownOnEveryRun(int threads)
    {
        string bad = string.Concat(Enumerable.Range(0, 60_000).Select(row => $"{row},{row % 7},{(row % 3 == 2 ? $"x{row}" : $"{1_396_809_737 + row}")}\n"));
        for (int part = 0; part < 3; part++) folder.Write($"parts/{part}.csv", Header + bad);
        using var engine = new DuckDbEngine(new DuckDbOptions { Threads = threads });
        for (int run = 0; run < 3; run++)
        {
            string refusal = Assert.Throws<InvalidInputException>(
                () => PreparedRun.Prepare(engine, new InputOptions { Path = Path.Combine(folder.Path, "parts") }, PlainOptions.Prepare,
                    Path.Combine(folder.Path, "run"), SilentProgress.Instance)).Message;
            Assert.Contains("60,000 of 180,000 rows", refusal);
            string[] shown = [.. refusal.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal))];
            Assert.Equal(["0.csv, line 4:", "0.csv, line 7:", "0.csv, line 10:", "0.csv, line 13:", "0.csv, line 16:"],
                shown[..5].Select(line => line[(line.LastIndexOf('/') + 1)..(line.IndexOf(": ", StringComparison.Ordinal) + 1)]));
        }
    }

    /// <summary>
    /// Any mixture of good and bad lines: all bad ones are counted, the first five are shown in their order, and the
    /// advice, where it is a limit, works.
    /// </summary>
    [Fact]
    public void BadRowsOfAnyKindAreCountedExactlyAndInTheOrderOfLines()
    {
        string[] kinds = ["{0},{0},{1}", "{0},{0},{1}", "{0},{0},{1}", "{0},{0}", ",{0},{1}", "{0},\\N,{1}", "{0},{0},soon", "{0},{0},-4",
            "{0},{0},{1},7", "{0},None,{1}"];
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(25), Prop.ForAll(Arb.From(Gen.Choose(0, kinds.Length - 1).ListOf()), lines =>
        {
            string csv = Header + "1,1,5\n1,2,6\n2,1,7\n2,2,8\n"
                + string.Concat(lines.Select((kind, place) => string.Format(CultureInfo.InvariantCulture, kinds[kind], place % 7, place) + "\n"));
            int[] bad = [.. lines.Select((kind, place) => (kind, line: place + 6)).Where(line => line.kind > 2).Select(line => line.line)];
            if (bad.Length == 0) return;
            string refusal = Refused(csv);
            Assert.Contains($"{bad.Length} of {lines.Count + 4} rows cannot be used", refusal);
            Assert.Equal(bad.Take(5).Select(line => $"line {line}:"), refusal.Split('\n').Where(line => line.StartsWith("  /", StringComparison.Ordinal))
                .Select(line => line[line.IndexOf("line ", StringComparison.Ordinal)..(line.IndexOf(": ", StringComparison.Ordinal) + 1)]));
            Assert.Equal(bad.Length * 2 <= lines.Count + 4, refusal.Contains($"set Input:MaxBadRows to {bad.Length} ", StringComparison.Ordinal));
            Assert.Equal(bad.Length, Prepare(csv, new InputOptions { MaxBadRows = bad.Length }).Directory.Manifest.Rows["bad_rows"]);
        }));
    }

    [Fact]
    public void WhereMostRowsAreBadALimitIsNoAdvice()
    {
        string refusal = Refused("user_id,item_id,timestamp\n" + string.Concat(Enumerable.Range(0, 40).Select(row => $"{row},,{row}\n")) + "1,1,1\n1,2,2\n");
        Assert.Contains("Most rows have no item_id: name another column in Input:ItemColumn", refusal);
        Assert.DoesNotContain("set Input:MaxBadRows to", refusal);
        refusal = Refused("user_id,item_id,timestamp\n" + string.Concat(Enumerable.Range(0, 40).Select(row => $"{row},1\n")) + "1,1,1\n1,2,2\n");
        Assert.Contains("Most lines do not have the 3 columns of line 1: check Input:Delimiter", refusal);
    }

    [Fact]
    public void ALongOrUnprintableIdIsShortenedAndEscapedInMessagesAndWholeInBadRowsCsv()
    {
        string id = new string('x', 70_000) + "\u001b[31m";
        string csv = Header + $"1,1,1\n1,2,2\n\u001b[31m2,3,-5\n{id},3,-5\n";
        string refusal = Refused(csv, new InputOptions { IdType = IdType.Number });
        Assert.True(refusal.Length < 2000);
        Assert.DoesNotContain('\u001b', refusal);
        Assert.Contains(id, File.ReadAllText(Prepare(csv, new InputOptions { MaxBadRows = 2 }).Directory.File("bad_rows.csv")));
    }

    public void Dispose() => folder.Dispose();

    private (Rows Rows, StageDirectory Directory, string Said) Prepare(string csv, InputOptions? input = null, PrepareOptions? options = null) =>
        Prepare((input ?? new InputOptions()) with { Path = folder.Write($"{Guid.NewGuid():N}.csv", csv) }, options);

    private (Rows Rows, StageDirectory Directory, string Said) Prepare(InputOptions input, PrepareOptions? options = null)
    {
        var said = new SaidLines();
        StageDirectory directory = PreparedRun.Prepare(
            fixture.Engine, input, options ?? PlainOptions.Prepare with { TestCandidates = 0 }, Path.Combine(folder.Path, $"run-{Guid.NewGuid():N}"), said);
        return (Rows.Of(directory), directory, string.Join('\n', said.Lines));
    }

    private string Refused(string csv, InputOptions? input = null) => Assert.Throws<InvalidInputException>(() => Prepare(csv, input)).Message;
}
