using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>
/// One Spark on two threads for all tests of the collection, started by the first that asks. It ends every stream after
/// 3 s or 4 MB, so that whatever takes longer, or brings more, is reattached to.
/// </summary>
public sealed class SparkFixture : IDisposable
{
    private readonly Lazy<SparkConnectServer> server;

    public SparkFixture() => server = new Lazy<SparkConnectServer>(() => Start("local[2]",
        "--conf", "spark.connect.execute.reattachable.senderMaxStreamDuration=3s",
        "--conf", "spark.connect.execute.reattachable.senderMaxStreamSize=4m"));

    /// <summary>Skips the test where there is none.</summary>
    public string Home => SparkHome.Require();

    public SparkConnectionString Address => Home.Length > 0 ? server.Value.Address : throw new InvalidOperationException();

    /// <summary>Of the shell around it.</summary>
    public int ProcessId => server.Value.ProcessId;

    public SparkConnectServer Start(string master, params string[] arguments)
    {
        var options = new SparkServerOptions { Master = master, SparkHome = Home, SubmitArguments = [.. arguments, .. SparkHome.ForSeconds] };
        return Task.Run(() => SparkConnectServer.StartAsync(options)).GetAwaiter().GetResult();
    }

    public Task<SparkConnectClient> ConnectAsync(SparkConnectOptions? options = null) => SparkConnectClient.ConnectAsync(Address, options ?? new());

    public void Dispose()
    {
        if (server.IsValueCreated) server.Value.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class SparkCollection : ICollectionFixture<SparkFixture>
{
    public const string Name = "Spark";
}

internal static class SparkSql
{
    /// <summary>An expression that takes a while for each row. (It depends on a column, or Spark would compute it once.)</summary>
    public static string Sleep(string column, int milliseconds) => $"java_method('java.lang.Thread', 'sleep', {milliseconds}L + 0 * {column})";
}
