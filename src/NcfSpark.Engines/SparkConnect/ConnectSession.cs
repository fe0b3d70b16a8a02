using Grpc.Core;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>Who speaks to which server: what every request carries. Views and settings belong to the pair of user and session id.</summary>
internal sealed class ConnectSession(CallInvoker calls, SparkConnectionString target, SparkConnectOptions options)
{
    private static readonly TimeSpan ShortCall = TimeSpan.FromSeconds(10);

    private volatile string? serverSideSessionId;

    public SparkConnectService.SparkConnectServiceClient Server { get; } = new(calls);

    public SparkConnectOptions Options => options;

    /// <summary>For messages.</summary>
    public string Address { get; } = target.ToString();

    public string Id { get; } = (target.SessionId ?? Guid.NewGuid()).ToString();

    /// <summary>Whether the address names the session, so that others may be in it.</summary>
    public bool IsShared { get; } = target.SessionId is not null;

    public string ClientType { get; } = target.UserAgent;

    public UserContext User { get; } = new() { UserId = target.UserId, UserName = target.UserId };

    /// <summary>The token travels as a header rather than as call credentials, which .NET drops without a word on a connection without TLS.</summary>
    public Metadata Headers { get; } = HeadersOf(target);

    /// <summary>
    /// The server's own id of this session, once it has said it (Spark 4.0 and newer). Sent along, it makes a server that was restarted refuse
    /// instead of quietly going on with an empty session under our id.
    /// </summary>
    public string? ServerSideId => serverSideSessionId;

    public void Observe(string serverSideId)
    {
        if (serverSideId.Length > 0) serverSideSessionId ??= serverSideId;
    }

    /// <summary>When a call must have ended that does no more than ask or tell the server something.</summary>
    public DateTime Deadline() => Deadline(ShortCall);

    public DateTime Deadline(TimeSpan limit) => (options.Time.GetUtcNow() + limit).UtcDateTime;

    public async Task<string> SparkVersionAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var request = new AnalyzePlanRequest { SessionId = Id, UserContext = User, ClientType = ClientType, SparkVersion = new() };
        if (ServerSideId is { } id) request.ClientObservedServerSideSessionId = id;
        AnalyzePlanResponse response = await Server.AnalyzePlanAsync(request, Headers, Deadline(limit), cancellation);
        Observe(response.ServerSideSessionId);
        return response.SparkVersion.Version;
    }

    private static Metadata HeadersOf(SparkConnectionString target)
    {
        var headers = new Metadata();
        if (target.Token is { } token) headers.Add("authorization", $"Bearer {token}");
        foreach ((string key, string value) in target.Headers) headers.Add(key, value);
        return headers;
    }
}
