using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Input that only Spark reads, and what is said of bad input there.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkInputTests(SparkFixture spark, EngineFixture duckDb) : IDisposable
{
    private const string Header = "user_id,item_id,timestamp\n", Good = Header + "1,10,100\n1,11,200\n2,10,300\n2,12,400\n2,11,150\n";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public void ATableAPathWithASchemeAndAFileGiveTheSameRows()
    {
        string csv = folder.Write("log.csv", Good), parquet = Path.Combine(folder.Path, "parquet");
        spark.Engine.ReadCsv("ncf_test_log", [csv], new CsvLayout(",", true, 3));
        spark.Engine.Execute("CREATE OR REPLACE TEMP VIEW ncf_test_table AS SELECT CAST(c1 AS BIGINT) AS user_id, CAST(c2 AS INT) AS item_id, "
            + "CAST(c3 AS BIGINT) AS timestamp FROM ncf_test_log");
        spark.Engine.WriteParquet("SELECT * FROM ncf_test_table", parquet);
        Rows file = Prepared(duckDb.Engine, csv).Rows;
        string quoted = folder.Write("quoted.csv", Good.Replace("1,10,100", "\"1\",10,100", StringComparison.Ordinal));
        foreach (string place in new[] { "table:ncf_test_table", $"file:{csv}", $"file:{parquet}", quoted })
        {
            Rows.AssertEqual(file, Prepared(spark.Engine, place).Rows);
        }
    }

    [SkippableFact]
    public void ATablesFingerprintIsThatOfItsRowsWhateverTheirOrder()
    {
        string Fingerprint(string rows)
        {
            spark.Engine.Execute($"CREATE OR REPLACE TEMP VIEW ncf_test_rows AS SELECT * FROM VALUES {rows} AS t(user_id, item_id, timestamp)");
            return new Preparer(new InputOptions { Path = "table:ncf_test_rows" }, PlainOptions.Prepare).InputHash(() => spark.Engine);
        }

        string one = Fingerprint("(1, 10, 100), (2, 10, 200)");
        Assert.Equal(one, Fingerprint("(2, 10, 200), (1, 10, 100)"));
        Assert.NotEqual(one, Fingerprint("(1, 10, 100), (2, 10, 201)"));
        Assert.NotEqual(one, Fingerprint("(1, 10, 100), (2, 10, 200), (2, 10, 200)"));
    }

    [SkippableFact]
    public void WhatIsNotThereIsNamedWithTheSetting()
    {
        InvalidInputException table = Assert.Throws<InvalidInputException>(() => Prepared(spark.Engine, "table:no_such_table"));
        Assert.Contains("no_such_table", table.Message, StringComparison.Ordinal);
        Assert.Contains("TABLE_OR_VIEW_NOT_FOUND", table.Message, StringComparison.Ordinal);
        Assert.Contains("Input:Path", table.Message, StringComparison.Ordinal);
        InvalidInputException path = Assert.Throws<InvalidInputException>(() => Prepared(spark.Engine, $"file:{folder.Path}/none.parquet"));
        Assert.Contains("PATH_NOT_FOUND", path.Message, StringComparison.Ordinal);
        Assert.Equal([], Directory.GetFileSystemEntries(folder.Path, "prepared", SearchOption.AllDirectories));
    }

    [SkippableTheory]
    [InlineData(Good + "3,10,yesterday\n", "line 7: column timestamp holds 'yesterday', which is no number")]
    [InlineData(Good + ",10,500\n", "line 7: column user_id is empty")]
    [InlineData(Good + "9223372036854775808,10,500\n", "line 7: column user_id holds '9223372036854775808', which is a whole number beyond 64 bits")]
    [InlineData(Good + "3,10\n", "3 columns")]
    [InlineData(Good + Header, "line 7: column timestamp holds 'timestamp', which is no number")]
    [InlineData(Header + "1,10,964982703000\n1,11,964982704\n1,12,964982705\n", "2 rows hold seconds since 1970, 1 holds milliseconds since 1970")]
    [InlineData(Header + "1,10,2014-04-06\n1,11,2014-04-07\n2,10,2014-02-30\n", "line 4: column timestamp holds '2014-02-30', which is no date")]
    [InlineData(Header + "1,10,5\n1,11,5\n2,10,5\n", "one and the same time in all 3 rows")]
    [InlineData(Header + "1,10,5\n1,11,6\n\\N,10,7\n", "line 4: column user_id holds '\\N', which says that there is no value")]
    public void BadRowsAreToldAsOnDuckDb(string text, string says)
    {
        string csv = folder.Write("log.csv", text);
        string here = Assert.Throws<InvalidInputException>(() => Prepared(duckDb.Engine, csv)).Message;
        string there = Assert.Throws<InvalidInputException>(() => Prepared(spark.Engine, csv)).Message;
        Assert.Contains(says, here, StringComparison.Ordinal);
        Assert.Equal(here, there);
    }

    [Fact]
    public void DuckDbSaysThatATableIsSparks()
    {
        InvalidInputException refusal = Assert.Throws<InvalidInputException>(() => Prepared(duckDb.Engine, "table:views"));
        Assert.Contains("add --master URL or --remote", refusal.Message, StringComparison.Ordinal);
    }

    private (Rows Rows, StageDirectory Directory) Prepared(ISqlEngine engine, string path)
    {
        StageDirectory prepared = PreparedRun.Prepare(engine, new InputOptions { Path = path }, PlainOptions.Prepare with { TestCandidates = 2, Holdout = 1 },
            Path.Combine(folder.Path, $"run-{Guid.NewGuid():N}"), SilentProgress.Instance);
        return (Rows.Of(prepared), prepared);
    }
}
