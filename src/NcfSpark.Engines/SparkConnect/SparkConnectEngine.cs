using Apache.Arrow;
using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// A Spark behind <see cref="ISqlEngine"/>, through Spark Connect: a server that runs already, or one that is started and stopped with the engine.
/// Failures are <see cref="SqlEngineException"/> with the <see cref="SparkException"/> as their cause.
/// </summary>
/// <remarks>
/// Materialized tables are cached by Spark, in the executors' memory and then on their disks: that needs no directory
/// that all executors share. Should an executor be lost, Spark computes its part again, to the same rows.
/// </remarks>
public sealed class SparkConnectEngine : SparkEngine
{
    private readonly SparkConnectClient client;
    private readonly SparkConnectServer? server;
    private readonly CancellationToken cancellation;
    private readonly string? run;
    private string? described;
    private bool serverLost;

    private SparkConnectEngine(SparkConnectClient client, SparkConnectServer? server, string? run, CancellationToken cancellation) =>
        (this.client, this.server, this.run, this.cancellation) = (client, server, run, cancellation);

    protected override string Version => client.SparkVersion;

    /// <summary>Uses a server that runs.</summary>
    /// <param name="cancellation">Stops the statement that is running, now and as long as the engine lives (Ctrl-C).</param>
    /// <exception cref="InvalidInputException">There is none at that address, or it does not let us in.</exception>
    public static SparkConnectEngine Connect(SparkConnectionString address, SparkConnectOptions options, CancellationToken cancellation = default) =>
        Wait(async () => new SparkConnectEngine(await OpenAsync(address, options, cancellation), null, options.RunName, cancellation));

    /// <summary>Starts a server and uses it; both end together.</summary>
    /// <inheritdoc cref="SparkConnectServer.StartAsync"/>
    public static SparkConnectEngine Start(SparkServerOptions serverOptions, SparkConnectOptions options, CancellationToken cancellation = default) =>
        Wait(async () =>
    {
        SparkConnectServer server = await SparkConnectServer.StartAsync(serverOptions, cancellation);
        try
        {
            SparkConnectClient client = await OpenAsync(server.Address, options with { HowServerEnded = server.HowItEnded }, cancellation);
            return new SparkConnectEngine(client, server, options.RunName, cancellation);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    });

    public override void Execute(string sql) => Run(() => client.ExecuteAsync(sql, cancellation: cancellation));

    public override IReadOnlyList<IReadOnlyList<object?>> Query(string sql)
    {
        Announce(SparkDescription.WordsOf(sql));
        return Guarded(() => client.QueryAsync(sql, "Spark: query", cancellation));
    }

    // Spark shares cached rows among all sessions whose plans are equal. The condition, true and new each time, keeps a
    // plan from being equal to one that an earlier run left in a server, with rows of files that have changed since.
    protected override void Cache(string table, string query, string statement)
    {
        Announce(SparkDescription.WordsOf($"TABLE {table}"));
        View(table, $"SELECT * FROM ({query}) AS q WHERE '{Guid.NewGuid()}' IS NOT NULL");
        Run(() => client.ExecuteAsync(statement, $"Spark: {table}", cancellation));
    }

    protected override void View(string view, string query) => Run(() => client.CreateViewAsync(view, query, cancellation));

    protected override void View(string view, string format, IReadOnlyList<string> files, IReadOnlyDictionary<string, string> options, string? schema = null) =>
        Run(() => client.CreateViewAsync(view, format, files.Select(SparkPaths.ToRead), options, schema, cancellation));

    public override string Ship(string archive, string alias) => Guarded(() => client.AddArchiveAsync(archive, alias, cancellation));

    public override IEnumerable<IReadOnlyList<IReadOnlyList<object?>>> QueryParts(string sql)
    {
        Announce(SparkDescription.WordsOf(sql));
        IAsyncEnumerator<RecordBatch> batches = client.QueryBatchesAsync(sql, "Spark: query", cancellation).GetAsyncEnumerator(CancellationToken.None);
        try
        {
            while (Guarded(() => batches.MoveNextAsync().AsTask()))
            {
                var rows = new List<IReadOnlyList<object?>>();
                using (batches.Current) SparkRows.Append(batches.Current, rows);
                yield return rows;
            }
        }
        finally
        {
            Wait(() => batches.DisposeAsync().AsTask());
        }
    }

    public override void WriteParquet(string query, string directory, string? partitionBy = null)
    {
        Announce($"writing {Path.GetFileName(directory)}");
        Run(() => client.WriteParquetAsync(query, SparkPaths.Whole(directory), partitionBy, $"Spark: writing {Path.GetFileName(directory)}", cancellation));
    }

    public override void Dispose()
    {
        try
        {
            // A server that goes on would keep the rows for its other users' sessions.
            if (server is null && !serverLost) Wait(() => UncacheAsync());
        }
        finally
        {
            Wait(() => client.DisposeAsync().AsTask());
            server?.Dispose();
        }
    }

    private async Task UncacheAsync()
    {
        try
        {
            foreach (string table in Cached) await client.ExecuteAsync($"UNCACHE TABLE IF EXISTS {table}", cancellation: CancellationToken.None);
        }
        catch (SparkException)
        {
            // The server is gone, and its memory with it.
        }
    }

    private static async Task<SparkConnectClient> OpenAsync(SparkConnectionString address, SparkConnectOptions options, CancellationToken cancellation)
    {
        SparkConnectClient client = await SparkConnectClient.ConnectAsync(address, options, cancellation);
        try
        {
            await client.SetAsync(SparkDialect.SessionSettings, cancellation);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private void Announce(string what)
    {
        if (run is null || what == described) return;
        Run(() => client.SetAsync([KeyValuePair.Create(SparkDescription.Setting, SparkDescription.Of(run, what))], cancellation));
        described = what;
    }

    private void Run(Func<Task> run) => Guarded(async () =>
    {
        await run();
        return true;
    });

    private T Guarded<T>(Func<Task<T>> run)
    {
        try
        {
            return Wait(run);
        }
        catch (SparkException cause)
        {
            serverLost = cause.Kind == SparkErrorKind.ServerLost;
            throw cause.ForCallers(HadoopVersion);
        }
    }

    private string? HadoopVersion()
    {
        try
        {
            return Wait(() => client.QueryAsync(MissingFileSystem.HadoopVersionQuery, "Spark: query", cancellation)) is [[string version]] ? version : null;
        }
        catch (SparkException)
        {
            return null;
        }
    }

    // On the pool, so that nothing waits for a caller's synchronization context.
    private static T Wait<T>(Func<Task<T>> run) => Task.Run(run).GetAwaiter().GetResult();

    private static void Wait(Func<Task> run) => Task.Run(run).GetAwaiter().GetResult();
}
