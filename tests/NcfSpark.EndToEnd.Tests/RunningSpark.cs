using NcfSpark.Engines.SparkConnect;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// A Spark Connect server with two executors of one slot each, started when a test first asks for it and there for all
/// of them: a Spark takes longer to start than most of them take on it.
/// </summary>
public sealed class RunningSpark : IDisposable
{
    private const string Variable = "NCFSPARK_TEST_RUN";

    private readonly string marker = $"ncfspark-test-{Guid.NewGuid():N}"; // in the environment of its executors
    private readonly Lazy<SparkConnectServer> server;

    public RunningSpark() => server = new(() => Task.Run(() => SparkConnectServer.StartAsync(new SparkServerOptions
    {
        Master = "local-cluster[2,1,1024]",
        SparkHome = SparkHome.Require(),
        SubmitArguments = ["--conf", $"spark.executorEnv.{Variable}={marker}", .. SparkHome.ForSeconds],
    })).GetAwaiter().GetResult());

    /// <summary>What a verb's command line names it by.</summary>
    public string[] Remote => ["--remote", $"{server.Value.Address}/;token={server.Value.Address.Token}"];

    /// <summary>Processes within its tasks that have this among the words of their command lines.</summary>
    public int[] Tasks(string word) => OwnProcesses.WithWord(word, $"{Variable}={marker}");

    public void Dispose()
    {
        if (server.IsValueCreated) server.Value.Dispose();
    }
}

/// <summary>The classes that share a <see cref="RunningSpark"/>.</summary>
[CollectionDefinition(Name)]
public sealed class RunningSparkCollection : ICollectionFixture<RunningSpark>
{
    public const string Name = "running Spark";
}
