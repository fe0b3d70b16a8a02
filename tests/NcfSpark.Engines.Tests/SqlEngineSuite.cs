using NcfSpark.Engines;

namespace NcfSpark.Engines.Tests;

/// <summary>What every engine must do; one subclass an engine.</summary>
public abstract class SqlEngineSuite : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ncfspark-engine-");

    protected abstract ISqlEngine Engine { get; }

    [SkippableFact]
    public void ValuesComeInFivePlainTypes()
    {
        IReadOnlyList<object?> row = Engine.Query("SELECT CAST(7 AS INT), CAST(-9000000000 AS BIGINT), CAST(0.5 AS FLOAT), CAST(0.25 AS DOUBLE), 'text', "
            + "1 < 2, CAST(NULL AS INT), count(*), sum(CAST(3 AS INT)) FROM (SELECT 1 AS one)")[0];
        Assert.Equal([7L, -9000000000L, 0.5, 0.25, "text", true, null, 1L, 3L], row);
    }

    [SkippableFact]
    public void AQueryWithoutRowsHasNone() => Assert.Empty(Engine.Query("SELECT 1 AS one WHERE 1 > 2"));

    [SkippableFact]
    public void AMaterializedTableIsReplacedAndDropped()
    {
        Engine.Materialize("suite_table", "SELECT 1 AS one");
        Engine.Materialize("suite_other", "SELECT one + 1 AS two FROM suite_table");
        Engine.Materialize("suite_table", "SELECT two FROM suite_other");
        Engine.Drop("suite_other");
        Assert.Equal(2L, Engine.Query("SELECT two FROM suite_table")[0][0]);
        Engine.Drop("suite_table");
        Assert.Throws<SqlEngineException>(() => Engine.Query("SELECT two FROM suite_table"));
        Engine.Drop("suite_table"); // nothing to drop is no error
    }

    [SkippableFact]
    public void TheDialectSaysTheSameEverywhere()
    {
        SqlDialect dialect = Engine.Dialect;
        IReadOnlyList<object?> row = Engine.Query($"""
            SELECT {dialect.IntegerQuotient("7", "2")}, {dialect.IntegerQuotient("CAST(4611686014132420609 AS BIGINT)", "2147483647")},
                {dialect.Matches("'-12'", "[+-]?[0-9]+")}, {dialect.Matches("'12x'", "[0-9]+")}, {dialect.Matches("'x12'", "[0-9]+")},
                {dialect.EpochMicroseconds("TIMESTAMP '2001-09-09 01:46:40.5'")}, x.{dialect.Quoted("odd \"name`")}
                FROM (SELECT 1 AS {dialect.Quoted("odd \"name`")}) x
            """)[0];
        Assert.Equal([3L, 2147483647L, true, false, false, 1_000_000_000_500_000L, 1L], row);
    }

    [SkippableFact]
    public void TheUnmarkedNumberAtAPlaceIsThatOfCounting()
    {
        // Key 1 has the design's marks; key 2 the first numbers and one far off; key 3 a single 0; key 4 none.
        var marksOf = new Dictionary<int, int[]> { [1] = [1, 3, 4], [2] = [0, 1, 2, 3, 9], [3] = [0], [4] = [] };
        string points = string.Join(" UNION ALL ", from key in marksOf.Keys from at in Enumerable.Range(0, 7)
            select $"SELECT CAST({key} AS INT) AS k, CAST({at} AS INT) AS place, CAST({10 * at} AS BIGINT) AS c");
        string marks = string.Join(" UNION ALL ",
            from pair in marksOf from mark in pair.Value select $"SELECT CAST({pair.Key} AS INT) AS k, CAST({mark} AS INT) AS mark");
        foreach (SqlDialect dialect in new[] { Engine.Dialect, new PortableDialect(Engine.Dialect) })
        {
            string query = dialect.UnmarkedAt(
                points, (source, kept) => $"SELECT {kept}, place FROM {source} CROSS JOIN range(0, 2) AS twice(time)", marks, "k", "c", mostMarks: 6);
            var numbers = Engine.Query($"SELECT k, c, number FROM ({query}) ORDER BY k, c, number")
                .Select(row => ((long)row[0]!, (long)row[1]!, (long)row[2]!));
            Assert.Equal(
                from pair in marksOf from at in Enumerable.Range(0, 7) from twice in new[] { 0, 1 }
                    select ((long)pair.Key, 10L * at, (long)Enumerable.Range(0, 20).Except(pair.Value).ElementAt(at)),
                numbers);
        }
    }

    [SkippableFact]
    public void TextsAreOrderedByTheirBytes()
    {
        string[] texts = [.. Engine.Query("SELECT t FROM (SELECT 'b' AS t UNION ALL SELECT 'B' UNION ALL SELECT 'é' UNION ALL SELECT '10' UNION ALL SELECT '9' "
            + "UNION ALL SELECT 'ｚ' UNION ALL SELECT '😀') ORDER BY t").Select(row => (string)row[0]!)];
        Assert.Equal(["10", "9", "B", "b", "é", "ｚ", "😀"], texts);
    }

    [SkippableFact]
    public void CsvComesAsTextWithQuotesResolved()
    {
        string file = Write("quoted.csv", "﻿a;b\r\n1;\"x; \"\"y\"\"\"\r\n 007 ;\r\n\r\n");
        Engine.ReadCsv("suite_quoted", [file], new CsvLayout(";", Header: true, Columns: 2));
        var rows = Engine.Query("SELECT c1, coalesce(c2, ''), ncf_file FROM suite_quoted ORDER BY c2 DESC NULLS LAST");
        Assert.Equal(["1", "x; \"y\""], rows[0].Take(2));
        Assert.Equal([" 007 ", ""], rows[1].Take(2));
        Assert.EndsWith(file, (string)rows[0][2]!);
        Assert.Empty(Engine.Query("SELECT * FROM suite_quoted_rejected"));
    }

    [SkippableFact]
    public void ALineWithOtherBytesThanUtf8IsRejectedWhateverColumnsAreAskedFor()
    {
        string file = Path.Combine(folder.FullName, "latin1.csv");
        File.WriteAllBytes(file, [.. "a,b,c,d\n1,x,y,z\n2,x,y,"u8, 0xE9, .. "t\n3,"u8, 0xE9, .. ",y,z\n"u8]);
        Engine.ReadCsv("suite_latin1", [file], new CsvLayout(",", Header: true, Columns: 4));
        foreach (string columns in new[] { "c1", "c1, c4", "c1, c2", "c1, c2, c3, c4" })
        {
            Assert.Equal("1", Assert.Single(Engine.Query($"SELECT {columns} FROM suite_latin1 WHERE ncf_fits"))[0]);
            Assert.Equal(2, Engine.Query("SELECT text FROM suite_latin1_rejected").Count);
        }
    }

    [SkippableFact]
    public void CsvLinesThatDoNotFitAreSetAside()
    {
        File.WriteAllBytes(Path.Combine(folder.FullName, "bad.csv"), [.. "a,b,c\n1,2,3\n1,2\n4,5,6\n1,2,3,4\n7,8,"u8, 0xFF, 0xFE, .. "\n9,9,9\n"u8]);
        Engine.ReadCsv("suite_bad", [Path.Combine(folder.FullName, "bad.csv")], new CsvLayout(",", Header: true, Columns: 3));
        Assert.Equal(["1", "4", "9"], Engine.Query("SELECT c1, c2, c3, ncf_file FROM suite_bad WHERE ncf_fits ORDER BY c1").Select(row => (string)row[0]!));
        Assert.Equal(Engine.RejectedLinesAreRows ? 3 : 0, Engine.Query("SELECT c1, c2, c3 FROM suite_bad WHERE NOT ncf_fits").Count);
        var rejected = Engine.Query("SELECT line, text FROM suite_bad_rejected ORDER BY line, text");
        Assert.Equal(3, rejected.Count);
        Assert.All(rejected.Zip([3L, 5L, 6L]), pair => Assert.True(pair.First[0] is null || pair.Second.Equals(pair.First[0])));
    }

    [SkippableFact]
    public void APlainLineHasTheColumnsThatTheParserFindsAndNoOtherLineIsCalledPlain()
    {
        string file = Path.Combine(folder.FullName, "plain.csv");
        File.WriteAllBytes(file, [.. "a,b,c\n1,2,3\n 4 ,5,\t6\n,8,\n\né,漢,\u007f\n12,13,14\r\n\"15\",16,17\n18,19\n20,21,22,23\n24,\"25\n26,27,"u8,
            0xFF, .. "\n\na,b,c\n \n"u8]);
        var layout = new CsvLayout(",", Header: true, Columns: 3);
        if (!Engine.TryReadPlainCsv("suite_plain", [file], layout, "a,b,c")) return;
        Engine.ReadCsv("suite_parsed", [file], layout);
        string[] Fitting(string view) =>
            [.. Engine.Query($"SELECT concat_ws('|', coalesce(c1, ''), coalesce(c2, ''), coalesce(c3, '')) FROM {view} WHERE ncf_fits")
                .Select(row => (string)row[0]!).Order(StringComparer.Ordinal)];
        Assert.Equal([" 4 |5|\t6", "12|13|14", "1|2|3", "|8|", "é|漢|\u007f"], Fitting("suite_plain"));
        Assert.Equal(["15|16|17", "a|b|c"], Fitting("suite_parsed").Except(Fitting("suite_plain")));
        Assert.Equal([2L, 6L], Engine.Query(
            "SELECT count(CASE WHEN ncf_fits IS NULL THEN 1 END), count(CASE WHEN NOT ncf_fits THEN 1 END) FROM suite_plain")[0]);
    }

    [SkippableFact]
    public void EveryRejectIsTold()
    {
        string file = Write("all_bad.csv", string.Concat(Enumerable.Range(1, 100).Select(line => $"{line}\n")));
        Engine.ReadCsv("suite_all_bad", [file], new CsvLayout(",", Header: false, Columns: 3));
        Assert.Empty(Engine.Query("SELECT * FROM suite_all_bad WHERE ncf_fits"));
        Assert.Equal(100L, Engine.Query("SELECT count(*) FROM suite_all_bad_rejected")[0][0]);
    }

    [SkippableFact]
    public void CsvIsReadPlainAndCompressedAndSplitAtAnyText()
    {
        string plain = Write("a.dat", "1::2\n3::4\n"), compressed = Path.Combine(folder.FullName, "b.dat.gz");
        using (var stream = new System.IO.Compression.GZipStream(File.Create(compressed), System.IO.Compression.CompressionLevel.Fastest))
        {
            stream.Write("5::6\n"u8);
        }

        Engine.ReadCsv("suite_two", [plain, compressed], new CsvLayout("::", Header: false, Columns: 2));
        Assert.Equal([("1", "2"), ("3", "4"), ("5", "6")],
            Engine.Query("SELECT c1, c2 FROM suite_two ORDER BY c1").Select(row => ((string)row[0]!, (string)row[1]!)));
    }

    [SkippableFact]
    public void ParquetComesBackAsItWasWritten()
    {
        string directory = Path.Combine(folder.FullName, "parquet");
        Engine.WriteParquet(
            "SELECT CAST(7 AS INT) AS i, CAST(8 AS BIGINT) AS l, 'x' AS s, CAST(0.5 AS DOUBLE) AS d, TIMESTAMP '2001-09-09 01:46:40' AS t", directory);
        IReadOnlyList<SqlColumn> columns = Engine.ReadParquet("suite_parquet", Directory.GetFiles(directory, "*.parquet"));
        Assert.Equal(
            [new("i", SqlColumnKind.WholeNumber), new("l", SqlColumnKind.WholeNumber), new("s", SqlColumnKind.Text), new("d", SqlColumnKind.Floating),
                new("t", SqlColumnKind.Timestamp)],
            columns);
        Assert.Equal([7L, 8L, "x", 0.5, 1_000_000_000_000_000L],
            Engine.Query($"SELECT i, l, s, d, {Engine.Dialect.EpochMicroseconds("t")} FROM suite_parquet")[0]);
    }

    [SkippableFact]
    public void ParquetIsDealtIntoADirectoryForEachValue()
    {
        string directory = Path.Combine(folder.FullName, "dealt");
        Engine.WriteParquet("SELECT CAST(id AS INT) AS i, CAST(id % 3 AS INT) AS shard FROM range(0, 30) AS r(id)", directory, "shard");
        Assert.Equal(["shard=0", "shard=1", "shard=2"], Directory.GetDirectories(directory).Select(Path.GetFileName).Order());
        IReadOnlyList<SqlColumn> columns = Engine.ReadParquet("suite_dealt", Directory.GetFiles(Path.Combine(directory, "shard=1"), "*.parquet"));
        Assert.Equal([new SqlColumn("i", SqlColumnKind.WholeNumber)], columns);
        Assert.Equal([10L, 1L, 28L], Engine.Query("SELECT count(*), min(i), max(i) FROM suite_dealt")[0]);
    }

    [SkippableFact]
    public void NoRowsLeaveADirectoryWithoutRows()
    {
        string directory = Path.Combine(folder.FullName, "none");
        Engine.WriteParquet("SELECT CAST(1 AS INT) AS i, CAST(1 AS INT) AS shard WHERE 1 > 2", directory, "shard");
        Assert.True(Directory.Exists(directory));
        Assert.Empty(Directory.GetDirectories(directory));
    }

    [SkippableFact]
    public void ARefusedStatementSaysWhy()
    {
        SqlEngineException refusal = Assert.Throws<SqlEngineException>(() => Engine.Execute("SELECT no_such_column FROM (SELECT 1 AS one)"));
        Assert.Contains("no_such_column", refusal.Message);
    }

    public void Dispose()
    {
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>An engine's dialect, but with the statement that every engine understands.</summary>
    private sealed class PortableDialect(SqlDialect dialect) : SqlDialect
    {
        public override string IntegerQuotient(string dividend, string divisor) => dialect.IntegerQuotient(dividend, divisor);

        public override string Quoted(string name) => dialect.Quoted(name);

        public override string TextOf(string binary) => dialect.TextOf(binary);

        public override string IsUtf8(string binary) => dialect.IsUtf8(binary);

        public override string Trimmed(string text) => dialect.Trimmed(text);

        public override string Matches(string text, string pattern) => dialect.Matches(text, pattern);

        public override string EpochMicroseconds(string timestamp) => dialect.EpochMicroseconds(timestamp);

        public override string EpochNanoseconds(string timestamp) => dialect.EpochNanoseconds(timestamp);

        public override string Literal(string text) => dialect.Literal(text);

        public override IReadOnlyList<(string Sql, string Name)> PlaceInFile => dialect.PlaceInFile;
    }
}
