using Apache.Arrow;
using NcfSpark.Data;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// A Spark behind <see cref="ISqlEngine"/>, through Spark Connect: a server that runs already, or one that is started and stopped with the engine.
/// Failures are <see cref="SqlEngineException"/> with the <see cref="SparkException"/> as their cause.
/// </summary>
/// <remarks>
/// Materialized tables are cached by Spark, in the executors' memory and then on their disks: that needs no directory that all executors share. Should an executor be lost,
/// Spark computes its part again, to the same rows.
/// </remarks>
public sealed class SparkConnectEngine : IClusterEngine
{
    private readonly SparkConnectClient client;
    private readonly SparkConnectServer? server;
    private readonly CancellationToken cancellation;
    private readonly HashSet<string> cached = [];
    private bool serverLost;

    private SparkConnectEngine(SparkConnectClient client, SparkConnectServer? server, CancellationToken cancellation) =>
        (this.client, this.server, this.cancellation) = (client, server, cancellation);

    public string Name => $"Spark {client.SparkVersion}";

    public SqlDialect Dialect { get; } = new SparkDialect();

    public bool RejectedLinesAreRows => true;

    public int ShufflePartitions => SparkTables.ShufflePartitions(Query(SparkTables.ShufflePartitionsQuery));

    /// <summary>Uses a server that runs.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="options">How to speak to it.</param>
    /// <param name="cancellation">Stops the statement that is running, now and as long as the engine lives (Ctrl-C).</param>
    /// <exception cref="InvalidInputException">There is none at that address, or it does not let us in.</exception>
    public static SparkConnectEngine Connect(SparkConnectionString address, SparkConnectOptions options, CancellationToken cancellation = default) =>
        Wait(async () => new SparkConnectEngine(await OpenAsync(address, options, cancellation), null, cancellation));

    /// <summary>Starts a server and uses it; both end together.</summary>
    /// <inheritdoc cref="SparkConnectServer.StartAsync"/>
    public static SparkConnectEngine Start(SparkServerOptions serverOptions, SparkConnectOptions options, CancellationToken cancellation = default) => Wait(async () =>
    {
        SparkConnectServer server = await SparkConnectServer.StartAsync(serverOptions, cancellation);
        try
        {
            SparkConnectClient client = await OpenAsync(server.Address, options with { HowServerEnded = server.HowItEnded }, cancellation);
            return new SparkConnectEngine(client, server, cancellation);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    });

    public void Execute(string sql) => Run(() => client.ExecuteAsync(sql, cancellation: cancellation));

    public IReadOnlyList<IReadOnlyList<object?>> Query(string sql) => Guarded(() => client.QueryAsync(sql, "Spark: query", cancellation));

    public void Materialize(string table, string query)
    {
        Drop(table);
        cached.Add(table);
        // Spark shares cached rows among all sessions whose plans are equal. The condition, true and new each time, keeps a plan from being equal to one
        // that an earlier run left in a server, with rows of files that have changed since.
        Run(() => client.CreateViewAsync(table, $"SELECT * FROM ({query}) AS q WHERE '{Guid.NewGuid()}' IS NOT NULL", cancellation));
        Run(() => client.ExecuteAsync($"CACHE TABLE {table} OPTIONS ('storageLevel' = 'MEMORY_AND_DISK')", $"Spark: {table}", cancellation));
    }

    // A look-up costs less than another copy of the rows, in time and in memory.
    public void Replace(string table, string query, string source)
    {
        Drop(table);
        Run(() => client.CreateViewAsync(table, query, cancellation));
    }

    public void Drop(string table)
    {
        if (cached.Remove(table)) Execute($"UNCACHE TABLE IF EXISTS {table}");
        Execute($"DROP VIEW IF EXISTS {table}");
    }

    public void ReadCsv(string view, IReadOnlyList<string> files, CsvLayout layout)
    {
        string raw = $"{view}_raw";
        Run(() => client.CreateViewAsync(raw, "csv", files.Select(SparkPaths.ToRead), SparkCsv.Options(layout), SparkCsv.Schema(layout), cancellation));
        foreach (string statement in SparkCsv.Views(view, raw, layout)) Execute(statement);
    }

    public bool TryReadPlainCsv(string view, IReadOnlyList<string> files, CsvLayout layout, string? names)
    {
        string lines = $"{view}_lines";
        if (SparkCsv.PlainQuery(client.SparkVersion, lines, layout, names) is not { } query) return false;
        Run(() => client.CreateViewAsync(lines, "text", files.Select(SparkPaths.ToRead), SparkDialect.FolderOptions, cancellation: cancellation));
        Execute($"CREATE OR REPLACE TEMP VIEW {view} AS {query}");
        return true;
    }

    public long CountFiles(string path)
    {
        Run(() => client.CreateViewAsync("ncf_files", "binaryFile", [SparkPaths.ToRead(path)], SparkDialect.FolderOptions, cancellation: cancellation));
        return (long)Query("SELECT count(*) FROM ncf_files WHERE length > 0")[0][0]!;
    }

    public IReadOnlyList<SqlColumn> ReadParquet(string view, IReadOnlyList<string> files)
    {
        string raw = $"{view}_raw";
        Run(() => client.CreateViewAsync(raw, "parquet", files.Select(SparkPaths.ToRead), SparkDialect.FolderOptions, cancellation: cancellation));
        IReadOnlyList<SqlColumn> columns = Describe(raw);
        Execute($"CREATE OR REPLACE TEMP VIEW {view} AS SELECT *, {SparkDialect.FileName} AS ncf_file FROM {raw}");
        return columns;
    }

    public IReadOnlyList<SqlColumn> Describe(string view) => SparkTables.Columns(Query($"DESCRIBE {view}"));

    public IReadOnlyList<SqlColumn> ReadTable(string view, string table)
    {
        Execute(SparkTables.View(view, table));
        return Describe(view);
    }

    public string? FirstLine(string path) => Query(SparkTables.FirstLine(path)) is [[string line]] ? line : null;

    public string Checksum(string view, IReadOnlyList<string> columns) => SparkTables.Checksum(view, columns);

    public string Ship(string archive, string alias) => Guarded(() => client.AddArchiveAsync(archive, alias, cancellation));

    public IEnumerable<IReadOnlyList<IReadOnlyList<object?>>> QueryParts(string sql)
    {
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

    public void WriteParquet(string query, string directory, string? partitionBy = null) =>
        Run(() => client.WriteParquetAsync(query, SparkPaths.Whole(directory), partitionBy, $"Spark: writing {Path.GetFileName(directory)}", cancellation));

    public void Dispose()
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
            foreach (string table in cached) await client.ExecuteAsync($"UNCACHE TABLE IF EXISTS {table}", cancellation: CancellationToken.None);
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
