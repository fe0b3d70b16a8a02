using NcfSpark.Engines;
using NcfSpark.Engines.SparkConnect;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>One Spark on two threads for all tests of this project, started by the first that asks.</summary>
public sealed class SparkFixture : IDisposable
{
    private readonly Lazy<SparkConnectEngine> engine;

    // For small logs the JVM's second compiler costs more than it saves.
    private static readonly string[] ForSmallLogs = ["--conf", "spark.sql.shuffle.partitions=2", "--driver-java-options", "-XX:TieredStopAtLevel=1"];

    public SparkFixture() => engine = new Lazy<SparkConnectEngine>(() =>
        SparkConnectEngine.Start(new SparkServerOptions { Master = "local[2]", SparkHome = SparkHome.Require(), SubmitArguments = ForSmallLogs }, new SparkConnectOptions()));

    /// <summary>Skips the test where there is none; in CI it fails there.</summary>
    public IClusterEngine Engine => SparkHome.Require().Length > 0 ? engine.Value : throw new InvalidOperationException();

    public void Dispose()
    {
        if (engine.IsValueCreated) engine.Value.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class SparkCollection : ICollectionFixture<SparkFixture>, ICollectionFixture<EngineFixture>
{
    public const string Name = "Spark";
}
