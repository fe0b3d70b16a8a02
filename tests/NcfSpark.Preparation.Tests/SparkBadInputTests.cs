using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>Bad input is told on Spark as it is on DuckDB, with its file, line and column, and the cure.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkBadInputTests(SparkFixture spark, EngineFixture duckDb)
{
    [SkippableFact]
    public void EveryCaseOfDuckDbIsRefusedInTheSameWords()
    {
        var failures = new List<string>();
        foreach (string name in BadInputTests.All)
        {
            try
            {
                AssertRefused(name);
            }
            catch (Xunit.Sdk.XunitException failure)
            {
                failures.Add($"{name}: {failure.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    private void AssertRefused(string name)
    {
        using var cases = new BadInputTests(duckDb);
        cases.AssertRefused(spark.Engine, name);
    }
}
