using Grpc.Core;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// One execution of a plan, read as one stream of responses whatever happens to the connection.
/// </summary>
/// <remarks>
/// The server numbers the operation's responses and keeps the latest ones. It ends every stream after a while (2 minutes or 1 GB by default); only a
/// stream that ends with ResultComplete is the end of the result. So: execute once, and from then on reattach after the last response that was
/// read, as often as needed. Every response is read exactly once. The request to execute is sent again only where the server says that it never
/// had it (SPARK-44624), so that no write runs twice.
/// </remarks>
internal sealed class SparkOperation(ConnectSession session, Plan plan, string title, CancellationToken cancellation) : IAsyncDisposable
{
    private const int InterruptAttempts = 3;
    private static readonly TimeSpan BetweenInterrupts = TimeSpan.FromMilliseconds(200), SilenceInAnOutage = TimeSpan.FromSeconds(1);

    private readonly string id = Guid.NewGuid().ToString();
    private readonly Outage outage = new(session);
    private readonly OperationProgress progress = new(session.Options.Progress, title);
    private AsyncServerStreamingCall<ExecutePlanResponse>? stream;
    private string? lastResponseId;
    private bool sent;
    private bool ended;

    /// <summary>The next response with a part of the result, or null at the end.</summary>
    /// <exception cref="SparkException">The operation failed, or the server is lost.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; disposing stops it on the server.</exception>
    public async Task<ExecutePlanResponse?> NextAsync()
    {
        while (!ended)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                stream ??= sent ? Reattach() : Execute();
                bool isThere = await MoveNextAsync(stream.ResponseStream);
                outage.Over();
                if (!isThere)
                {
                    CloseStream();
                    continue;
                }
            }
            catch (RpcException failure)
            {
                CloseStream();
                cancellation.ThrowIfCancellationRequested();
                await RecoverAsync(failure);
                continue;
            }

            ExecutePlanResponse response = stream.ResponseStream.Current;
            session.Observe(response.ServerSideSessionId);
            if (response.ResponseTypeCase == ExecutePlanResponse.ResponseTypeOneofCase.ExecutionProgress)
            {
                progress.Report(response.ExecutionProgress); // made up for this stream, so no place to go on from
                continue;
            }

            if (response.ResponseId.Length > 0) lastResponseId = response.ResponseId;
            if (response.ResponseTypeCase == ExecutePlanResponse.ResponseTypeOneofCase.ResultComplete) ended = true;
            else return response;
        }

        return null;
    }

    /// <summary>Stops the operation on the server if it has not ended, and lets go of what the server keeps of it.</summary>
    public async ValueTask DisposeAsync()
    {
        CloseStream();
        progress.Dispose();
        if (!sent) return;
        try
        {
            if (!ended) await InterruptAsync();
            var release = new ReleaseExecuteRequest
            {
                SessionId = session.Id,
                UserContext = session.User,
                ClientType = session.ClientType,
                OperationId = id,
                ReleaseAll = new(),
            };
            await session.Server.ReleaseExecuteAsync(release, session.Headers, session.Deadline());
        }
        catch (RpcException)
        {
            // A server that is gone has nothing to let go of; one that is not drops an operation that nobody reads after 5 minutes.
        }
    }

    private async Task RecoverAsync(RpcException rpc)
    {
        var failure = new SparkFailure(rpc);
        if (failure.IsOperationUnknown && lastResponseId is null) sent = false;
        else if (!failure.IsOperationKnown && !failure.IsTransient)
        {
            ended = true;
            throw await failure.ToExceptionAsync(session);
        }

        try
        {
            await outage.WaitAsync(failure, cancellation);
        }
        catch (SparkException)
        {
            sent = false; // nobody is there to be told that it is over
            throw;
        }
    }

    // A statement may be silent for hours, and so is a frozen server, whose connections stay open. A server that is
    // only busy answers what it is asked meanwhile. (HTTP/2 pings would not do: see SparkChannel.)
    private async Task<bool> MoveNextAsync(IAsyncStreamReader<ExecutePlanResponse> responses)
    {
        Task<bool> next = responses.MoveNext(cancellation);
        while (true)
        {
            try
            {
                return await next.WaitAsync(outage.IsOn ? SilenceInAnOutage : session.Options.SilenceLimit, session.Options.Time, cancellation);
            }
            catch (TimeoutException)
            {
                // Seen, should the stream be closed.
                _ = next.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                await session.SparkVersionAsync(session.Options.ConnectTimeout, cancellation);
                outage.Over();
            }
        }
    }

    private AsyncServerStreamingCall<ExecutePlanResponse> Execute()
    {
        var request = new ExecutePlanRequest
        {
            SessionId = session.Id,
            UserContext = session.User,
            ClientType = session.ClientType,
            OperationId = id,
            Plan = plan,
        };
        if (session.Options.RunName is { } run) request.Tags.Add(SparkDescription.TagOf(run));
        request.RequestOptions.Add(new ExecutePlanRequest.Types.RequestOption { ReattachOptions = new() { Reattachable = true } });
        if (session.ServerSideId is { } known) request.ClientObservedServerSideSessionId = known;
        sent = true;
        return session.Server.ExecutePlan(request, session.Headers);
    }

    private AsyncServerStreamingCall<ExecutePlanResponse> Reattach()
    {
        var request = new ReattachExecuteRequest { SessionId = session.Id, UserContext = session.User, ClientType = session.ClientType, OperationId = id };
        if (lastResponseId is not null) request.LastResponseId = lastResponseId;
        if (session.ServerSideId is { } known) request.ClientObservedServerSideSessionId = known;
        return session.Server.ReattachExecute(request, session.Headers);
    }

    // A request to execute that is still under way would start after an interrupt that found nothing.
    private async Task InterruptAsync()
    {
        var request = new InterruptRequest
        {
            SessionId = session.Id,
            UserContext = session.User,
            ClientType = session.ClientType,
            InterruptType = InterruptRequest.Types.InterruptType.OperationId,
            OperationId = id,
        };
        for (int attempt = 1; attempt <= InterruptAttempts; attempt++)
        {
            InterruptResponse response = await session.Server.InterruptAsync(request, session.Headers, session.Deadline());
            if (response.InterruptedIds.Contains(id)) return;
            await Task.Delay(BetweenInterrupts, session.Options.Time);
        }
    }

    private void CloseStream()
    {
        stream?.Dispose();
        stream = null;
    }
}
