using Google.Protobuf;
using Grpc.Core;
using NcfSpark.Engines.SparkConnect.Protocol;
using NcfSpark.Engines.SparkConnect.Protocol.Rpc;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// A call that failed, as the server describes it: the gRPC status has its message cut to about 1 KB; the trailer grpc-status-details-bin names
/// the error; under the id given there, FetchErrorDetails has the whole of it.
/// </summary>
internal sealed class SparkFailure
{
    private readonly RpcException failure;
    private readonly ErrorInfo? error;

    public SparkFailure(RpcException failure)
    {
        this.failure = failure;
        if (failure.Trailers.Get("grpc-status-details-bin") is not { } details) return;
        try
        {
            foreach (Google.Protobuf.WellKnownTypes.Any detail in Protocol.Rpc.Status.Parser.ParseFrom(details.ValueBytes).Details)
            {
                if (detail.Is(ErrorInfo.Descriptor)) error = detail.Unpack<ErrorInfo>();
                if (detail.Is(RetryInfo.Descriptor)) RetryDelay = detail.Unpack<RetryInfo>().RetryDelay?.ToTimeSpan() ?? TimeSpan.Zero;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // A proxy's trailer, not Spark's: the status says what there is to say.
        }
    }

    /// <summary>How long the server asks to wait before the next attempt, where it asks.</summary>
    public TimeSpan? RetryDelay { get; }

    /// <summary>
    /// Whether the same call may go well a little later: the connection broke, a call that has a time limit was not
    /// answered in it, or the server said so.
    /// </summary>
    public bool IsTransient =>
        RetryDelay is not null
        || failure.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded
        || (failure.StatusCode == StatusCode.Internal && failure.Status.Detail.Contains("INVALID_CURSOR.DISCONNECTED", StringComparison.Ordinal));

    /// <summary>The server does not know the operation: the request to execute it never arrived.</summary>
    public bool IsOperationUnknown => Mentions("INVALID_HANDLE.OPERATION_NOT_FOUND");

    /// <summary>The server knows the operation already: the request to execute it did arrive, its answer did not.</summary>
    public bool IsOperationKnown => Mentions("INVALID_HANDLE.OPERATION_ALREADY_EXISTS");

    /// <summary>The server has forgotten the session, or is another one by now.</summary>
    public bool IsSessionLost => Mentions("INVALID_HANDLE.SESSION_");

    /// <summary>In short: the innermost of what went wrong, where it went wrong on this side.</summary>
    public string Status => (failure.Status.DebugException?.GetBaseException().Message ?? failure.Status.Detail) is { Length: > 0 } detail
        ? $"{failure.StatusCode}: {detail}"
        : failure.StatusCode.ToString();

    /// <summary>The exception for the caller, with everything that the server has to say.</summary>
    public async Task<SparkException> ToExceptionAsync(ConnectSession session)
    {
        if (IsSessionLost)
        {
            return SparkException.Lost(
                $"The Spark server at {session.Address} no longer knows this session: it was restarted, or closed the session. "
                + $"Views and cached tables went with it. Run the same command again. ({Status})",
                failure);
        }

        string? errorClass = Metadata("errorClass"), sqlState = Metadata("sqlState");
        List<FetchErrorDetailsResponse.Types.Error> chain = await FetchChainAsync(session);
        if (chain.Count == 0) return SparkException.FromServer(failure.Status.Detail, errorClass, sqlState, failure);

        // What a task failed with is often only in the innermost cause; what it was wrapped in often names no class.
        string message = chain[0].Message, cause = chain[^1].Message;
        if (cause.Length > 0 && !message.Contains(cause, StringComparison.Ordinal)) message += $"\nCaused by: {cause}";
        List<FetchErrorDetailsResponse.Types.SparkThrowable> named =
            [.. chain.Select(one => one.SparkThrowable).Where(one => one is { ErrorClass.Length: > 0 })];
        if ((named.Find(one => SparkException.KindOf(one.ErrorClass, one.SqlState) != SparkErrorKind.Other) ?? named.FirstOrDefault()) is { } telling)
        {
            (errorClass, sqlState) = (telling.ErrorClass, telling.SqlState.Length > 0 ? telling.SqlState : sqlState);
        }

        return SparkException.FromServer(message, errorClass, sqlState, failure);
    }

    private async Task<List<FetchErrorDetailsResponse.Types.Error>> FetchChainAsync(ConnectSession session)
    {
        var chain = new List<FetchErrorDetailsResponse.Types.Error>();
        if (Metadata("errorId") is not { } id) return chain;
        try
        {
            var request = new FetchErrorDetailsRequest { SessionId = session.Id, UserContext = session.User, ErrorId = id, ClientType = session.ClientType };
            FetchErrorDetailsResponse details = await session.Server.FetchErrorDetailsAsync(request, session.Headers, session.Deadline());
            if (!details.HasRootErrorIdx) return chain;
            for (int at = details.RootErrorIdx; chain.Count < details.Errors.Count; at = chain[^1].CauseIdx)
            {
                chain.Add(details.Errors[at]);
                if (!chain[^1].HasCauseIdx) break;
            }
        }
        catch (RpcException)
        {
            // The short message in the status must do: a server may be too old for this call, or gone by now.
        }

        return chain;
    }

    private bool Mentions(string errorClass) =>
        failure.Status.Detail.Contains(errorClass, StringComparison.Ordinal)
            || Metadata("errorClass")?.StartsWith(errorClass, StringComparison.Ordinal) == true;

    private string? Metadata(string key) => error is not null && error.Metadata.TryGetValue(key, out string? value) ? value : null;
}
