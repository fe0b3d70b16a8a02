using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>However a log is laid out, the same rows come out.</summary>
[Collection(EngineCollection.Name)]
public sealed class InputLayoutTests(EngineFixture fixture) : IDisposable
{
    private static readonly (long User, long Item, long Timestamp)[] Log =
        [.. Enumerable.Range(0, 60).Select(row => ((long)row % 7 + 1, (long)row * 11 % 23 + 100, (long)row * 37 % 53 + 900_000_000))];

    private readonly TestFolder folder = new();

    private string Csv => "user_id,item_id,timestamp\n" + Lines(",");

    [Fact]
    public void ACsvWithMarkAndCrLfAndBlankLinesAtTheEnd() =>
        AssertSame(new InputOptions { Path = folder.Write("log.csv", "﻿" + (Csv + "\n\n").Replace("\n", "\r\n")) });

    [Fact]
    public void ACsvWithoutALastLineEnd() => AssertSame(new InputOptions { Path = folder.Write("log.csv", Csv.TrimEnd('\n')) });

    [Fact]
    public void QuotedFieldsAndFurtherColumnsInAnyOrder() => AssertSame(new InputOptions
    {
        Path = folder.Write("log.csv", "\"a \"\"title\"\", with\na line\";\"item_id\";timestamp;user_id\n"
            + string.Concat(Log.Select(row => $"\"x;\"\"y\"\"\";\"{row.Item}\";{row.Timestamp};\"{row.User}\"\n"))),
        Delimiter = ";",
    });

    [Theory]
    [InlineData("\t")]
    [InlineData("|")]
    [InlineData("::")]
    public void ColumnsByNumberSplitAtAnyText(string delimiter) =>
        AssertSame(new InputOptions { Path = folder.Write(
            "log.dat", Lines(delimiter)), Delimiter = delimiter, Header = false, UserColumn = "1", ItemColumn = "2", TimestampColumn = "3" });

    [Fact]
    public void Gzip() => AssertSame(new InputOptions { Path = folder.Write("log.csv.gz", TestFolder.Gzip(Csv)) });

    [Fact]
    public void GzipOfSeveralMembers() =>
        AssertSame(new InputOptions { Path = folder.Write("log.csv.gz", [.. TestFolder.Gzip(Csv[..200]), .. TestFolder.Gzip(Csv[200..])]) });

    [Fact]
    public void AFolderOfFilesSomeOfThemEmptyAndNotes()
    {
        WriteParts();
        folder.Write("parts/_SUCCESS", "");
        folder.Write("parts/.part-0.crc", "crc");
        folder.Write("parts/part-9.csv", "");
        AssertSame(new InputOptions { Path = Path.Combine(folder.Path, "parts") });
    }

    [Theory]
    [InlineData("parts/part-*.csv")]
    [InlineData("parts/part-[0-2].csv")]
    [InlineData("**/part-?.csv")]
    public void AGlob(string glob)
    {
        WriteParts();
        folder.Write("parts/other.csv", "not,this\n1,2\n");
        AssertSame(new InputOptions { Path = Path.Combine(folder.Path, glob) });
    }

    [Theory]
    [InlineData("CAST(user_id AS BIGINT)", "CAST(timestamp AS BIGINT)", "seconds")]
    [InlineData("CAST(user_id AS INT)", "CAST(timestamp AS INT)", "seconds")]
    [InlineData("CAST(user_id AS DOUBLE)", "CAST(timestamp AS DOUBLE) + 0.5", "seconds")]
    [InlineData("CAST(user_id AS STRING)", "CAST(timestamp AS STRING)", "seconds")]
    [InlineData("CAST(user_id AS UBIGINT)", "make_timestamp(timestamp * 1000000 + 999999)", "milliseconds")]
    [InlineData("CAST(user_id AS DECIMAL(20, 0))", "CAST(make_timestamp(timestamp * 1000000) AS TIMESTAMP_NS)", "seconds")]
    [InlineData("CAST(user_id AS SMALLINT)", "timestamp * 1000 + 7", "milliseconds")]
    [InlineData("CAST(user_id AS HUGEINT)", "timestamp * 1000000 + 7", "microseconds")]
    public void ParquetOfAnyType(string user, string timestamp, string unit)
    {
        string csv = folder.Write("log.csv", Csv), directory = Path.Combine(folder.Path, "parquet");
        fixture.Engine.WriteParquet($"SELECT {user} AS user_id, CAST(item_id AS BIGINT) AS item_id, {timestamp} AS timestamp "
            + "FROM (SELECT CAST(c1 AS BIGINT) AS user_id, c2 AS item_id, CAST(c3 AS BIGINT) AS timestamp "
            + $"FROM read_csv('{csv}', auto_detect = false, header = true, columns = {{'c1': 'VARCHAR', 'c2': 'VARCHAR', 'c3': 'VARCHAR'}}))", directory);
        AssertSame(new InputOptions { Path = directory, TimestampUnit = PlainOptions.Unit(unit) });
    }

    [Theory]
    [InlineData("milliseconds", "{0}123")]
    [InlineData("microseconds", "{0}123456")]
    [InlineData("seconds", "{0}.75")]
    [InlineData("seconds", " {0} ")]
    [InlineData("seconds", "{0}.0e0")]
    public void TimestampsOfAnyUnit(string unit, string form) => AssertSame(new InputOptions
    {
        Path = folder.Write("log.csv",
            "user_id,item_id,timestamp\n" + string.Concat(Log.Select(row => $"{row.User}, {row.Item} ,{string.Format(form, row.Timestamp)}\n"))),
        TimestampUnit = PlainOptions.Unit(unit),
    });

