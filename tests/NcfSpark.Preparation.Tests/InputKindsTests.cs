using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>
/// Inputs that people really have (tests/data/cases): each is read as it says, or refused by name; nothing is cast,
/// joined or left out in silence.
/// </summary>
[Collection(EngineCollection.Name)]
public sealed class InputKindsTests(EngineFixture fixture) : IDisposable
{
    internal const string Header = "user_id,item_id,timestamp\n", Good = Header + "1,10,1700000100\n1,11,1700000200\n2,10,1700000300\n";

    internal static readonly InputOptions Usual = new() { TimestampUnit = TimestampUnit.Seconds };

    private readonly TestFolder folder = new();

    internal ISqlEngine Engine { get; init; } = fixture.Engine;

    public static string Case(string name) => Path.Combine(TestFolder.RepositoryRoot, "tests/data/cases", name);

    [Fact]
    public void TheFileOfThatNameIsReadAndNotTheOneThatItsNameMatches()
    {
        Assert.All(Read(Usual with { Path = Case("glob_name_other/ratings[1].csv") }), row => Assert.True(int.Parse(row.User) < 1000));
        Assert.All(Read(Usual with { Path = Case("glob_name_other/ratings1.csv") }), row => Assert.True(int.Parse(row.User) >= 1000));
    }

