using System.Net;
using NcfSpark.Engines.SparkConnect;
using NcfSpark.Engines.Tests.SparkConnect;
using NcfSpark.Storage.Tests.S3;

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

    /// <summary>A folder that this Spark sees as s3a://: s3a://shop/nights/a is its shop/nights/a.</summary>
    public string Buckets { get; } = Directory.CreateTempSubdirectory("ncfspark-buckets-").FullName;

    public RunningSpark() => server = new(() => Task.Run(() => SparkConnectServer.StartAsync(new SparkServerOptions
    {
        Master = "local-cluster[2,1,1024]",
        SparkHome = SparkHome.Require(),
        SubmitArguments = ["--conf", $"spark.executorEnv.{Variable}={marker}",
            "--conf", "spark.hadoop.fs.s3a.impl=org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
            "--conf", $"spark.hadoop.fs.viewfs.mounttable.{S3Server.Bucket}.link./nights=file://{Buckets}/{S3Server.Bucket}/nights", .. SparkHome.ForSeconds],
    })).GetAwaiter().GetResult());

    /// <summary>What a verb's command line names it by.</summary>
    public string[] Remote => ["--remote", $"{server.Value.Address}/;token={server.Value.Address.Token}"];

    /// <summary>A way to the same that the program takes for one to another machine: by this one's name.</summary>
    internal CutNetwork Elsewhere() => new(server.Value.Address.Port, IPAddress.Any);

    /// <param name="way">From <see cref="Elsewhere"/>.</param>
    internal string[] RemoteBy(CutNetwork way) =>
        ["--remote", $"sc://{Environment.MachineName}:{way.Port}/;token={server.Value.Address.Token};use_ssl=false"];

    /// <summary>Processes within its tasks that have this among the words of their command lines.</summary>
    public int[] Tasks(string word) => OwnProcesses.WithWord(word, $"{Variable}={marker}");

    /// <summary>What its executors wrote so far.</summary>
    public string[] ExecutorLogs() => [.. OwnProcesses.WithWord("org.apache.spark.executor.CoarseGrainedExecutorBackend", $"{Variable}={marker}")
        .Select(id => File.ReadAllText($"/proc/{id}/cwd/stderr"))];

    public void Dispose()
    {
        if (server.IsValueCreated) server.Value.Dispose();
        Directory.Delete(Buckets, recursive: true);
    }
}

/// <summary>The classes that share a <see cref="RunningSpark"/>.</summary>
[CollectionDefinition(Name)]
public sealed class RunningSparkCollection : ICollectionFixture<RunningSpark>
{
    public const string Name = "running Spark";
}
