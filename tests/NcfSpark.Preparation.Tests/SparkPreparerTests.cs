using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>The laws on Spark, and the same rows there as on DuckDB.</summary>
[Collection(SparkCollection.Name)]
public sealed class SparkPreparerTests(SparkFixture spark, EngineFixture duckDb) : PreparerSuite
{
    protected override ISqlEngine Engine => spark.Engine;

    // A random log takes Spark some 10 s, whatever its size: the laws are for who asks for them. What they say of DuckDB's rows holds for
    // these, which are the same.
    protected override int MostCases => int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_SPARK_CASES") ?? "0");

    [SkippableFact]
    public void MovieLensHasTheSameRowsOnBothEngines()
    {
        var input = new InputOptions { Path = Path.Combine(TestFolder.RepositoryRoot, "tests", "data", "ml-latest-small", "ratings.csv"), UserColumn = "userId", ItemColumn = "movieId", RatingColumn = "rating", MinRating = 2 };
        var options = new PrepareOptions { Validation = true, TestCandidates = 20 };
        using var folder = new TestFolder();
        StageDirectory Prepared(ISqlEngine engine, string run) => Preparer.Prepare(engine, input, options, Path.Combine(folder.Path, run), SilentProgress.Instance);
        StageDirectory here = Prepared(duckDb.Engine, "duckdb"), there = Prepared(Engine, "spark");
        Rows.AssertEqual(Rows.Of(here), Rows.Of(there));
        Assert.Equal(here.Manifest.Fingerprint, there.Manifest.Fingerprint);
        Assert.Equal(here.Manifest.Rows, there.Manifest.Rows);
        Assert.Equal(Directory.GetDirectories(here.File("train")).Select(Path.GetFileName).Order(), Directory.GetDirectories(there.File("train")).Select(Path.GetFileName).Order());
    }

    /// <summary>2 million rows take minutes: NCFSPARK_TEST_SYNTHETIC=2 asks for as many millions.</summary>
    [SkippableFact]
    public void AnyNumberOfPartitionsGivesTheRowsOfDuckDb()
    {
        double millions = double.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_SYNTHETIC") ?? "0");
        Skip.If(millions == 0, "NCFSPARK_TEST_SYNTHETIC=2 runs it on 2 million interactions.");
        using var folder = new TestFolder();
        string csv = Path.Combine(folder.Path, "log.csv");
        var chance = RandomStream.Named(3, "log");
        using (var writer = new StreamWriter(csv))
        {
            writer.Write("user_id,item_id,timestamp\n");
            for (long row = 0; row < millions * 1e6; row++) writer.Write($"{(long)(14_000 * Math.Pow(chance.Unit(3 * row), 1.9))},{(long)(27_000 * Math.Pow(chance.Unit((3 * row) + 1), 2.2))},{chance.Below((3 * row) + 2, 1_000_000)}\n");
        }

        var options = new PrepareOptions { Validation = true, TestCandidates = 0 };
        SortedDictionary<string, string> Digests(ISqlEngine engine, string run)
        {
            string path = Path.Combine(folder.Path, run);
            StageDirectory prepared = Preparer.Prepare(engine, new InputOptions { Path = csv }, options, path, SilentProgress.Instance);
            var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (string part in new[] { "users", "items", "train", "validation", "test" })
            {
                string all = $"read_parquet('{prepared.File(part)}/**/*.parquet', hive_partitioning = true)";
                digests[part] = string.Join(' ', duckDb.Engine.Query($"SELECT CAST(count(*) AS STRING), CAST(bit_xor(hash(t)) AS STRING), CAST(sum(hash(t) % 1000003) AS STRING) FROM (SELECT COLUMNS(*)::BIGINT FROM {all}) t")[0]);
            }

            Directory.Delete(path, recursive: true);
            return digests;
        }

        SortedDictionary<string, string> here = Digests(duckDb.Engine, "duckdb");
        foreach (int partitions in new[] { 1, 2, 7, 200 })
        {
            Engine.Execute($"SET spark.sql.shuffle.partitions={partitions}");
            Assert.Equal(here, Digests(Engine, $"spark-{partitions}"));
        }
    }
}
