using DuckDB.NET.Data;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation.Tests;

/// <summary>Files of ids beside the log: read in every layout, by the rule of the log's ids, and refused where a row has none.</summary>
[Collection(EngineCollection.Name)]
public sealed class ListFilesTests(EngineFixture fixture) : IDisposable
{
    private static readonly ListColumn User = new("Score:UsersColumn", "user_id"), Item = new("Score:PairsItemColumn", "item_id"), Title = new(
        "Input:TitlesTitleColumn", "title", ListColumnKind.Words);
    private static readonly InputOptions Commas = new(), Tabs = new() { Delimiter = "\t" };

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("user_id\nu1\nu2\n")]
    [InlineData("user_id\r\nu1\r\nu2")]
    [InlineData("user_id,name\nu1,A\nu2,\"B, C\"\n")]
    [InlineData("user_id\tname\nu1\tA\nu2\tB, C\n")]
    [InlineData("name;user_id\nA,;u1\nB;u2\n")]
    [InlineData("name|user_id|age\nA|u1|7\nB|u2|8\n")]
    [InlineData("user_id::name\nu1::A\nu2::B\n")]
    [InlineData("\ufeffuser_id\nu1\n\nu2\n")]
    [InlineData("user_id\n\"u1 \"\n  u2\u00a0\n")]
    public void EveryUsualLayoutIsReadWhateverTheLogIs(string text)
    {
        foreach (InputOptions log in new[] { Commas, Tabs, new() { Delimiter = "::" }, new() { Header = false } })
        {
            Assert.Equal(["u1", "u2"], Read(log, folder.Write("u.txt", text), User));
            Assert.Equal(["u1", "u2"], Read(log, folder.Write("u.csv.gz", TestFolder.Gzip(text)), User));
        }
    }

    [Fact]
    public void TrimListsHasTheIdsOfItsLog()
    {
        string cases = Path.Combine(TestFolder.RepositoryRoot, "tests", "data", "cases");
        Assert.Equal(["u1", "u2"], Read(Commas, Path.Combine(cases, "trim_lists", "u.csv"), User));
        Assert.Subset(LogIds(Path.Combine(cases, "trim_lists", "p.csv"), Commas).ToHashSet(), new HashSet<string>(["u1", "u2"]));
        Assert.Equal(["1", "2"], Read(Tabs, Path.Combine(cases, "lists_tsv", "u.tsv"), User));
    }

    [Fact]
    public void ColumnsGivenByNumberReadAFileWithoutALineOfNames()
    {
        ListColumn first = User with { Name = "1" }, second = Title with { Name = "2" };
        Assert.Equal(["u1", "u2"], Read(Commas, folder.Write("u.csv", "u1\nu2\n"), first));
        Assert.Equal(["Smith; John", "u2"], Read(Commas, folder.Write("u.csv", "Smith; John\nu2\n"), first)); // one id, not two columns
        Assert.Equal(["u1", "u2"], Read(Commas, folder.Write("u.tsv", "u1\tA\nu2\tB\n"), first));
        Assert.Equal(new[] { "Toy Story (1995)", "Heat" },
            ListFiles.Find(Commas, folder.Write("movies.dat", "1::Toy Story (1995)::Comedy\n6::Heat::Crime\n"), "Input:TitlesPath").Read(first, second)[1]);
        Assert.Equal(["1", "u2"], Read(Commas, folder.Write("named.csv", "x,1\n9,1\n9,u2\n"), first)); // there is such a name
        Assert.Contains("line 1: there is no column 3; there are 2 (split at \";\"). Set Score:UsersColumn.",
            Refused(Commas, folder.Write("u.csv", "a;b\n"), User with { Name = "3" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user_id\nu1\n\"\"\n", "line 3, column user_id: it is empty")]
    [InlineData("user_id\nu1\n\"  \"\n", "line 3, column user_id: it is empty")]
    [InlineData("user_id\nNULL\n", "line 2, column user_id: it holds 'NULL', which says that there is no value")]
    [InlineData("user_id\n\"a\nb\"\n", "line 2, column user_id: the id 'a\\nb' goes over more than one line")]
    [InlineData("user_id,name\nu1,A\nu2,\"B\nu3,C\n", "line 3: a quote begins there that does not end")]
    [InlineData("user_id,name\nu1,\"5 inch\nu2,10\" disk\n", "line 2: a field goes on after the quote that ends it")]
    [InlineData("user_id,name\nu1\n", "line 2: there are 1 columns where the header has 2")]
    [InlineData("userid;item\n", "line 1: there is no column user_id; there are userid, item (split at \";\"). Did you mean userid? Set Score:UsersColumn.")]
    [InlineData("17\n18\n", "The line looks like data; if the file has no line of names, give columns by number, from 1.")]
    [InlineData("user_id,user_id\n", "line 1: the column user_id is there 2 times (columns 1 and 2)")]
    public void ARowWithoutAnIdIsRefusedByItsLine(string text, string says)
    {
        string message = Refused(Commas, folder.Write("u.csv", text), User);
        Assert.Contains("u.csv", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Fact]
    public void BytesThatAreNoTextAreRefusedByTheirLine() =>
        Assert.Contains("u.csv, line 3, column user_id: the id 'caf\ufffd' is not valid UTF-8",
            Refused(Commas, folder.Write("u.csv", [.. "user_id\nu1\ncaf"u8, 0xE9, (byte)'\n']), User), StringComparison.Ordinal);

    [Fact]
    public void AllMissingColumnsAreNamedAtOnce() => Assert.Contains(
        "there is no column user_id and no column item_id; there are userId, movieId (split at \",\"). "
        + "Did you mean userId for user_id? Set Score:UsersColumn and Score:PairsItemColumn.",
        Refused(Commas, folder.Write("p.csv", "userId,movieId\n1,2\n"), User, Item), StringComparison.Ordinal);

    [Fact]
    public void ATitleMayBeMissingAndMaySayNull()
    {
        string[][] read = ListFiles.Find(Commas, folder.Write("t.csv", "item_id,title\n1, Null \n2,\n3,\"two\nlines\"\n"), "Input:TitlesPath")
            .Read(Item, Title);
        Assert.Equal(["Null", "", "two\nlines"], read[1]);
        Assert.Equal(["a", "", ""], ListFiles.Find(Commas, folder.Write("t.csv", "item_id,title\n1,a\n2,null\n3,\n"), "Score:ItemsPath")
            .Read(Item, Title with { Kind = ListColumnKind.Value })[1]);
    }

    [Theory]
    [InlineData("CAST(7 AS TINYINT)", "7")]
    [InlineData("CAST(18446744073709551615 AS UBIGINT)", "18446744073709551615")]
    [InlineData("CAST(7 AS DECIMAL(18, 0))", "7")]
    [InlineData("CAST(7 AS DOUBLE)", "7")]
    [InlineData("CAST(1e15 AS DOUBLE)", "1000000000000000")]
    [InlineData("' 007 '", "007")]
    [InlineData("encode('é')", "é")]
    [InlineData("DATE '2026-11-30'", "2026-11-30")]
    [InlineData("uuid '11111111-2222-3333-4444-555555555555'", "11111111-2222-3333-4444-555555555555")]
    public void IdsOfParquetTypes(string value, string id) => Assert.Equal([id], Read(Commas, WriteParquet("u.parquet", $"SELECT {value} AS user_id"), User));

    [Theory]
    [InlineData("CAST(3.6 AS DOUBLE)", "row 0, from 0, column user_id: it holds '3.6', which is no whole number")]
    [InlineData("CAST('NaN' AS DOUBLE)", "row 0, from 0, column user_id: it holds 'nan', which says that there is no value")]
    [InlineData("CAST(NULL AS BIGINT)", "row 0, from 0, column user_id: it is empty")]
    [InlineData("CAST(NULL AS VARCHAR)", "row 0, from 0, column user_id: it is empty")]
    [InlineData("'\\xFF'::BLOB", "column user_id: the id '\ufffd' is not valid UTF-8")]
    [InlineData("true", "the column user_id is of type BOOLEAN, which is no id")]
    [InlineData("{'id': 7}", "the column user_id is of type STRUCT(id INTEGER), which is no id")]
    [InlineData("[7]", "the column user_id is of type INTEGER[], which is no id")]
    public void ParquetThatHoldsNoIdsIsRefused(string value, string says)
    {
        string path = WriteParquet("u.parquet", $"SELECT {value} AS user_id");
        Assert.Contains(says, Refused(Commas, path, User), StringComparison.Ordinal);
        Assert.Contains(says, Assert.Throws<InvalidInputException>(() => ListFiles.Find(Commas, path, "Score:PairsPath").Stream(User).Count()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void WholeNumbersOfParquetStreamAsNumbersColumnByColumn()
    {
        string path = WriteParquet("p.parquet", "SELECT CAST(n AS INTEGER) AS user_id, ' i' || n AS item_id FROM range(3) AS t(n)");
        Array[] part = Assert.Single(ListFiles.Find(Commas, path, "Score:PairsPath").Stream(User, Item));
        Assert.Equal(new long[] { 0, 1, 2 }, part[0]);
        Assert.Equal(new[] { "i0", "i1", "i2" }, part[1]);
    }

    [Fact]
    public void AFileNamedLikeAPatternIsReadAndNoOther()
    {
        foreach ((string name, string other) in new[] { ("l[1]", "l1"), ("a*b", "axb"), ("w?y", "why") })
        {
            foreach ((string place, string id) in new[] { (name, "right"), (other, "wrong") })
            {
                Directory.CreateDirectory(Path.Combine(folder.Path, place));
                WriteParquet($"{place}/u.parquet", $"SELECT '{id}' AS user_id");
                WriteParquet($"{place}.parquet", $"SELECT '{id}' AS user_id, CAST({(id == "right" ? 1 : 2)} AS BIGINT) AS item_id");
                folder.Write($"{place}/u.csv", $"user_id\n{id}\n");
            }

            Assert.Equal(["right"], Read(Commas, Path.Combine(folder.Path, name, "u.parquet"), User));
            Assert.Equal(["right"], Read(Commas, Path.Combine(folder.Path, $"{name}.parquet"), User));
            Assert.Equal(["right"], Read(Commas, Path.Combine(folder.Path, name, "u.csv"), User));
            Assert.Equal(new long[] { 1 },
                Assert.Single(ListFiles.Find(Commas, Path.Combine(folder.Path, $"{name}.parquet"), "Score:PairsPath").Stream(Item))[0]);
            ListFiles found = ListFiles.Find(Commas, Path.Combine(folder.Path, name, "*.csv"), "Score:UsersPath");
            Assert.Equal([Path.Combine(folder.Path, name, "u.csv")], found.Paths);
        }
    }

    [Fact]
    public void JsonLinesAreReadByName()
    {
        Assert.Equal(["u1", "7"], Read(Tabs, folder.Write("u.jsonl", "{\"name\": \"A\", \"user_id\": \"u1 \"}\n\n{\"user_id\": 7}\n"), User));
        Assert.Equal(["7.0"], Read(Commas, folder.Write("u.json.gz", TestFolder.Gzip("{\"user\": {\"id\": 7.0}}\n")), User with { Name = "user.id" }));
        Assert.Contains("u.jsonl, line 1: there is no column user_id; there are user_ids. Did you mean user_ids? Set Score:UsersColumn.",
            Refused(Commas, folder.Write("u.jsonl", "{\"user_ids\": 7}\n"), User), StringComparison.Ordinal);
        foreach ((string line, string says) in new[] { ("{\"x\": 1}", "line 2, column user_id: it is empty"),
            ("{\"user_id\": [7]}", "line 2, column user_id: there is a JSON array"), ("{\"user_id\": true}", "a JSON true"), (
                "{\"user_id\": ", "line 2: it is no JSON object on one line"), ("7", "line 2: it is no JSON object") })
        {
            Assert.Contains(says, Refused(Commas, folder.Write("u.jsonl", $"{{\"user_id\": 1}}\n{line}\n"), User), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AFolderIsReadInTheOrderOfItsPathsEachFileByItsOwnLayout()
    {
        folder.Write("lists/b.csv", "name,user_id\nB,u2\n");
        folder.Write("lists/a.tsv", "user_id\tname\nu1\tA\n");
        folder.Write("lists/_SUCCESS", "");
        Assert.Equal(["u1", "u2"], Read(Commas, Path.Combine(folder.Path, "lists"), User));
        Assert.Equal($"{Path.Combine(folder.Path, "lists", "b.csv")}, line 2",
            ListFiles.Find(Commas, Path.Combine(folder.Path, "lists"), "Score:UsersPath").PlaceOf(1, User));
    }

    [Fact]
    public void ALogWithoutQuotesHasListsWithoutQuotes()
    {
        var unquoted = new InputOptions { Delimiter = "\t", Quote = "" };
        Assert.Equal(["\"u1\"", "u2"], Read(unquoted, folder.Write("u.tsv", "user_id\tname\n\"u1\"\tA\nu2\t5\" disk\n"), User));
        Assert.Equal(["u,1"], Read(new InputOptions { Quote = "'" }, folder.Write("u.csv", "user_id,name\n'u,1',A\n"), User));
    }

    /// <summary>
    /// For any ids, a list of any layout has those that the log's own reader makes of them, and of two texts both say
    /// the same: one id, or two.
    /// </summary>
    [Property(MaxTest = 20)]
    public Property AListHasTheIdsOfTheLogInEveryLayout() => Prop.ForAll(Ids.ToArbitrary(), ids =>
    {
        string Field(string id) => $"\"{id.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        string Text(string delimiter) => $"name{delimiter}user_id\n{string.Concat(ids.Select(id => $"x{delimiter}{Field(id)}\n"))}";
        string log = folder.Write("log.csv",
            $"user_id,item_id,timestamp\n{string.Concat(ids.Select((id, row) => $"{Field(id)},{row},{1_600_000_000 + row}\n"))}");
        string[] expected = LogIds(log, new InputOptions());
        string values = string.Join(", ", ids.Select((id, row) => $"({row}, '{id.Replace("'", "''", StringComparison.Ordinal)}')"));
        string[] lists =
        [
            folder.Write("u.csv", Text(",")), folder.Write("u.tsv", Text("\t")), folder.Write("u.dat", Text("::")), folder.Write(
                "u.txt", Text("|")), folder.Write("u.csv.gz", TestFolder.Gzip(Text(";"))),
            WriteParquet("u.parquet", $"SELECT id AS user_id FROM (VALUES {values}) AS v(n, id) ORDER BY n"),
            WriteParquet("b.parquet", $"SELECT encode(id) AS user_id FROM (VALUES {values}) AS v(n, id) ORDER BY n"),
        ];
        foreach (string list in lists) Assert.Equal(expected, Read(Commas, list, User));
        Assert.Equal(expected.All(id => WholeNumber.TryRead(id, out _)), LogIdsAreNumbers(log));
    });

    // What the log's reader makes of a column: 1, 01 and 1.0 are three ids, " 1" is one with "1".
    private static Gen<string[]> Ids { get; } = Gen.ArrayOf(Gen.OneOf(
        Gen.Choose(-20, 2000).Select(number => $"{number}"),
        Gen.Elements("007", "+7", "7.0", "-0", "0", "1e3", "9223372036854775807", "-9223372036854775808", "u1 ", "  u2", "ü\u00a0", "\u3000x", "a,b", "a;b",
            "a|b", "a::b", "a\tb", "it's", "say \"7\"", "\"", "null1", "漢字", "😀", "\u001b[31m", " 7 ", "7 "),
        Gen.NonEmptyListOf(Gen.Elements('a', 'é', ' ', '0', '1', '-', '.', '"', ',', '\\', '\u2003')).Select(letters => $"{string.Concat(letters)}x")))
        .Where(ids => ids.Length > 0);

    [Theory]
    [InlineData("\\N")]
    [InlineData("None")]
    [InlineData("<NA>")]
    [InlineData("0")]
    public void WhatTheLogTakesForNoValueIsNoIdOfAList(string text)
    {
        var input = new InputOptions { NullValues = ["\\N", "None", "<NA>", "0"] };
        Assert.Contains($"u.csv, line 2, column user_id: it holds '{text}', which says that there is no value",
            Refused(input, folder.Write("u.csv", $"user_id\n{text} \n"), User), StringComparison.Ordinal);
        Assert.Equal(["null"], Read(input, folder.Write("u.csv", "user_id\nnull\n"), User));
        string path = WriteParquet("p.parquet", "SELECT CAST(n AS BIGINT) AS user_id FROM range(2) AS t(n)");
        Assert.Contains("row 0, from 0, column user_id: it holds '0'",
            Assert.Throws<InvalidInputException>(() => ListFiles.Find(input, path, "Score:PairsPath").Stream(User).Count()).Message, StringComparison.Ordinal);
    }

    private string[] LogIds(string path, InputOptions input) =>
        [.. Log(path, input).Query($"SELECT CAST(user_id AS STRING) FROM {InteractionLog.Table} WHERE problem = 0 ORDER BY moment")
            .Select(row => (string)row[0]!)];

    private bool LogIdsAreNumbers(string path) => !LogOf(path, new InputOptions()).Ids.UserIsText;

    private InteractionLog LogOf(string path, InputOptions input)
    {
        using var scratch = new ScratchFolder();
        return InteractionLog.Read(fixture.Engine, input,
            [InputSource.Open(fixture.Engine, input, InputFiles.Find(path, input.Format, "Input:Path"), "ncf_list_log", scratch)], SilentProgress.Instance);
    }

    private ISqlEngine Log(string path, InputOptions input)
    {
        LogOf(path, input);
        return fixture.Engine;
    }

    private static string[] Read(InputOptions input, string path, ListColumn column) => ListFiles.Find(input, path, "Score:UsersPath").Read(column)[0];

    private static string Refused(InputOptions input, string path, params ListColumn[] columns) =>
        Assert.Throws<InvalidInputException>(() => ListFiles.Find(input, path, "Score:UsersPath").Read(columns)).Message;

    private string WriteParquet(string name, string query)
    {
        string path = Path.Combine(folder.Path, name);
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"COPY ({query}) TO '{path.Replace("'", "''", StringComparison.Ordinal)}' (FORMAT parquet)";
        command.ExecuteNonQuery();
        return path;
    }
}
