using System.Runtime.InteropServices;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation.Tests;

/// <summary>Every way in which input can be at fault: the message names file, line or column and the cure, and nothing is written.</summary>
[Collection(EngineCollection.Name)]
public sealed class BadInputTests(EngineFixture fixture) : IDisposable
{
    private const string Header = "user_id,item_id,timestamp\n", Good = Header + "1,10,100\n1,11,200\n2,10,300\n2,12,400\n";

    private static readonly InputOptions Rated = new() { RatingColumn = "rating" }, Numbered = new()
    {
        Header = false,
        UserColumn = "1",
        ItemColumn = "2",
        TimestampColumn = "3",
    };

    private readonly TestFolder folder = new();

    /// <summary>What is in the file; settings; what the message has to say.</summary>
    private sealed record Case(Func<BadInputTests, string> Arrange, InputOptions Input, PrepareOptions Prepare, string[] Says)
    {
        public static Case Csv(string text, params string[] says) =>
            new(test => test.folder.Write("log.csv", text), new InputOptions(), PlainOptions.Prepare, ["log.csv", .. says]);

        public static Case Named(string name, byte[] bytes, params string[] says) =>
            new(test => test.folder.Write(name, bytes), new InputOptions(), PlainOptions.Prepare, [name, .. says]);

        public static Case Parquet(string query, params string[] says) =>
            new(test => Path.GetDirectoryName(test.WriteParquet(query))!, new InputOptions(), PlainOptions.Prepare, says);

        public Case With(InputOptions input) => this with { Input = input };

