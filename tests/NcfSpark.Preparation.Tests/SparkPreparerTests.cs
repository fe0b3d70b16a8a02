using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>The laws on Spark, and the same rows there as on DuckDB.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkPreparerTests(SparkFixture spark, EngineFixture duckDb) : PreparerSuite
{
    protected override ISqlEngine Engine => spark.Engine;

    // A log takes Spark a few seconds, whatever its size: few are tried, none of them tiny. NCFSPARK_TEST_SPARK_CASES asks for more.
    protected override int MostCases => int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_SPARK_CASES") ?? "1");

    [SkippableFact]
    public void MovieLensHasTheSameRowsOnBothEngines() => spark.With(SparkFixture.ForLargeLogs, () =>
    {
        var input = new InputOptions
        {
            Path = Path.Combine(TestFolder.RepositoryRoot, "tests", "data", "ml-latest-small", "ratings.csv"),
            UserColumn = "userId",
            ItemColumn = "movieId",
            RatingColumn = "rating",
            MinRating = 2,
        };
        var options = PlainOptions.Prepare with { Validation = true, TestCandidates = 20 };
        using var folder = new TestFolder();
        StageDirectory Prepared(ISqlEngine engine, string run) =>
            PreparedRun.Prepare(engine, input, options, Path.Combine(folder.Path, run), SilentProgress.Instance);
        StageDirectory here = Prepared(duckDb.Engine, "duckdb"), there = Prepared(Engine, "spark");
        Rows.AssertEqual(Rows.Of(here), Rows.Of(there));
        Assert.Equal(here.Manifest.Fingerprint, there.Manifest.Fingerprint);
        Assert.Equal(here.Manifest.Rows, there.Manifest.Rows);
        Assert.Equal(Directory.GetDirectories(here.File("train")).Select(Path.GetFileName).Order(),
            Directory.GetDirectories(there.File("train")).Select(Path.GetFileName).Order());
    });

    /// <summary>
    /// 20,000 interactions, without and with Spark's joining of small partitions; NCFSPARK_TEST_SYNTHETIC=2 asks for 2
    /// million, also with 200 partitions that are not joined.
    /// </summary>
    [SkippableFact]
    public void AnyNumberOfPartitionsGivesTheRowsOfDuckDb()
    {
        _ = Engine; // skips where there is none
        string? asked = Environment.GetEnvironmentVariable("NCFSPARK_TEST_SYNTHETIC");
        using var folder = new TestFolder();
        string csv = Path.Combine(folder.Path, "log.csv");
        WriteLog(csv, rows: (int)(double.Parse(asked ?? "0.02") * 1e6));

        var options = PlainOptions.Prepare with { Validation = true, TestCandidates = 0 };
        SortedDictionary<string, string> Digests(ISqlEngine engine, string run)
        {
            string path = Path.Combine(folder.Path, run);
            StageDirectory prepared = PreparedRun.Prepare(engine, new InputOptions { Path = csv }, options, path, SilentProgress.Instance);
            var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (string part in new[] { "users", "items", "train", "validation", "test" })
            {
                string all = $"read_parquet('{prepared.File(part)}/**/*.parquet', hive_partitioning = true)";
                digests[part] = string.Join(' ',
                    duckDb.Engine.Query("SELECT CAST(count(*) AS STRING), CAST(bit_xor(hash(t)) AS STRING), CAST(sum(hash(t) % 1000003) AS STRING) "
                        + $"FROM (SELECT COLUMNS(*)::BIGINT FROM {all}) t")[0]);
            }

            Directory.Delete(path, recursive: true);
            return digests;
        }

        SortedDictionary<string, string> here = Digests(duckDb.Engine, "duckdb");
        (int Partitions, bool Joined)[] settings = asked is null
            ? [(1, true), (2, false), (7, false), (200, true)]
            : [(1, true), (2, false), (7, false), (200, true), (200, false)];
        foreach ((int partitions, bool joined) in settings)
        {
            spark.With(
                [.. SparkFixture.ForLargeLogs, ("spark.sql.shuffle.partitions", $"{partitions}"), ("spark.sql.adaptive.enabled", joined ? "true" : "false")],
                () => Assert.Equal(here, Digests(Engine, $"spark-{partitions}-{joined}")));
        }
    }

    // Users and items by power laws; and one more user with a twentieth of all interactions, 100,000 of 2 million, each with another item.
    private static void WriteLog(string csv, int rows)
    {
        var chance = RandomStream.Named(3, "log");
        using var writer = new StreamWriter(csv);
        writer.Write("user_id,item_id,timestamp\n");
        for (long row = 0; row < rows; row++)
        {
            long user = (long)(rows / 140.0 * Math.Pow(chance.Unit(3 * row), 1.9)), item = (long)(27_000 * Math.Pow(chance.Unit((3 * row) + 1), 2.2));
            writer.Write($"{user},{item},{chance.Below((3 * row) + 2, 1_000_000)}\n");
        }

        for (int one = 0; one < rows / 20; one++) writer.Write($"{rows},{2 * one},{one % 1000}\n");
    }
}
