using NcfSpark.Engines;
using NcfSpark.Engines.SparkConnect;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>One Spark on two threads for all tests of this project, started by the first that asks.</summary>
public sealed class SparkFixture : IDisposable
{
    private readonly Lazy<SparkConnectEngine> engine;

    // A log of the tests is small, and a statement long: compiling and describing it takes several times as long as
    // running it. ForLargeLogs takes back what a session can.
    private static readonly string[] ForSmallLogs =
    [
        "--driver-java-options", "-XX:TieredStopAtLevel=1", "--conf", "spark.ui.enabled=false", "--conf", "spark.sql.ui.explainMode=simple", "--conf",
        "spark.sql.maxPlanStringLength=100", "--conf", "spark.sql.shuffle.partitions=2",
        "--conf", "spark.sql.adaptive.enabled=false", "--conf", "spark.sql.codegen.wholeStage=false", "--conf", "spark.sql.codegen.factoryMode=NO_CODEGEN",
    ];

    /// <summary>Spark's own defaults, with which it compiles statements, and joins partitions as it goes.</summary>
    internal static (string Key, string Value)[] ForLargeLogs { get; } = [("spark.sql.adaptive.enabled", "true"), ("spark.sql.codegen.wholeStage", "true"),
        ("spark.sql.codegen.factoryMode", "FALLBACK")];

    public SparkFixture() => engine = new Lazy<SparkConnectEngine>(() =>
        SparkConnectEngine.Start(new SparkServerOptions { Master = "local[2]", SparkHome = SparkHome.Require(), SubmitArguments = ForSmallLogs },
            new SparkConnectOptions()));

    /// <summary>Skips the test where there is none; in CI it fails there.</summary>
    public IClusterEngine Engine => SparkHome.Require().Length > 0 ? engine.Value : throw new InvalidOperationException();

    /// <summary>Does something under settings of the session, and takes them back.</summary>
    internal void With(IReadOnlyList<(string Key, string Value)> settings, Action act)
    {
        foreach ((string key, string value) in settings) Engine.Execute($"SET {key}={value}");
        try
        {
            act();
        }
        finally
        {
            foreach ((string key, _) in settings) Engine.Execute($"RESET {key}");
        }
    }

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
