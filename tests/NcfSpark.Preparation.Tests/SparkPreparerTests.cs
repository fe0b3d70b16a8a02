using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>The laws on Spark, and the same rows there as on DuckDB.</summary>
[Collection(SparkCollection.Name)]
public sealed class SparkPreparerTests(SparkFixture spark, EngineFixture duckDb) : PreparerSuite
{
    protected override ISqlEngine Engine => spark.Engine;

    protected override int MostCases => 1;

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
}
