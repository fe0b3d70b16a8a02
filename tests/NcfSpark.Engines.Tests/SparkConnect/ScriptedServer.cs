using Grpc.Core;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>How one stream of a <see cref="ScriptedServer"/> ends, after it has given so many responses.</summary>
public enum StreamEnd
{
    /// <summary>At the server's limit: in good order, without ResultComplete.</summary>
    AtLimit,

    /// <summary>The connection breaks.</summary>
    Broken,

    /// <summary>The server says that the stream before is still being closed.</summary>
    Disconnected,

    /// <summary>The request never arrives.</summary>
    RequestLost,
}

/// <summary>
/// A Spark Connect server in a few lines, which executes one operation with the responses 1 … <paramref name="length"/>
/// (row counts) and follows a script of mishaps; after the script's end streams go well.
/// </summary>
internal sealed class ScriptedServer(int length, IEnumerable<(StreamEnd End, int After)> script) : CallInvoker
{
    private readonly Queue<(StreamEnd End, int After)> mishaps = new(script);
    private readonly TaskCompletionSource asked = new();
    private string? operation;

    public int Executions { get; private set; }

    public int Releases { get; private set; }

    public int Interrupts { get; private set; }

    public int VersionsAsked { get; private set; }

    public string Version { get; init; } = "4.3.0";

    /// <summary>Answers every call with this, from now on.</summary>
    public Status? Failure { get; set; }

    /// <summary>How often it is asked for its version before its streams bring anything.</summary>
    public int QuestionsInSilence { get; init; }

    /// <summary>Takes every call, and answers none.</summary>
    public bool IsFrozen { get; set; }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var responses = (IAsyncStreamReader<TResponse>)(object)new Stream(this, Responses(request).GetEnumerator());
        return new AsyncServerStreamingCall<TResponse>(responses, Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        if (IsFrozen) throw new RpcException(new Status(StatusCode.DeadlineExceeded, ""));
        object response = request switch
        {
            ReleaseExecuteRequest => new ReleaseExecuteResponse(),
            ReleaseSessionRequest => new ReleaseSessionResponse(),
            AnalyzePlanRequest => new AnalyzePlanResponse { SparkVersion = new() { Version = Version } },
            InterruptRequest interrupt => new InterruptResponse { InterruptedIds = { interrupt.OperationId } },
            _ => throw new NotSupportedException(method.Name),
        };
        if (request is ReleaseExecuteRequest) Releases++;
        if (request is InterruptRequest) Interrupts++;
        if (request is AnalyzePlanRequest && ++VersionsAsked == QuestionsInSilence) asked.SetResult();
        return new AsyncUnaryCall<TResponse>(
            Task.FromResult((TResponse)response), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    private IEnumerable<ExecutePlanResponse> Responses(object request)
    {
        if (Failure is { } status) throw new RpcException(status);
        (StreamEnd end, int after) = mishaps.Count > 0 ? mishaps.Dequeue() : (StreamEnd.AtLimit, int.MaxValue);
        if (end == StreamEnd.RequestLost) throw new RpcException(new Status(StatusCode.Unavailable, "connection refused"));
        int next = 1;
        if (request is ExecutePlanRequest execute)
        {
            if (operation == execute.OperationId) throw Invalid("OPERATION_ALREADY_EXISTS");
            operation = execute.OperationId;
            Executions++;
        }
        else if (request is ReattachExecuteRequest reattach)
        {
            if (operation != reattach.OperationId) throw Invalid("OPERATION_NOT_FOUND");
            next = reattach.HasLastResponseId ? int.Parse(reattach.LastResponseId) + 1 : 1;
        }

        for (int given = 0; given < after; given++, next++)
        {
            // Every other response brings a report of progress along, which is no part of the result.
            if (next % 2 == 0) yield return new ExecutePlanResponse { ResponseId = "no place to go on from", ExecutionProgress = new() };
            var response = new ExecutePlanResponse { ResponseId = next.ToString() };
            if (next > length) response.ResultComplete = new();
            else response.ArrowBatch = new() { RowCount = next };
            yield return response;
            if (next > length) yield break;
        }

        if (end == StreamEnd.Broken) throw new RpcException(new Status(StatusCode.Unavailable, "connection reset"));
        if (end == StreamEnd.Disconnected) throw new RpcException(new Status(StatusCode.Internal, "[INVALID_CURSOR.DISCONNECTED] The cursor is invalid."));
    }

    private static RpcException Invalid(string what) => new(new Status(StatusCode.Internal, $"[INVALID_HANDLE.{what}] The handle is invalid."));

    private sealed class Stream(ScriptedServer server, IEnumerator<ExecutePlanResponse> responses) : IAsyncStreamReader<ExecutePlanResponse>
    {
        public ExecutePlanResponse Current => responses.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (cancellationToken.IsCancellationRequested) throw new RpcException(Status.DefaultCancelled);
            if (server.IsFrozen || server.VersionsAsked < server.QuestionsInSilence) await server.asked.Task;
            return responses.MoveNext();
        }
    }
}