    [Fact]
    public void AFileOfAnyNameInAFolderOfAnyNameIsReadItselfAndTheRunDirectoryMayHaveAnyName()
    {
        Gen<string> names = Gen.Elements("ab[]*?{}!^\\ ',%#é".ToCharArray()).NonEmptyListOf().Select(letters => string.Concat(letters.Take(6)));
        Prop.ForAll(names.Two().ToArbitrary(), pair =>
        {
            string place = $"{Guid.NewGuid():N}/{pair.Item1}";
            string csv = folder.Write($"{place}/{pair.Item2}.csv", Header + "7,70,1700000000\n7,71,1700000001\n");
            string other = folder.Write($"{place}/ab.csv", Header + "8,80,1700000000\n8,81,1700000001\n");
            if (csv == other) return true;
            string run = Path.Combine(folder.Path, $"{place} run");
            Assert.Equal([("7", "70", 1700000000), ("7", "71", 1700000001)], Read(Usual with { Path = csv }, run));
            string parquet = Path.Combine(folder.Path, place, $"{pair.Item2}.parquet");
            Engine.WriteParquet("SELECT CAST(9 AS BIGINT) AS user_id, CAST(id AS BIGINT) AS item_id, CAST(1700000000 + id AS BIGINT) AS timestamp "
                + "FROM range(0, 2) AS r(id)", Path.Combine(folder.Path, place, "pq"));
            File.Move(Directory.GetFiles(Path.Combine(folder.Path, place, "pq"))[0], parquet);
            Assert.Equal([("9", "0", 1700000000), ("9", "1", 1700000001)], Read(Usual with { Path = parquet }, run));
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(8));
    }

    [Fact]
    public void AFileThatIsWrittenToWhileItIsReadIsRefused()
    {
        string file = folder.Write("log.csv", Good);
        ResolvedInput resolved = ResolvedInput.Find(Usual with { Path = file }, PlainOptions.Prepare);
        resolved.Fingerprint(() => Engine);
        resolved.CheckUnchanged();
        File.AppendAllText(file, "3,10,1700000300\n");
        Assert.Contains($"{file} was changed while it was read", Assert.Throws<InvalidInputException>(resolved.CheckUnchanged).Message);
    }

    [Fact]
    public void TextIdsStayTextWhereAnotherFileHasNumbers()
    {
        string[] users = [.. Read(Usual with { Path = Case("pq_mixed_int_then_text/log") }).Select(row => row.User).Distinct()];
        Assert.Contains("007", users);
        Assert.Contains("1", users);
        Assert.DoesNotContain("7.0", users);
    }

    [Fact]
    public void MomentsWithAndWithoutAZoneAreInUtc()
    {
        (string User, string Item, long Time)[] rows = Read(Usual with { Path = Case("pq_mixed_ts_tz/log") });
        Assert.Equal(1700000000, rows.Min(row => row.Time));
        Assert.Equal(1700005429, rows.Max(row => row.Time));
    }

    [Theory]
    [InlineData("CAST(7 AS INT)", "'007'", "007,7")]
    [InlineData("CAST(7 AS SMALLINT)", "CAST(9000000000 AS BIGINT)", "7,9000000000")]
    [InlineData("CAST(7 AS DOUBLE)", "CAST(8 AS BIGINT)", "7,8")]
    [InlineData("CAST(7 AS FLOAT)", "CAST(8 AS INT)", "7,8")]
    [InlineData("CAST(7 AS DECIMAL(20,0))", "CAST(8 AS BIGINT)", "7,8")]
    [InlineData("CAST('a' AS BLOB)", "'b'", "a,b")]
    public void TypesAreUnitedWithoutLoss(string one, string two, string users) =>
        Assert.Equal(users.Split(','), Read(Usual with { Path = TwoFiles(one, two) }).Select(row => row.User).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("CAST(3.6 AS DOUBLE)", "'b'", "DOUBLE", "VARCHAR")]
    [InlineData("CAST(3.5 AS DOUBLE)", "CAST(9007199254740993 AS BIGINT)", "BIGINT", "2^53")]
    [InlineData("TIMESTAMP '2020-01-01 00:00:00'", "CAST(3 AS BIGINT)", "TIMESTAMP", "BIGINT")]
    [InlineData("true", "CAST(3 AS BIGINT)", "BOOLEAN", "no id")]
    [InlineData("CAST(1.5 AS DECIMAL(4,1))", "CAST(3 AS BIGINT)", "DECIMAL(4,1)", "BIGINT")]
    public void TypesThatCannotBeUnitedAreRefusedByFilesColumnAndTypes(string one, string two, params string[] says)
    {
        string message = Refused(Usual with { Path = TwoFiles(one, two) });
        Assert.All([".parquet", "column user_id", .. says], part => Assert.Contains(part, message));
    }

    [Fact]
    public void BytesThatAreTextAreTextAndOthersAreRefusedByFileAndColumn()
    {
        (string User, string Item, long Time)[] rows = Read(Usual with { Path = Case("pq_blob_ids/p.parquet") });
        Assert.All(rows, row => Assert.DoesNotContain("\\x", row.User));
        Assert.NotEmpty(rows);
        string message = Refused(Usual with { Path = OneFile("'\\xFF\\xFE'::BLOB AS user_id, 1 AS item_id, 1700000000 AS timestamp") });
        Assert.Contains("column user_id holds bytes", message);
        Assert.Contains(".parquet", message);
    }

    [Fact]
    public void AFieldWithinAColumnIsNamedByADotAndAColumnOfThatNameComesFirst()
    {
        string message = Refused(Usual with { Path = Case("pq_nested/p.parquet") });
        Assert.Contains("column user_id is of type STRUCT(", message);
        Assert.Contains("user_id.id", message);
        Assert.Contains("column item_id is of type BIGINT[]", Refused(Usual with { Path = Case("pq_nested/p.parquet"), UserColumn = "user_id.id" }));
        string nested = OneFile("{'id': 5, 'deep': {'er': 'x'}} AS user, 6 AS item_id, 1700000000 AS timestamp, 'top' AS \"user.name\"");
        Assert.Equal([("5", "6", 1700000000)], Read(Usual with { Path = nested, UserColumn = "user.id" }));
        Assert.Equal([("x", "6", 1700000000)], Read(Usual with { Path = nested, UserColumn = "user.deep.er" }));
        Assert.Equal([("top", "6", 1700000000)], Read(Usual with { Path = nested, UserColumn = "user.name" }));
        Assert.Contains("no column user.nam", Refused(Usual with { Path = nested, UserColumn = "user.nam" }));
    }

    [Fact]
    public void LinesAreNotJoinedIntoOneIdInSilence()
    {
        InputOptions quotes = Usual with { Path = Case("quote_swallow2_realtab/l.tsv"), Delimiter = "\t", ItemColumn = "artist" };
        string message = Refused(quotes);
        Assert.Contains("line 12: a quoted field does not end", message);
        Assert.Contains("set Input:Quote to \"\"", message);
        (string User, string Item, long Time)[] rows = Read(quotes with { Quote = "" });
        Assert.Equal(File.ReadAllLines(quotes.Path).Length - 1, rows.Length);
        Assert.Contains(rows, row => row.Item.StartsWith('"'));
    }

    [Fact]
    public void AFieldIsQuotedByTheCharacterThatIsSet() =>
        Assert.Equal([("a,b", "10", 1700000000), ("it's \"x\"", "10", 1700000001)],
            Read(Usual with { Path = folder.Write("log.csv", Header + "'a,b',10,1700000000\n'it''s \"x\"',10,1700000001\n"), Quote = "'" }));

    [Theory]
    [InlineData("\n", "\r\n")]
    [InlineData("\r\n", "\n")]
    [InlineData("\r", "\n")]
    [InlineData("\r", "\r")]
    public void LinesEndAsTheyLike(string one, string two)
    {
        string[] lines = Good.TrimEnd('\n').Split('\n');
        string text = string.Concat(lines.Select((line, index) => line + (index < 2 ? one : two)));
        foreach (string name in new[] { "log.csv", "log.csv.gz", "log.csv.zst", "log.csv.bz2" })
        {
            Assert.Equal(Read(Usual with { Path = folder.Write("lf.csv", Good) }),
                Read(Usual with { Path = folder.Write(name, CompressionTests.Packed(name, text)) }));
        }
    }

    [Theory]
    [InlineData("eol_lf_then_crlf/p.csv")]
    [InlineData("gz_upper/r.CSV.GZ")]
    public void AFileIsReadWhole(string name)
    {
        using StreamReader reader = CsvRecords.Open(Case(name));
        string[] lines = reader.ReadToEnd().Split(["\r\n", "\n"], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines.Skip(1).Distinct().Order(StringComparer.Ordinal),
            Read(Usual with { Path = Case(name) }).Select(row => $"{row.User},{row.Item},{row.Time}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void BadRowsOfUnpackedFilesAreToldByTheFileThatWasNamed()
    {
        string file = folder.Write("log.csv.ZST", TestFolder.Zstd(Good.Replace("\n", "\r\n") + "3,10\n4,,1700000000\n"));
        string message = Refused(Usual with { Path = file });
        Assert.Contains($"{file}, line 5: it does not have the 3 columns", message);
        Assert.Contains($"{file}, line 6: column item_id is empty", message);
    }

    [Fact]
    public void FoldersAreColumnsWhereTheFilesHaveNone()
    {
        foreach (string format in new[] { "csv", "parquet", "jsonl" })
        {
            string log = WritePartitions(format);
            (string, string, long)[] rows = Read(Usual with { Path = log, UserColumn = "shop" });
            Assert.Equal([("a:b+c d", "10", 1700000000), ("e", "11", 1700000001)], rows);
        }

        string csv = WritePartitions("csv");
        Assert.Equal("1", Read(Usual with { Path = csv })[0].User); // the file's own user_id, whatever its folder says
        folder.Write("csv/shop=__HIVE_DEFAULT_PARTITION__/user_id=7/part.csv", Header + "3,12,1700000002\n");
        Assert.Contains("column shop is empty", Refused(Usual with { Path = csv, UserColumn = "shop" }));
        folder.Write("csv/part.csv", Header + "3,12,1700000002\n");
        Assert.Contains("no column shop", Refused(Usual with { Path = csv, UserColumn = "shop" }));
    }

    /// <summary>DuckDB by itself makes columns of such folders, which would take the places of the lines' own.</summary>
    [Theory]
    [InlineData("c1=9")]
    [InlineData("C2=x")]
    [InlineData("ncf_file=7")]
    [InlineData("ncf_fits=false")]
    [InlineData("timestamp=%FF")]
    public void AFolderOfAnyNameChangesNothingInTheFile(string name) =>
        Assert.Equal(Read(Usual with { Path = folder.Write("plain.csv", Good) }), Read(Usual with { Path = folder.Write($"log/{name}/part.csv", Good) }));

    [Fact]
    public void AFolderThatIsAColumnInUseShapesTheFingerprint()
    {
        string one = folder.Write("a/shop=1/log.csv", Good), two = folder.Write("b/shop=2/log.csv", Good);
        string Of(string path, string user) => new Preparer(Usual with { Path = path, UserColumn = user }, PlainOptions.Prepare).InputHash(() => Engine);
        Assert.Equal(Of(one, "user_id"), Of(two, "user_id"));
        Assert.NotEqual(Of(one, "shop"), Of(two, "shop"));
    }

    [Fact]
    public void JsonLinesAreReadByName()
    {
        (string User, string Item, long Time)[] rows = Read(Usual with
        {
            Path = Case("amazon2018_jsongz/Books_5.json.gz"),
            UserColumn = "reviewerID",
            ItemColumn = "asin",
            TimestampColumn = "unixReviewTime",
        });
        Assert.Contains(("A11", "B0015", 1700010111), rows);
        string lines = """
            {"user": {"id": "007", "name": "x"}, "item": 12345678901234567890123, "t": 1700000000}

            {"t": "1700000001", "item": "12.0", "user.id": "top", "user": {"id": 8}}
            {"t": 1700000002, "item": 9007199254740993, "user": {"id": 9007199254740993}}
            """;
        foreach (string name in new[] { "log.jsonl", "log.ndjson.zst", "log.JSON.GZ", "log.json.bz2" })
        {
            Assert.Equal(
                [("007", "12345678901234567890123", 1700000000), ("9007199254740993", "9007199254740993", 1700000002), ("top", "12.0", 1700000001)],
                Read(Usual with { Path = folder.Write(
                    name, CompressionTests.Packed(name, lines)), UserColumn = "user.id", ItemColumn = "item", TimestampColumn = "t", IdType = IdType.Text }));
        }
    }

    [Theory]
    [InlineData("not json", "line 2: it is no JSON object on one line")]
    [InlineData("[1,2]", "line 2: it is a JSON array and no object")]
    [InlineData("{\"user_id\": {\"id\": 1}, \"item_id\": 2, \"timestamp\": 3}", "line 2: column user_id holds an object: name a field within it")]
    [InlineData("{\"user_id\": [1], \"item_id\": 2, \"timestamp\": 3}", "line 2: column user_id holds an array")]
    [InlineData("{\"user_id\": \"a\\nb\", \"item_id\": 2, \"timestamp\": 3}", "line 2: column user_id holds a line break")]
    [InlineData("{\"user_id\": null, \"item_id\": 2, \"timestamp\": 1700000000}", "line 2: column user_id is empty")]
    [InlineData("{\"user_id\": 1, \"user_id\": 2, \"item_id\": 2, \"timestamp\": 1700000000}", "line 2: field user_id is there twice")]
    [InlineData("{}", "line 2: column user_id is empty")]
    [InlineData("{\"user_id\": \" \"}", "line 2: column user_id is empty")]
    [InlineData("{\"user_id\": \"a\\ufffd\", \"item_id\": 2, \"timestamp\": 1700000000}", "line 2: column user_id holds a line break or another mark")]
    [InlineData("{\"user_id\": 1, \"item_id\": 2, \"timestamp\": \"then\"}", "line 2: column timestamp holds 'then'")]
    [InlineData("{\"user_id\": 1, \"item_id\": 2, \"timestamp\": 17000000", "line 2: it is no JSON object on one line")]
    public void AJsonLineThatIsNoRowIsToldByItsLine(string line, string says) =>
        Assert.Contains(says,
            Refused(Usual with { Path = folder.Write("log.jsonl",
                $"{{\"user_id\": 1, \"item_id\": 2, \"timestamp\": 1700000000}}\n{line}\n{{\"user_id\": 1, \"item_id\": 3, \"timestamp\": 1700000000}}\n") }));

    [Theory]
    [InlineData("[{\"user_id\": 1}]", "is a JSON array", "jq -c '.[]' log.json")]
    [InlineData("{\n  \"user_id\": 1\n}\n", "over several lines", "jq -c . log.json")]
    [InlineData("{\"uid\": 1, \"item_id\": {\"id\": 2}}\n", "no column user_id and no column timestamp", "there are item_id, uid, item_id.id")]
    public void OtherJsonIsNamedWithItsCure(string text, params string[] says)
    {
        string message = Refused(Usual with { Path = folder.Write("log.json", text) });
        Assert.All(says, part => Assert.Contains(part, message));
    }

    [Fact]
    public void AllMissingColumnsAreNamedAtOnce()
    {
        string message = Refused(Usual with { Path = folder.Write("log.csv", "userid,item,timestamp\n1,2,3\n") });
        Assert.Contains("there is no column user_id and no column item_id; there are userid, item, timestamp. Did you mean userid for user_id? ", message);
        Assert.Contains("Name the right ones in Input:UserColumn and Input:ItemColumn.", message);
    }

    [Fact]
    public void NoScratchFileIsLeft()
    {
        string[] before = Directory.GetDirectories(Path.GetTempPath(), "ncfspark-input-*");
        Read(Usual with { Path = folder.Write("log.csv.zst", TestFolder.Zstd(Good)) });
        Refused(Usual with { Path = folder.Write("bad.csv.zst", TestFolder.Zstd(Good + "x\n")) });
        Refused(Usual with { Path = folder.Write("cut.csv.zst", TestFolder.Zstd(Good)[..^3]) });
        Assert.Empty(Directory.GetDirectories(Path.GetTempPath(), "ncfspark-input-*").Except(before));
    }

    public void Dispose() => folder.Dispose();

    internal string WritePartitions(string format)
    {
        (string Folder, int User, int Item, long Time)[] rows = [("shop=a%3Ab+c d", 1, 10, 1700000000), ("shop=e", 2, 11, 1700000001)];
        foreach ((string name, int user, int item, long time) in rows)
        {
            string place = $"{format}/{name}/user_id=7/part";
            if (format == "csv") folder.Write($"{place}.csv", $"{Header}{user},{item},{time}\n");
            else if (format == "jsonl") folder.Write($"{place}.jsonl", $"{{\"item_id\": {item}, \"timestamp\": {time}}}\n");
            else
            {
                File.Copy(OneFile($"CAST({user} AS BIGINT) AS user_id, CAST({item} AS BIGINT) AS item_id, CAST({time} AS BIGINT) AS timestamp"),
                    folder.Write($"{place}.parquet", ""), overwrite: true);
            }
        }

        return Path.Combine(folder.Path, format);
    }

    internal string OneFile(string select)
    {
        string directory = Path.Combine(folder.Path, $"{Guid.NewGuid():N}");
        fixture.Engine.WriteParquet($"SELECT {select}", directory);
        return Directory.GetFiles(directory)[0];
    }

    internal string TwoFiles(string one, string two)
    {
        string Columns(string user, int time) => $"{user} AS user_id, CAST(10 AS BIGINT) AS item_id, CAST({time} AS BIGINT) AS timestamp";
        string both = Path.Combine(folder.Path, $"{Guid.NewGuid():N}");
        Directory.CreateDirectory(both);
        File.Move(OneFile(Columns(one, 1700000000)), Path.Combine(both, "a.parquet"));
        File.Move(OneFile(Columns(two, 1700000001)), Path.Combine(both, "b.parquet"));
        return both;
    }

    internal (string User, string Item, long Time)[] Read(InputOptions input, string? run = null)
    {
        if (run is null)
        {
            using var scratch = new ScratchFolder();
            InputSource source = InputSource.Open(Engine, input, ResolvedInput.Find(input, PlainOptions.Prepare).Log, "ncf_kinds", scratch);
            InteractionLog log = InputSource.Readable(source.Files, () => InteractionLog.Read(Engine, input, [source], SilentProgress.Instance));
            return [.. Engine.Query($"SELECT DISTINCT CAST(user_id AS STRING), CAST(item_id AS STRING), moment FROM {InteractionLog.Table} WHERE problem = 0")
                .Select(row => ((string)row[0]!, (string)row[1]!, (long)row[2]! / log.TicksPerSecond)).Order()];
        }

        var prepare = PlainOptions.Prepare with { Holdout = 0, Validation = false, NegativesPerPositive = 0, TestCandidates = 0, Shards = 1 };
        Rows rows = Rows.Of(PreparedRun.Prepare(Engine, input, prepare, run, SilentProgress.Instance));
        return [.. rows.Positives.Select(row => (rows.Users[row.User].Id, rows.Items[row.Item].Id, row.Timestamp)).Order()];
    }

    internal string Refused(InputOptions input) => Assert.Throws<InvalidInputException>(() => Read(input)).Message;
}