    [Fact]
    public void AFinerUnitOrdersWithinASecond()
    {
        // All within one second: by milliseconds item 3 is the latest.
        var input = new InputOptions
        {
            Path = folder.Write("log.csv", "user_id,item_id,timestamp\n1,1,900000000100\n1,3,900000000300\n1,2,900000000200\n2,1,900000000100\n"),
            TimestampUnit = TimestampUnit.Milliseconds,
        };
        for (int seed = 0; seed < 4; seed++)
        {
            Rows rows = Prepare(input, PlainOptions.Prepare with { Holdout = 1, TestCandidates = 0, Seed = seed });
            Assert.Equal(("3", 900_000_000L), (rows.Items[rows.Test[0].Item].Id, rows.Test[0].Timestamp));
        }
    }

    [Fact]
    public void RowsRatedBelowTheMinimumAreLeftOutAndCounted()
    {
        string log = folder.Write("log.csv", "user_id,item_id,timestamp,rating\n1,1,10,4\n1,2,20,3.5\n1,3,30,5\n1,3,40,2\n2,1,10,3\n2,3,20,4e0\n");
        StageDirectory prepared = PreparedRun.Prepare(fixture.Engine, new InputOptions { Path = log, RatingColumn = "rating", MinRating = 3.5 },
            PlainOptions.Prepare with { TestCandidates = 0 }, Path.Combine(folder.Path, "run"), SilentProgress.Instance);
        Assert.Equal(2, prepared.Manifest.Rows["below_min_rating"]);
        Rows rows = Rows.Of(prepared);
        Assert.Equal(["1", "2"], rows.Users.Select(user => user.Id));
        Assert.Contains(rows.Test, row => rows.Items[row.Item].Id == "3" && row.Timestamp == 30); // the later row of item 3 was rated 2
    }

    [Fact]
    public void IdsAreNumbersWhereAllAreAndElseTexts()
    {
        static string Log(string user) => $"user_id,item_id,timestamp\n1,1,10\n1,2,20\n{user},1,10\n{user},2,20\n10,2,5\n";
        Assert.Equal(["-9223372036854775808", "1", "10"], Users(Log("-9223372036854775808")));
        Assert.Equal(["007", "1", "10"], Users(Log("007"))); // a leading zero would be lost
        Assert.Equal(["1", "10", "1.0"], Users(Log("1.0")).OrderBy(id => id.Length)); // and so would this
        Assert.Equal(["1", "10", "9223372036854775808x"], Users(Log("9223372036854775808x")));
        Assert.Equal(["1", "10", "9223372036854775808"], Users(Log("9223372036854775808"), IdType.Text));
        Assert.Equal(["1", "10", "9"], Users(Log("9"), IdType.Text)); // by bytes
    }

    [Fact]
    public void TextThatTurnsUpLateStillMakesIdsTexts()
    {
        string log = "user_id,item_id,timestamp\n" + string.Concat(Enumerable.Range(0, 5000).Select(row => $"{row % 50},{row % 77},{row}\n"))
            + "x,1,5\nx,y,6\n";
        Rows rows = Prepare(new InputOptions { Path = folder.Write("log.csv", log) },
            PlainOptions.Prepare with { TestCandidates = 0, NegativesPerPositive = 0 });
        Assert.Equal("x", rows.Users[^1].Id);
        Assert.Equal(["0", "1", "10"], rows.Users.Take(3).Select(user => user.Id));
        Assert.Contains(rows.Items, item => item.Id == "y");
    }

    public void Dispose() => folder.Dispose();

    private static string Lines(string delimiter) => string.Concat(Log.Select(row => $"{row.User}{delimiter}{row.Item}{delimiter}{row.Timestamp}\n"));

    private void WriteParts()
    {
        string[] lines = Lines(",").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (int part = 0; part < 3; part++)
        {
            folder.Write($"parts/part-{part}.csv",
                "user_id,item_id,timestamp\n" + string.Concat(lines.Where((_, row) => row % 3 == part).Select(line => line + "\n")));
        }
    }

    private string[] Users(string csv, IdType idType = IdType.Auto) =>
        [.. Prepare(new InputOptions { Path = folder.Write($"{Guid.NewGuid():N}.csv", csv), IdType = idType },
            PlainOptions.Prepare with { TestCandidates = 0 }).Users.Select(user => user.Id)];

    private void AssertSame(InputOptions input)
    {
        var options = PlainOptions.Prepare with { Holdout = 2, NegativesPerPositive = 2, TestCandidates = 3 };
        LogRow[] log = [.. Log.Select(row => new LogRow($"{row.User}", $"{row.Item}", row.Timestamp))];
        Rows.AssertEqual(SlowPreparer.Prepare(log, options), Prepare(input, options));
    }

    private Rows Prepare(InputOptions input, PrepareOptions options) =>
        Rows.Of(PreparedRun.Prepare(fixture.Engine, input, options, Path.Combine(folder.Path, $"run-{Guid.NewGuid():N}"), SilentProgress.Instance));
}
