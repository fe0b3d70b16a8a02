using System.Runtime.CompilerServices;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Grpc.Core;
using Grpc.Net.Client;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// A session on a Spark Connect server, Spark 3.5 to 4.3. Statements may run at the same time from several threads. A statement that fails or is
/// cancelled leaves the session usable. Definition of the protocol: apache/spark, sql/connect/docs.
/// </summary>
public sealed class SparkConnectClient : IAsyncDisposable
{
    private static readonly Version Oldest = new(3, 5);

    private readonly GrpcChannel? channel;
    private readonly ConnectSession session;
    private readonly ITimer keepAlive;

    private SparkConnectClient(GrpcChannel? channel, ConnectSession session, string sparkVersion)
    {
        (this.channel, this.session, SparkVersion) = (channel, session, sparkVersion);
        TimeSpan interval = session.Options.KeepAliveInterval;
        keepAlive = session.Options.Time.CreateTimer(_ => _ = SayAliveAsync(), null, interval, interval);
    }

    /// <summary>The server's version, such as "4.3.0".</summary>
    public string SparkVersion { get; }

    /// <summary>Connects and asks for the server's version; what is wrong with the address, the token or the server is said within seconds.</summary>
    /// <exception cref="InvalidInputException">There is no Spark Connect server that this address and token reach, or it is older than Spark 3.5.</exception>
    public static async Task<SparkConnectClient> ConnectAsync(
        SparkConnectionString target, SparkConnectOptions options, CancellationToken cancellation = default)
    {
        GrpcChannel channel = SparkChannel.Open(target, options.ConnectTimeout);
        try
        {
            return await ConnectAsync(channel, channel.CreateCallInvoker(), target, options, cancellation);
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    internal static async Task<SparkConnectClient> ConnectAsync(
        GrpcChannel? channel, CallInvoker calls, SparkConnectionString target, SparkConnectOptions options, CancellationToken cancellation)
    {
        var session = new ConnectSession(calls, target, options);
        string version;
        try
        {
            version = await session.SparkVersionAsync(options.ConnectTimeout, cancellation);
        }
        catch (RpcException failure)
        {
            cancellation.ThrowIfCancellationRequested();
            throw FirstContact.Explain(target, failure, options.ConnectTimeout);
        }

        // "4.3.0", "3.5.1-amzn-0", "4.0.0.dev"
        string[] parts = version.Split('.', '-');
        bool isVersion = parts.Length >= 2 && Version.TryParse($"{parts[0]}.{parts[1]}", out Version? parsed) && parsed >= Oldest;
        if (!isVersion)
        {
            throw new InvalidInputException(
                $"The server at {target} is Spark {version}, which is too old: NcfSpark needs Spark 3.5 or newer. Use a newer server.");
        }

        return new SparkConnectClient(channel, session, version);
    }

    /// <summary>
    /// Runs a command: CREATE VIEW, CACHE TABLE, INSERT and the like. (A SELECT would be parsed and not run: that is <see cref="QueryAsync"/>'s.)
    /// </summary>
    /// <param name="cancellation">Interrupts it on the server.</param>
    /// <exception cref="SparkException">The server refused it, it failed, or the server is lost.</exception>
    public Task ExecuteAsync(string sql, string title = "Spark", CancellationToken cancellation = default) =>
        RunAsync(new Plan { Command = new() { SqlCommand = new() { Sql = sql } } }, title, cancellation);

    /// <summary>A query's rows; values are long, double, string, bool or null.</summary>
    /// <inheritdoc cref="ExecuteAsync"/>
    public async Task<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(string sql, string title = "Spark", CancellationToken cancellation = default)
    {
        var rows = new List<IReadOnlyList<object?>>();
        await foreach (RecordBatch batch in QueryBatchesAsync(sql, title, cancellation))
        {
            using (batch) SparkRows.Append(batch, rows);
        }

        return rows;
    }

    /// <summary>A query's rows as Arrow batches, as they come; the caller disposes them.</summary>
    /// <inheritdoc cref="ExecuteAsync"/>
    public async IAsyncEnumerable<RecordBatch> QueryBatchesAsync(
        string sql, string title = "Spark", [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        long rows = 0;
        await using var operation = new SparkOperation(session, new Plan { Root = Sql(sql) }, title, cancellation);
        while (await operation.NextAsync() is { } response)
        {
            if (response.ResponseTypeCase != ExecutePlanResponse.ResponseTypeOneofCase.ArrowBatch) continue;
            ExecutePlanResponse.Types.ArrowBatch part = response.ArrowBatch;
            long before = rows;
            if (part.HasStartOffset && part.StartOffset != rows)
            {
                throw SparkException.FromServer($"Spark sent rows from {part.StartOffset} on where row {rows} comes next.", null, null, null);
            }

            using var reader = new ArrowStreamReader(part.Data.Memory);
            while (await reader.ReadNextRecordBatchAsync(cancellation) is { } batch)
            {
                rows += batch.Length;
                yield return batch;
            }

            if (rows - before != part.RowCount)
            {
                throw SparkException.FromServer($"Spark announced {part.RowCount} rows and sent {rows - before}.", null, null, null);
            }
        }
    }

    /// <summary>
    /// Makes a query a temporary view; one of that name is replaced. Unlike CREATE TEMP VIEW, which keeps the text and
    /// reads it anew in each statement, this keeps what the text meant: the same files, and the same plan, which is
    /// what Spark finds cached rows by.
    /// </summary>
    public Task CreateViewAsync(string view, string query, CancellationToken cancellation = default) => CreateViewAsync(view, Sql(query), cancellation);

    /// <summary>Makes files a temporary view; one of that name is replaced.</summary>
    /// <param name="format">Such as "parquet" or "csv".</param>
    /// <param name="paths">Paths as the server and its executors see them. Hadoop reads globs in them.</param>
    /// <param name="schema">The columns, as in CREATE TABLE; null for what the files say.</param>
    /// <param name="cancellation">Interrupts it on the server.</param>
    /// <inheritdoc cref="ExecuteAsync"/>
    public Task CreateViewAsync(
        string view, string format, IEnumerable<string> paths, IReadOnlyDictionary<string, string> options, string? schema = null,
        CancellationToken cancellation = default)
    {
        var source = new Read.Types.DataSource { Format = format, Paths = { paths }, Options = { options.ToDictionary() } };
        if (schema is not null) source.Schema = schema;
        return CreateViewAsync(view, new Relation { Common = new() { PlanId = 0 }, Read = new() { DataSource = source } }, cancellation);
    }

    /// <summary>Writes a query's rows as Parquet into a directory that is not there yet.</summary>
    /// <param name="path">A path as the server and its executors see it.</param>
    /// <param name="partitionBy">A column whose values become directories, or null.</param>
    /// <param name="cancellation">Interrupts it on the server.</param>
    /// <inheritdoc cref="ExecuteAsync"/>
    public Task WriteParquetAsync(string query, string path, string? partitionBy = null, string title = "Spark", CancellationToken cancellation = default)
    {
        var write = new WriteOperation { Input = Sql(query), Source = "parquet", Path = path, Mode = WriteOperation.Types.SaveMode.ErrorIfExists };
        write.Options.Add(SparkDialect.WriteOptions.ToDictionary());
        if (partitionBy is not null) write.PartitioningColumns.Add(partitionBy);
        return RunAsync(new Plan { Command = new() { WriteOperation = write } }, title, cancellation);
    }

    /// <summary>
    /// Unpacks a .tar.gz of this machine beside every task of this session, on every executor, before its next task
    /// there. Scripts of TRANSFORM find it in the directory that is returned, as /bin/bash reads it: a task's working
    /// directory holds what belongs to a session under the server's own id of it. A server of Spark 3.5 does not tell
    /// that id; there it is found by the alias, which should therefore name the content.
    /// </summary>
    /// <param name="path">The archive. Its entries must not begin with "./".</param>
    /// <inheritdoc cref="ExecuteAsync"/>
    public async Task<string> AddArchiveAsync(string path, string alias, CancellationToken cancellation = default)
    {
        try
        {
            await ArtifactUpload.SendAsync(session, $"archives/{Path.GetFileName(path)}#{alias}", path, cancellation);
        }
        catch (RpcException failure)
        {
            cancellation.ThrowIfCancellationRequested();
            throw await new SparkFailure(failure).ToExceptionAsync(session);
        }

        return session.ServerSideId is { } id ? $"./{id}/{alias}" : $"$(ls -d ./*/{alias} | head -n 1)";
    }

    /// <summary>Sets settings of this session, such as ("spark.sql.ansi.enabled", "true").</summary>
    public async Task SetAsync(IEnumerable<KeyValuePair<string, string>> settings, CancellationToken cancellation = default)
    {
        var set = new ConfigRequest.Types.Set();
        set.Pairs.AddRange(settings.Select(setting => new Protocol.KeyValue { Key = setting.Key, Value = setting.Value }));
        var request = new ConfigRequest
        {
            SessionId = session.Id,
            UserContext = session.User,
            ClientType = session.ClientType,
            Operation = new() { Set = set },
        };
        if (session.ServerSideId is { } known) request.ClientObservedServerSideSessionId = known;
        var outage = new Outage(session);
        while (true)
        {
            try
            {
                await session.Server.ConfigAsync(request, session.Headers, session.Deadline(), cancellation);
                outage.Over();
                return;
            }
            catch (RpcException failure)
            {
                cancellation.ThrowIfCancellationRequested();
                var reason = new SparkFailure(failure);
                if (!reason.IsTransient) throw await reason.ToExceptionAsync(session);
                await outage.WaitAsync(reason, cancellation);
            }
        }
    }

    /// <summary>
    /// Closes the session: its views go. (A server of Spark 3.5 closes it by itself after an hour.) One that was named
    /// in the address stays: it is shared.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await keepAlive.DisposeAsync();
        if (!session.IsShared) await CloseSessionAsync();
        channel?.Dispose();
    }

    private async Task CloseSessionAsync()
    {
        try
        {
            var request = new ReleaseSessionRequest { SessionId = session.Id, UserContext = session.User, ClientType = session.ClientType };
            await session.Server.ReleaseSessionAsync(request, session.Headers, session.Deadline());
        }
        catch (RpcException)
        {
            // The server is gone or too old for the call; either way it will not keep the session for ever.
        }
    }

    private Task CreateViewAsync(string view, Relation input, CancellationToken cancellation) =>
        RunAsync(new Plan { Command = new() { CreateDataframeView = new() { Input = input, Name = view, Replace = true } } }, "Spark", cancellation);

    private static Relation Sql(string query) => new() { Common = new() { PlanId = 0 }, Sql = new() { Query = query } };

    private async Task RunAsync(Plan plan, string title, CancellationToken cancellation)
    {
        await using var operation = new SparkOperation(session, plan, title, cancellation);
        while (await operation.NextAsync() is not null)
        {
        }
    }

    private async Task SayAliveAsync()
    {
        try
        {
            await session.SparkVersionAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        }
        catch (RpcException)
        {
            // The next statement will find out, and say so.
        }
    }
}
