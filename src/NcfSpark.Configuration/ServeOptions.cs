using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>Section Serve: the endpoint that answers requests over HTTP.</summary>
public sealed record ServeOptions
{
    /// <summary>Port that it listens on; --port sets it. 0: a free one, which the first line of output names.</summary>
    [Range(0, 65535)]
    public int Port { get; init; } = 8080;

    /// <summary>
    /// IP address that it listens on, such as "0.0.0.0" for all of this machine's. "" (default): the loopback address, so that only
    /// this machine reaches it; all addresses if there is a token.
    /// </summary>
    public string Address { get; init; } = "";

    /// <summary>
    /// File that holds the token which every request must send (Authorization: Bearer TOKEN), except to /ping, /healthz and
    /// /readyz. "" (default): the token is in the environment variable NCFSPARK_BEARER_TOKEN, or there is none.
    /// </summary>
    public string TokenFile { get; init; } = "";

    /// <summary>Directory of item lists that a request may choose by name: ?list=new takes only items of the file new.csv (or
    /// new.parquet, new.jsonl) in it, which is read like Score:AllowPath. "" (default): none.</summary>
    public string ListsPath { get; init; } = "";

    /// <summary>
    /// What position p of a one-hot vector means in requests of the AWS sample. "id": the user or item whose id is p, as the sample
    /// sends it. "index": the one whose index in users.parquet or items.parquet is p; the vector is then as long as that file.
    /// null (default): "id" where the log's ids are whole numbers, else "index".
    /// </summary>
    public OneHotPosition? OneHot { get; init; }

    /// <summary>Largest request body in megabytes; a larger one is answered with 413. One-hot vectors need much room.</summary>
    [Range(1, 1024)]
    public int MaxBodyMegabytes { get; init; } = 32;

    /// <summary>Largest number of pairs, or of items of a session, in a request; more are answered with 400.</summary>
    [Range(1, 10_000_000)]
    public int MaxBatch { get; init; } = 10_000;

    /// <summary>Largest number of items that a request may ask for (k).</summary>
    [Range(1, 100_000)]
    public int MaxK { get; init; } = 1000;

    /// <summary>Number of requests that are computed at once. null (default): one for each core, since each computes on one.</summary>
    [Range(1, 1024)]
    public int? Concurrency { get; init; }

    /// <summary>
    /// Number of requests that may wait for their turn; further ones are answered with 429 and Retry-After. More keeps
    /// bursts alive and lets answers come later.
    /// </summary>
    [Range(0, 1_000_000)]
    public int Queue { get; init; } = 256;

    /// <summary>
    /// Most seconds until a body has arrived whole, else 408; and most seconds that a request waits for its turn, else 503.
    /// </summary>
    [Range(1, 3600)]
    public int TimeoutSeconds { get; init; } = 10;

    /// <summary>Number of seconds between two looks at which night is in production.</summary>
    [Range(0.05, 3600.0)]
    public double PollSeconds { get; init; } = 1;

    /// <summary>
    /// The access log on standard output, a line of JSON for each request. "without-ids" (default): method, route, status,
    /// milliseconds, bytes and night. "with-ids": also the path with its ids, and the client's address, which are personal data.
    /// "none": no log.
    /// </summary>
    public AccessLogKind AccessLog { get; init; }

    /// <summary>
    /// Whether each request is a span of OpenTelemetry, sent over OTLP to the address in OTEL_EXPORTER_OTLP_ENDPOINT (default
    /// http://localhost:4317). It continues the trace of a request's header traceparent, and holds no ids. false (default): none.
    /// </summary>
    public bool Traces { get; init; }
}

/// <summary>What a position of a one-hot vector means (<see cref="ServeOptions.OneHot"/>).</summary>
[JsonConverter(typeof(SettingTextConverter<OneHotPosition>))]
public enum OneHotPosition
{
    Id,
    Index,
}

/// <summary>What the access log holds (<see cref="ServeOptions.AccessLog"/>).</summary>
[JsonConverter(typeof(SettingTextConverter<AccessLogKind>))]
public enum AccessLogKind
{
    WithoutIds,
    WithIds,
    None,
}
