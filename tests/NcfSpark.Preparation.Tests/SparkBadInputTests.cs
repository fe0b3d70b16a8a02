using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>Bad input is told on Spark as it is on DuckDB, with its file, line and column, and the cure.</summary>
[Collection(SparkCollection.Name)]
public sealed class SparkBadInputTests(SparkFixture spark, EngineFixture duckDb)
{
    [SkippableTheory]
    [InlineData("too few columns")]
    [InlineData("a quote that does not end")]
    [InlineData("invalid UTF-8")]
    [InlineData("NaN and fractions in Parquet")]
    public void ARowThatDoesNotFitIsTold(string name) => AssertRefused(name);

    [SkippableFact]
    public void EveryCaseOfDuckDbIsRefusedInTheSameWords()
    {
        SparkHome.RequireCi("two minutes");
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
