using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>What every engine must do, on Spark.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkEngineSuiteTests(SparkFixture spark, SparkEngineSuiteTests.Session session)
    : SqlEngineSuite, IClassFixture<SparkEngineSuiteTests.Session>
{
    protected override ISqlEngine Engine => session.Of(spark);

    /// <summary>One session for all tests of the class.</summary>
    public sealed class Session : IDisposable
    {
        private SparkConnectEngine? engine;

        public SparkConnectEngine Of(SparkFixture spark) => engine ??= SparkConnectEngine.Connect(spark.Address, new SparkConnectOptions());

        public void Dispose() => engine?.Dispose();
    }
}
