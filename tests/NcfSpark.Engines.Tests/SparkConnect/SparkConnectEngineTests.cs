using System.IO.Compression;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkConnectEngineTests : IDisposable
{
    private readonly SparkFixture spark;
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-test-").FullName;
    private SparkConnectEngine? opened;

    public SparkConnectEngineTests(SparkFixture spark) => this.spark = spark;

    private SparkConnectEngine Engine => opened ??= SparkConnectEngine.Connect(spark.Address, new());

    [SkippableFact]
    public void TheDialectsWordsMeanWhatTheySay()
    {
        SqlDialect dialect = Engine.Dialect;
        Assert.StartsWith("Spark ", Engine.Name);
        Assert.Equal<object?>([3L, 0L, 9_000_000_000_000L],
            Row($"{dialect.IntegerQuotient("7", "2")}, {dialect.IntegerQuotient("1", "2")}, {dialect.IntegerQuotient("9000000000000000001L", "1000000")}"));
        Assert.Equal<object?>([5L], Engine.Query($"SELECT {dialect.Quoted("a `b` \"c\"")} FROM (SELECT 5 AS `a ``b`` \"c\"`)")[0]);
        Assert.Equal<object?>([true, false, false, false, null],
            Row(string.Join(", ", new[] { "'042'", "'42x'", "concat('42', chr(10))", "''", "CAST(NULL AS STRING)" }.Select(
                text => dialect.Matches(text, "[0-9]+")))));
        string[] moments = ["TIMESTAMP'2020-01-02 03:04:05.000006'", "TIMESTAMP_NTZ'2020-01-02 03:04:05.000006'", "DATE'2020-01-02'",
            "TIMESTAMP'2020-01-02 03:04:05+01:00'"];
        Assert.Equal<object?>([1577934245000006L, 1577934245000006L, 1577923200000000L, 1577930645000000L],
            Row(string.Join(", ", moments.Select(dialect.EpochMicroseconds))));
    }

    [SkippableFact]
    public void AMaterializedTableIsComputedOnceAndReplacedByTheNext()
    {
        Engine.Materialize("drawn", "SELECT id, uuid() AS draw FROM range(0, 5)");
        IReadOnlyList<IReadOnlyList<object?>> first = Engine.Query("SELECT * FROM drawn ORDER BY id");
        Assert.Equal(first, Engine.Query("SELECT * FROM drawn ORDER BY id"));
        Engine.Materialize("drawn", "SELECT id, uuid() AS draw FROM range(0, 5)");
        Assert.NotEqual(first, Engine.Query("SELECT * FROM drawn ORDER BY id"));
        Engine.Drop("drawn");
        Engine.Drop("drawn");
        var failure = Assert.Throws<SqlEngineException>(() => Engine.Query("SELECT * FROM drawn"));
        Assert.Equal(SparkErrorKind.TableNotFound, Assert.IsType<SparkException>(failure.InnerException).Kind);
    }

    [SkippableFact]
    public void AnotherSessionsMaterializedRowsAreNotTakenForFilesThatChangedSince()
    {
        string file = Path.Combine(directory, "log.parquet");
        Write(file, 1);
        Engine.ReadParquet("log", [file]);
        Engine.Materialize("kept", "SELECT n FROM log");
        Assert.Equal(1L, Engine.Query("SELECT sum(n) FROM kept")[0][0]);
        File.Delete(file);
        Write(file, 2);
        using SparkConnectEngine later = SparkConnectEngine.Connect(spark.Address, new());
        later.ReadParquet("log", [file]);
        later.Materialize("kept", "SELECT n FROM log");
        Assert.Equal(2L, later.Query("SELECT sum(n) FROM kept")[0][0]);

        static void Write(string path, long n)
        {
            using var parquet = ParquetFile.Create(path, ("n", typeof(long)));
            parquet.WriteGroup(new[] { n });
        }
    }

    [SkippableFact]
    public void WrittenPartitionsAreReadByParquetNetWithTheSameRows()
    {
        string written = Path.Combine(directory, "with a blank");
        Engine.WriteParquet("SELECT id AS user_index, CAST(id * 2 AS INT) AS item_index, CAST(id % 3 AS INT) AS shard FROM range(0, 100)", written, "shard");
        Assert.Equal(["shard=0", "shard=1", "shard=2"], Directory.GetDirectories(written).Select(path => Path.GetFileName(path)).Order());
        long[] users = ParquetColumns.Read<long>(written, "user_index");
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), users.Order());
        Assert.Equal(users.Select(user => (int)(2 * user)), ParquetColumns.Read<int>(written, "item_index"));
        Assert.All(ParquetColumns.Read<long>(Path.Combine(written, "shard=1"), "user_index"), user => Assert.Equal(1, user % 3));
    }

    [SkippableFact]
    public void ParquetIsReadWithItsColumnsAndTheNamesOfItsFiles()
    {
        string[] files = [Path.Combine(directory, "a +%20[1].parquet"), Path.Combine(directory, "shard=7", "ü.parquet")];
        foreach (string file in files)
        {
            using var parquet = ParquetFile.Create(file, ("user id", typeof(string)), ("n", typeof(int)), ("x", typeof(float)));
            parquet.WriteGroup(new[] { "u" }, new[] { 3 }, new[] { 0.5f });
        }

        IReadOnlyList<SqlColumn> columns = Engine.ReadParquet("log", files);
        Assert.Equal([new("user id", SqlColumnKind.Text), new("n", SqlColumnKind.WholeNumber), new("x", SqlColumnKind.Floating)], columns);
        Assert.Equal(files.Order(StringComparer.Ordinal), Engine.Query("SELECT ncf_file FROM log ORDER BY ncf_file").Select(row => (string)row[0]!));
        Assert.Equal<object?>(["u", 3L, 0.5], Engine.Query($"SELECT {Engine.Dialect.Quoted("user id")}, n, x FROM log")[0]);
    }

    [SkippableFact]
    public void CsvLinesThatFitAreReadAndTheOthersKeptApart()
    {
        string plain = Path.Combine(directory, "plain.csv"), packed = Path.Combine(directory, "packed.csv.gz");
        File.WriteAllBytes(plain, [.. Encoding.UTF8.GetBytes("user,item,at\n1,\"a, \"\"b\"\"\",10\n2,c\n3,d,30,x\n4,,40\n${x},'\\n,50\n5,"), 0xC3, 0x28,
            .. Encoding.UTF8.GetBytes(",60\n")]);
        using (var gzip = new GZipStream(File.Create(packed), CompressionLevel.Fastest)) gzip.Write("user,item,at\n6,e,70\n"u8);

        Engine.ReadCsv("log", [plain, packed], new CsvLayout(",", Header: true, Columns: 3));
        Assert.Equal(
            ["1|a, \"b\"|10|plain.csv", "4||40|plain.csv", "${x}|'\\n|50|plain.csv", "6|e|70|packed.csv.gz"],
            Engine.Query("SELECT c1, coalesce(c2, ''), c3, ncf_file FROM log WHERE ncf_fits ORDER BY c3")
                .Select(row => string.Join('|', row.Take(3).Append(Path.GetFileName((string)row[3]!)))));
        Assert.Equal(
            ["2,c: has not 3 columns, or its quotes do not match", "3,d,30,x: has not 3 columns, or its quotes do not match", "5,\uFFFD(,60: is not UTF-8"],
            Engine.Query("SELECT text, reason FROM log_rejected WHERE line IS NULL ORDER BY text").Select(row => $"{row[0]}: {row[1]}"));
        Assert.Equal(4L, Engine.Query("SELECT count(*) FROM log WHERE ncf_fits")[0][0]); // though no column is asked for
    }

    [SkippableFact]
    public void AnEmptyQueryLeavesADirectoryWithoutRows()
    {
        string written = Path.Combine(directory, "none");
        Engine.WriteParquet("SELECT id, 1 AS shard FROM range(0, 5) WHERE id > 9", written, "shard");
        Assert.True(Directory.Exists(written));
        Assert.Empty(Directory.GetFiles(written, "*.parquet", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public void CtrlCEndsTheStatementThatIsRunningAndNothingIsWritten()
    {
        string written = Path.Combine(directory, "cancelled");
        using var cancellation = new CancellationTokenSource();
        using SparkConnectEngine engine = SparkConnectEngine.Connect(spark.Address, new(), cancellation.Token);
        cancellation.CancelAfter(1500);
        Assert.ThrowsAny<OperationCanceledException>(() => engine.WriteParquet($"SELECT {SparkSql.Sleep("id", 60_000)} AS x FROM range(0, 4)", written));
        Assert.False(File.Exists(Path.Combine(written, "_SUCCESS")));
    }

    public void Dispose()
    {
        opened?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private IReadOnlyList<object?> Row(string expressions) => Engine.Query($"SELECT {expressions}")[0];
}
