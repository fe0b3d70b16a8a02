using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>A run directory that Spark writes; file: stands for a store that only Spark reaches.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkOutputTests(SparkFixture spark, EngineFixture duckDb) : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public void ACopyOfAVersionThatSparkWroteIsThePreparedDirectoryOfDuckDb()
    {
        string csv = folder.Write("log.csv", "user_id,item_id,timestamp\n1,10,100\n1,11,200\n2,10,300\n2,12,400\n2,11,150\n3,10,never\n");
        string run = Path.Combine(folder.Path, "it's a run");
        StageDirectory expected = Prepared(duckDb.Engine, csv, Path.Combine(folder.Path, "here"));
        StageDirectory version = Prepared(spark.Engine, csv, $"file:{run}/");

        string written = Assert.Single(Directory.GetDirectories(Path.Combine(run, "prepared")));
        Assert.Equal($"file:{run}/prepared/{Path.GetFileName(written)}", version.Path);
        Assert.Equal(expected.Manifest.Fingerprint, version.Manifest.Fingerprint);

        string copy = Path.Combine(folder.Path, "copied", "prepared");
        Copy(written, copy);
        StageDirectory opened = StageDirectory.Open(Path.Combine(folder.Path, "copied"), "prepared");
        Assert.Equal(expected.Manifest.Rows, opened.Manifest.Rows);
        Rows.AssertEqual(Rows.Of(expected), Rows.Of(opened));
        Assert.Contains("column timestamp holds 'never'",
            File.ReadAllText(Directory.GetFiles(Path.Combine(copy, "bad_rows.csv"), "part-*").Single()), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void AVersionIsThereWhenItsManifestIsAndACopyIsCheckedAgainstIt()
    {
        string run = Path.Combine(folder.Path, "it's a run");
        using SparkStageWriter unfinished = SparkStageWriter.Begin(spark.Engine, $"file:{run}", "prepared", TimeProvider.System);
        spark.Engine.WriteParquet("SELECT 1 AS n", unfinished.File("users"));
        using SparkStageWriter writer = SparkStageWriter.Begin(spark.Engine, $"file:{run}/", "prepared", TimeProvider.System);
        spark.Engine.WriteParquet("SELECT CAST(id AS INT) AS n, CAST(id % 2 AS INT) AS shard FROM range(0, 10) AS r(id)",
            writer.File("train"), partitionBy: "shard");
        StageDirectory published = writer.Publish(new StageManifest
        {
            Stage = "prepared",
            Fingerprint = "f",
            MadeFrom = [],
            Configuration = new() { ["Input"] = JsonValue.Create("a 'quote', a \\ and ${x}") },
            Seed = 1,
            Rows = new() { ["train"] = 10, ["test"] = 0 },
        });

        string[] versions = [.. Directory.GetDirectories(Path.Combine(run, "prepared")).Order(StringComparer.Ordinal)];
        Assert.Equal(2, versions.Length);
        Assert.Equal(published.Path, $"file:{versions[1]}");
        Copy(versions[0], Path.Combine(folder.Path, "unfinished", "prepared"));
        Assert.Contains("has no manifest.json", Refused("unfinished"), StringComparison.Ordinal);

        string copy = Path.Combine(folder.Path, "copied", "prepared");
        Copy(versions[1], copy);
        StageDirectory opened = StageDirectory.Open(Path.Combine(folder.Path, "copied"), "prepared");
        Assert.Equal("a 'quote', a \\ and ${x}", opened.Manifest.Configuration["Input"].GetValue<string>());
        Assert.Equal([.. Enumerable.Range(0, 10)], ParquetColumns.Read<int>(opened.File("train"), "n").Order());

        string file = Directory.GetFiles(Path.Combine(copy, "train"), "*.parquet", SearchOption.AllDirectories)[0];
        File.AppendAllText(file, "x");
        Assert.Contains("were written. Run `prepare`", Refused("copied"), StringComparison.Ordinal);
        File.Delete(file);
        Assert.Contains("is missing", Refused("copied"), StringComparison.Ordinal);
    }

    [Fact]
    public void DuckDbSaysThatTheRunDirectoryIsSparks()
    {
        string csv = folder.Write("log.csv", "user_id,item_id,timestamp\n1,10,100\n1,11,200\n2,10,300\n");
        Assert.Contains("add --master URL or --remote",
            Assert.Throws<InvalidInputException>(() => Prepared(duckDb.Engine, csv, "s3a://bucket/run")).Message, StringComparison.Ordinal);
    }

    private string Refused(string run) => Assert.Throws<InvalidInputException>(() => StageDirectory.Open(Path.Combine(folder.Path, run), "prepared")).Message;

    private static StageDirectory Prepared(ISqlEngine engine, string csv, string run) =>
        PreparedRun.Prepare(engine, new InputOptions { Path = csv, MaxBadRows = 1 }, PlainOptions.Prepare with { TestCandidates = 2, Holdout = 1 },
            run, SilentProgress.Instance);

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