        public Case With(PrepareOptions prepare) => this with { Prepare = prepare };
    }

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["missing file"] = new(test => test.folder.Write("ratings.csv", Good)[..^3] + "cvs", new(), new(),
            ["ratings.cvs is not there", "Did you mean", "ratings.csv", "Input:Path"]),
        ["missing folder"] = new(test => Path.Combine(test.folder.Path, "nowhere", "log.csv"), new(), new(),
            ["log.csv is not there", "no folder", "nowhere", "Input:Path"]),
        ["folder without files"] = new(
            test => Directory.CreateDirectory(Path.Combine(test.folder.Path, "void")).FullName, new(), new(), ["void", "folder without files", "Input:Path"]),
        ["glob that matches nothing"] = new(test => Path.Combine(Path.GetDirectoryName(test.folder.Write("a.csv", Good))!, "*.tsv"), new(), new(),
            ["No file matches", "*.tsv", "a.csv", "Input:Path"]),
        ["empty file"] = Case.Csv("", "empty", "0 bytes", "Input:Path"),
        ["blank lines only"] = Case.Csv("\n\r\n\n", "empty", "Check what wrote it"),
        ["blank lines before the names"] = Case.Csv("\n\r\n" + Good, "line 1 is blank", "the line of names must be the first", "before line 3"),
        ["header only"] = Case.Csv(Header, "no rows", "line of names", "Input:Path"),
        ["wrong delimiter"] = Case.Csv(Good.Replace(',', ';'), "line 1", "no column user_id", "split at \";\" it is 3", "set Input:Delimiter to \";\""),
        ["wrong delimiter, tab"] = Case.Csv(Good.Replace(',', '\t'), "set Input:Delimiter to \"\\t\""),
        ["wrong delimiter without header"] = Case.Csv("1::10::100\n", "line 1", "one column only", "set Input:Delimiter to \"::\"").With(Numbered),
        ["missing column"] = Case.Csv(Good.Replace("user_id", "User_Id"), "line 1", "no column user_id", "there are User_Id, item_id, timestamp",
            "Did you mean User_Id?", "Input:UserColumn"),
        ["duplicate column"] = Case.Csv(
            "user_id,item_id,user_id,timestamp\n1,2,3,4\n", "line 1", "column user_id is there 2 times (columns 1 and 3)", "Rename"),
        ["no line of names"] = Case.Csv("1,10,100\n1,11,200\n", "looks like data", "set Input:Header to false"),
        ["line of names not expected"] = Case.Csv(Good, "line 1: column 3 holds 'timestamp'", "set Input:Header to true").With(Numbered),
        ["column number too large"] = Case.Csv("1,10\n", "no column 3", "there are 2", "Input:TimestampColumn").With(Numbered),
        ["column name for number"] = Case.Csv("1,10,100\n", "\"user_id\"", "no column number", "from 1")
            .With(Numbered with { UserColumn = "user_id" }) with { Says = ["\"user_id\"", "no column number", "from 1"] },
        ["one column for two roles"] = new(test => test.folder.Write("log.csv", Good), new() { ItemColumn = "user_id" }, new(),
            ["Input:UserColumn and Input:ItemColumn are both \"user_id\""]),
        ["text in a number"] = Case.Csv(
            Good + "3,10,yesterday\n", "line 6: column timestamp holds 'yesterday', which is no number", "1 of 5 rows", "set Input:MaxBadRows to 1"),
        ["date in a number"] = Case.Csv(Good + "3,10,2024-01-05\n", "line 6: column timestamp holds '2024-01-05'", "no number of seconds since 1970",
            "1 holds dates and times of ISO 8601").With(new InputOptions { TimestampUnit = TimestampUnit.Seconds }),
        ["text in a rating"] = Case.Csv(
            "user_id,item_id,timestamp,rating\n1,10,100,4.5\n1,11,200,good\n", "line 3: column rating holds 'good', which is no number").With(Rated),
        ["NaN in a rating"] = Case.Csv("user_id,item_id,timestamp,rating\n1,10,100,4.5\n1,11,200,NaN\n", "line 3: column rating holds 'NaN'").With(Rated),
        ["empty id"] = Case.Csv(Good + ",10,500\n", "line 6: column user_id is empty", "MaxBadRows"),
        ["blank id"] = Case.Csv(Good + "3,\"  \",500\n", "line 6: column item_id is empty"),
        ["NaN id"] = Case.Csv(Good + "3,NaN,500\n", "line 6: column item_id holds 'NaN', which says that there is no value"),
        ["empty timestamp"] = Case.Csv(Good + "3,10,\n", "line 6: column timestamp is empty"),
        ["negative timestamp"] = Case.Csv(Good + "3,10,-5\n", "line 6: column timestamp holds '-5', which lies before 1970"),
        ["one absurd timestamp"] = Case.Csv(Good + "3,10,964982703000\n", "line 6: column timestamp holds '964982703000', "
            + "which lies after the year 2100 as seconds; as milliseconds it is 2000-07-30").With(new InputOptions { TimestampUnit = TimestampUnit.Seconds }),
        ["a timestamp beyond all types"] = Case.Csv(Good + "3,10,1e300\n", "line 6: column timestamp holds '1e300'"),
        ["milliseconds for seconds"] = Case.Csv(Header + "1,10,964982703000\n1,11,964982704000\n", "line 2: column timestamp holds '964982703000'",
            "look like milliseconds", "set Input:TimestampUnit to \"milliseconds\"").With(new InputOptions { TimestampUnit = TimestampUnit.Seconds }),
        ["microseconds for seconds"] = Case.Csv(Header + "1,10,964982703000000\n1,11,964982704000000\n", "set Input:TimestampUnit to \"microseconds\"")
            .With(new InputOptions { TimestampUnit = TimestampUnit.Seconds }),
        ["seconds for milliseconds"] = Case.Csv(Header + "1,10,964982703\n1,11,964982704\n", "line 2: column timestamp holds '964982703', "
            + "which lies before 1980 as milliseconds; as seconds it is 2000-07-30", "look like seconds", "set Input:TimestampUnit to \"seconds\"")
            .With(new InputOptions { TimestampUnit = TimestampUnit.Milliseconds }),
        ["id beyond 64 bits"] = Case.Csv(Good + "9223372036854775808,10,500\n",
            "line 6: column user_id holds '9223372036854775808', which is a whole number beyond 64 bits", "set Input:IdType to \"text\""),
        ["item beyond 64 bits"] = Case.Csv(Good + "3,-123456789012345678901234567890,500\n", "line 6: column item_id", "beyond 64 bits"),
        ["invalid UTF-8"] = Case.Named(
            "log.csv", [.. "user_id,item_id,timestamp\nJos\u00e9,1,5\nJos"u8, 0xE9, .. ",1,5\n"u8], "line 3", "not valid UTF-8", "save the file as UTF-8"),
        ["invalid UTF-8 in the header"] = Case.Named(
            "log.csv", [.. "user_id,item_id,pr"u8, 0xE9, .. "nom,timestamp\n"u8], "line 1 is not valid UTF-8", "Save the file as UTF-8"),
        ["UTF-16"] = Case.Named("log.csv", System.Text.Encoding.Unicode.GetBytes(Good), "UTF-16 text", "iconv -f UTF-16LE"),
        ["UTF-16 with its mark"] = Case.Named(
            "log.csv", [0xFE, 0xFF, .. System.Text.Encoding.BigEndianUnicode.GetBytes(Good)], "UTF-16 text", "iconv -f UTF-16 "),
        ["a zero byte"] = Case.Named("log.csv", [.. "user_id,item_id,timestamp\n1,"u8, 0, .. ",3\n"u8], "no text file", "UTF-8"),
        ["a tgz"] = Case.Named("log.tgz", TestFolder.Gzip(Good), "is an archive", "Unpack it"),
        ["a tar.gz under another name"] = Case.Named(
            "log.csv.gz", TestFolder.Gzip("log.csv".PadRight(257, '\0') + "ustar".PadRight(512, '\0')), "is an archive", "Unpack it"),
        ["another compression"] = Case.Named("log.csv.xz", [0xFD, .. "7zXZ"u8], "compressed in a way that is not read", "(.zst)"),
        ["zstd under another name"] = Case.Named("log.csv", TestFolder.Zstd(Good), "is a zstd file", "does not end in .zst"),
        ["a spreadsheet"] = Case.Named("log.xlsx", [.. "PK\u0003\u0004"u8], "is a spreadsheet", "Save the sheet as CSV"),
        ["an Avro file"] = Case.Named("log.dat", [.. "Obj\u0001"u8, 0, 0], "is an Avro file", "Save it as CSV in UTF-8, or as Parquet"),
        ["UTF-32"] = Case.Named("log.csv", [0xFF, 0xFE, 0, 0, .. System.Text.Encoding.UTF32.GetBytes(Good)], "is text in UTF-32"),
        ["a gzip within a gzip"] = Case.Named(
            "log.csv.gz", TestFolder.Gzip(TestFolder.Gzip(Good)), "was compressed twice: within it is a gzip file", "Unpack it once"),
        ["JSON lines under another name"] = Case.Named(
            "log.csv", [.. "{\"user_id\": 1, \"item_id\": 2, \"timestamp\": 3}\n"u8], "Line 1 looks like JSON", "set Input:Format to \"json\""),
        ["half of a letter in JSON"] = Case.Named("log.jsonl",
            [.. "{\"user_id\": 1, \"item_id\": 2, \"timestamp\": 3}\n{\"user_id\": \"\\ud800\", \"item_id\": 2, \"timestamp\": 3}\n"u8],
            "line 2: a text in it has half of a letter"),
        ["JSON lines without one that can be used"] = Case.Named("log.jsonl",
            [.. "{\"user_id\": 1, \"user_id\": 2, \"item_id\": 2, \"timestamp\": 3}\n{\"user_id\": {\"id\": 1}, \"item_id\": 2, \"timestamp\": 3}\n"u8],
            "line 1: field user_id is there twice", "line 2: column user_id holds an object", "none of 2 rows"),
        ["two marks before the names"] = Case.Csv("\ufeff\ufeff" + Good, "there are \\uFEFFuser_id", "Did you mean \\uFEFFuser_id?"),
        ["a letter that was lost"] = Case.Csv(Good + "Jos\ufffd,10,500\n", "line 6: column user_id holds 'Jos\ufffd'", "letters that were lost"),
        ["letters after a closing quote"] = Case.Csv(Good + "3,\"10\"x,500\n", "line 6: a quoted field does not end, or goes on after its closing quote"),
        ["a zero byte late in the file"] = Case.Csv(
            Good + string.Concat(Enumerable.Repeat("1,10,500\n", 1000)) + "a\0b,10,500\n", "line 1006: column user_id holds 'a\\u0000b'", "a zero byte"),
        ["decimal commas in times"] = Case.Csv(
            Header.Replace(',', ';') + "1;10;1700000000,5\n1;11;1700000001,25\n", "timestamp has decimals after \",\"", "Input:DecimalSeparator")
            .With(new InputOptions { Delimiter = ";" }),
        ["folders of some files only"] = new(
            test =>
            {
                test.folder.Write("some/date=2023-11-01/a.csv", "user_id,item_id\n1,2\n");
                test.folder.Write("some/other/a.csv", "user_id,item_id\n1,2\n");
                return Path.Combine(test.folder.Path, "some");
            },
            new() { TimestampColumn = "date" }, new(), ["no column date", "Of 2 files 1 lie in no folder date=…, the first: ", "some/other/a.csv"]),
        ["a folder of bytes that are no UTF-8"] = new(
            test => Path.GetDirectoryName(Path.GetDirectoryName(test.folder.Write("odd/user_id=%FF/a.csv", "item_id,timestamp\n1,2\n")))!,
            new(), new(), ["user_id=%FF/a.csv", "stands for bytes that are no UTF-8", "Rename the folder"]),
        ["too few columns"] = Case.Csv(Good + "3,10\n", "line 6", "3 columns"),
        ["too many columns"] = Case.Csv(Good + "3,10,500,7\n", "line 6", "3 columns"),
        ["a quote that does not end"] = Case.Csv(Good + "3,\"10,500\n4,10,500\n", "line 6: a quoted field does not end", "double it"),
        ["a gzip cut short"] = Case.Named("log.csv.gz", TestFolder.Gzip(Good)[..^20], "cut short or damaged", "Copy it again"),
        ["a gzip without its last byte"] = Case.Named("log.csv.gz", TestFolder.Gzip(Good)[..^1], "cut short or damaged"),
        ["a damaged gzip"] = Case.Named("log.csv.gz", Bent(TestFolder.Gzip(Good)), "cut short or damaged"),
        ["a gzip that is none"] = Case.Named("log.csv.gz", [.. "user_id,item_id\n"u8], "cut short or damaged"),
        ["a gzip under another name"] = Case.Named("log.csv", TestFolder.Gzip(Good), "is a gzip file", "does not end in .gz"),
        ["a Parquet file cut short"] = new(test => test.Cut(test.WriteParquet("SELECT 1 AS user_id, 2 AS item_id, 3 AS timestamp"), keep: 0.7), new(), new(),
            [".parquet", "cut short", "Copy it again"]),
        ["a Parquet file of its first bytes"] = Case.Named("log.parquet", [.. "PAR1"u8], "cut short"),
        ["a Parquet file that is none"] = Case.Named("log.parquet", System.Text.Encoding.UTF8.GetBytes(Good), "no Parquet file", "Set Input:Format to \"csv\""),
        ["a Parquet file under another name"] = new(test => test.Moved(test.WriteParquet("SELECT 1 AS user_id, 2 AS item_id, 3 AS timestamp"), "log.csv"),
            new(), new(), ["log.csv", "is a Parquet file", "Set Input:Format to \"parquet\""]),
        ["a Parquet file damaged inside"] = new(
            test => test.Damaged(test.WriteParquet("SELECT CAST(id % 100 AS BIGINT) AS user_id, CAST(id % 977 AS BIGINT) AS item_id, id AS timestamp "
                + "FROM range(0, 20000) AS r(id)")), new(), new(), [".parquet", "cannot be read", "write the files again"]),
        ["a missing column in Parquet"] = Case.Parquet("SELECT 1 AS userid, 2 AS item_id, 3 AS timestamp", ".parquet", "no column user_id",
            "there are userid, item_id, timestamp", "Did you mean userid?"),
        ["NaN and fractions in Parquet"] = Case.Parquet("SELECT CAST('NaN' AS DOUBLE) AS user_id, 2 AS item_id, 3 AS timestamp UNION ALL SELECT 1.5e0, 3, 4 "
            + "UNION ALL SELECT 3e0, 3, 4", "column user_id holds '1.5', which is no whole number", "column user_id holds 'nan'", "2 of 3 rows"),
        ["no value in Parquet"] = Case.Parquet("SELECT CAST(NULL AS BIGINT) AS user_id, 2 AS item_id, 3 AS timestamp UNION ALL SELECT 1, 3, NULL",
            "column user_id is empty", "column timestamp is empty"),
        ["two kinds of files"] = new(
            test =>
            {
                test.Moved(test.WriteParquet("SELECT 1 AS user_id, 2 AS item_id, 3 AS timestamp"), "both/a.parquet");
                return Path.GetDirectoryName(test.folder.Write("both/b.csv", Good))!;
            },
            new(), new(), ["a.parquet", "b.csv", "one kind"]),
        ["files with other columns"] = new(
            test =>
            {
                test.folder.Write("two/a.csv", Good);
                return Path.GetDirectoryName(test.folder.Write("two/b.csv", "item_id,user_id,timestamp\n1,2,3\n"))!;
            },
            new(), new(), ["b.csv", "item_id, user_id, timestamp", "are not those of", "a.csv"]),
        ["every user with one interaction"] = Case.Csv(
            Header + "1,10,100\n2,11,200\n3,10,300\n", "every user has one interaction", "Input:UserColumn", "set Prepare:Holdout to 0"),
        ["no user with enough interactions"] = Case.Csv(Good, "no user has 5 interactions or more", "Prepare:MinInteractions")
            .With(PlainOptions.Prepare with { MinInteractions = 5 }),
        ["one item in all"] = Case.Csv(Header + "1,10,100\n2,10,200\n2,10,300\n", "one item in all", "Check Input:ItemColumn"),
        ["all below the minimum"] = Case
            .Csv("user_id,item_id,timestamp,rating\n1,10,100,1\n1,11,200,2\n", "none of 2 rows can be used: 2 rated below 4.", "Set a lower Input:MinRating")
            .With(Rated with { MinRating = 4 }),
        ["a given split without held-out rows"] = new(
            test => test.folder.Write("log.csv", Good), new(), new() { Split = SplitRule.Given }, ["Input:TestPath is not set", "Prepare:Split"]),
        ["a given split without training rows"] = new(test => test.folder.Write("log.csv", Good), new() { TestPath = "log.csv" },
            new() { Split = SplitRule.Given }, ["no row is left to train on", "Input:TestPath"]),
        ["candidates of another form"] = Given("1,10\t11\n", "line 1", "(user,item)", "Input:TestCandidatesPath"),
        ["candidates of another split"] = Given("(1,11)\t12\n(1,10)\t12\n", "line 2: (1,10) is not among the held-out rows", "same split"),
        ["held-out rows without candidates"] = Given("\n", "(1,11) has no candidates", "same split"),
        ["candidates with other ids"] = Given("(1,11)\tx\n", "line 1: 'x' is no whole number"),
        ["missing candidates"] = new(test => test.folder.Write("log.csv", Good), new() { TestPath = "log.csv", TestCandidatesPath = "nowhere.negative" },
            new() { Split = SplitRule.Given }, ["nowhere.negative is not there", "Input:TestCandidatesPath"]),
    };

    internal static IEnumerable<string> All => Cases.Keys;

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsRefusedWithAMessageThatHelps(string name) => AssertRefused(fixture.Engine, name);

    internal void AssertRefused(ISqlEngine engine, string name)
    {
        Case bad = Cases[name];
        InputOptions input = Located(bad);
        string run = Path.Combine(folder.Path, "run");
        InvalidInputException refusal = Assert.Throws<InvalidInputException>(
            () => PreparedRun.Prepare(engine, input, bad.Prepare, run, SilentProgress.Instance));
        Assert.All(bad.Says, part => Assert.Contains(part, refusal.Message));
        Assert.False(Directory.Exists(run) && Directory.GetFileSystemEntries(run).Length > 0);
    }

    [Fact]
    public void ARunDirectoryThatCannotBeWrittenIsNamed()
    {
        string file = folder.Write("log.csv", Good), run = Path.Combine(file, "run"); // below a file no directory can be
        InvalidInputException refusal = Assert.Throws<InvalidInputException>(
            () => PreparedRun.Prepare(fixture.Engine, new InputOptions { Path = file }, PlainOptions.Prepare, run, SilentProgress.Instance));
        Assert.Contains(run, refusal.Message);
        Assert.Contains("--run", refusal.Message);
    }

    [SkippableTheory]
    [InlineData(300)]
    [InlineData(2000)]
    [InlineData(1000)]
    public void AFullDiskIsSaidAndLeavesNothing(int kilobytes)
    {
        // Room for none, for a few and for most of the files.
        string run = Directory.CreateDirectory(Path.Combine(folder.Path, "small-disk")).FullName;
        Skip.If(Mount("tmpfs", run, "tmpfs", 0, $"size={kilobytes}k") != 0, "Needs to mount a file system: run as root, or allow user namespaces.");
        try
        {
            string log = folder.Write("log.csv",
                Header + string.Concat(Enumerable.Range(0, 60_000).Select(row => $"{row % 601},{row % 499},{row * 7919 % 1_000_003}\n")));
            using var engine = new DuckDbEngine(new DuckDbOptions { Threads = 2 });
            PrepareOptions prepare = PlainOptions.Prepare with { NegativesPerPositive = 20 };
            Exception full = Assert.ThrowsAny<Exception>(
                () => PreparedRun.Prepare(engine, new InputOptions { Path = log }, prepare, run, SilentProgress.Instance));
            FileFailure failure = FileFailure.Of(full)!;
            Assert.Equal(FileFault.Full, failure.Fault);
            Assert.Contains(run, failure.Message);
            Assert.Empty(Directory.GetFileSystemEntries(run));
        }
        finally
        {
            Assert.Equal(0, Unmount(run, 0));
        }
    }

    [Fact]
    public void BadRowsAreKeptAsideUpToTheLimit()
    {
        string log = folder.Write("log.csv", Good + "3,10,yesterday\n4,,500\n5,10\n6,\"a \"\"b\"\"\",-1\n");
        var input = new InputOptions { Path = log, MaxBadRows = 4 };
        string run = Path.Combine(folder.Path, "run");
        StageDirectory prepared = PreparedRun.Prepare(fixture.Engine, input, PlainOptions.Prepare, run, SilentProgress.Instance);
        Assert.Equal(
            [
                "file,line,reason,text",
                $"\"{log}\",6,\"column timestamp holds 'yesterday', which is no number\",\"3,10,yesterday\"",
                $"\"{log}\",7,\"column item_id is empty\",\"4,,500\"",
                $"\"{log}\",8,\"it does not have the 3 columns of the first line (it has 2)\",\"5,10\"",
                $"\"{log}\",9,\"column timestamp holds '-1', which lies before 1970\",\"6,a \"\"b\"\",-1\"",
            ],
            File.ReadAllLines(prepared.File("bad_rows.csv")));
        Assert.Equal(4, prepared.Manifest.Rows["bad_rows"]);
        Assert.Equal(8, prepared.Manifest.Rows["input_rows"]);
        Assert.Equal(["1", "2"], Rows.Of(prepared).Users.Select(user => user.Id));

        InvalidInputException refusal = Assert.Throws<InvalidInputException>(
            () => PreparedRun.Prepare(fixture.Engine, input with { MaxBadRows = 3 }, PlainOptions.Prepare, run, SilentProgress.Instance));
        Assert.Contains("4 of 8 rows", refusal.Message);
    }

    [Fact]
    public void EqualBadRowsAreEachCountedAndKept()
    {
        string log = folder.Write("log.csv", Good + "3,10,x\n3,10,x\n3,10,x\n");
        StageDirectory prepared = PreparedRun.Prepare(
            fixture.Engine, new InputOptions { Path = log, MaxBadRows = 3 }, PlainOptions.Prepare, Path.Combine(folder.Path, "run"), SilentProgress.Instance);
        Assert.Equal(3, prepared.Manifest.Rows["bad_rows"]);
        Assert.Equal(4, File.ReadAllLines(prepared.File("bad_rows.csv")).Length);
    }

    [Fact]
    public void EqualBadRowsOfParquetAreEachCountedAndKept()
    {
        string log = Path.GetDirectoryName(WriteParquet("SELECT CAST(id % 3 AS BIGINT) AS user_id, CAST(id % 7 AS BIGINT) AS item_id, CASE "
            + "WHEN id >= 18 THEN -1 ELSE id END AS timestamp FROM range(0, 21) AS r(id) UNION ALL SELECT 1, 1, -1 UNION ALL SELECT 1, 1, -1"))!;
        StageDirectory prepared = PreparedRun.Prepare(
            fixture.Engine, new InputOptions { Path = log, MaxBadRows = 5 }, PlainOptions.Prepare, Path.Combine(folder.Path, "run"), SilentProgress.Instance);
        Assert.Equal((5L, 23L, 0L), (prepared.Manifest.Rows["bad_rows"], prepared.Manifest.Rows["input_rows"], prepared.Manifest.Rows["duplicates_dropped"]));
        Assert.Equal(6, File.ReadAllLines(prepared.File("bad_rows.csv")).Length);
    }

    public void Dispose() => folder.Dispose();

    private InputOptions Located(Case bad) => bad.Input with
    {
        Path = bad.Arrange(this),
        TestPath = bad.Input.TestPath.Length == 0 ? "" : Path.Combine(folder.Path, bad.Input.TestPath),
        TestCandidatesPath = bad.Input.TestCandidatesPath.Length == 0 ? "" : Path.Combine(folder.Path, bad.Input.TestCandidatesPath),
    };

    private static Case Given(string candidates, params string[] says) => new(
        test =>
        {
            test.folder.Write("test.csv", Header + "1,11,200\n");
            test.folder.Write("test.negative", candidates);
            return test.folder.Write("log.csv", Header + "1,10,100\n2,10,300\n2,12,400\n");
        },
        new InputOptions { TestPath = "test.csv", TestCandidatesPath = "test.negative" },
        PlainOptions.Prepare with { Split = SplitRule.Given },
        says);

    private string WriteParquet(string query)
    {
        string directory = Path.Combine(folder.Path, "parquet");
        fixture.Engine.WriteParquet(query, directory);
        return Directory.GetFiles(directory, "*.parquet")[0];
    }

    private string Cut(string path, double keep) => folder.Write("cut.parquet", File.ReadAllBytes(path)[..(int)(keep * new FileInfo(path).Length)]);

    private string Damaged(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes.AsSpan(4, bytes.Length / 3).Fill(0xA5); // pages, not the footer
        return folder.Write("damaged.parquet", bytes);
    }

    private string Moved(string path, string name) => folder.Write(name, File.ReadAllBytes(path));

    private static byte[] Bent(byte[] gzip)
    {
        gzip[gzip.Length / 2] ^= 0x55;
        return gzip;
    }

    [DllImport("libc", EntryPoint = "mount", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Mount(string source, string target, string type, ulong flags, string data);

    [DllImport("libc", EntryPoint = "umount2", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmount(string target, int flags);
}
