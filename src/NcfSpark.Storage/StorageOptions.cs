using System.ComponentModel.DataAnnotations;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>
/// Section Storage: how places such as s3://bucket/shop are reached. Credentials are no settings: they come from the environment (AWS_ACCESS_KEY_ID and
/// AWS_SECRET_ACCESS_KEY), from ~/.aws (AWS_PROFILE), or from the machine's or container's role.
/// </summary>
public sealed record StorageOptions
{
    /// <summary>
    /// URL of a server that speaks S3, such as https://minio.example:9000 (MinIO, Ceph, R2, Google Cloud Storage's S3 face). "" (default):
    /// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL of the environment, else Amazon's own.
    /// </summary>
    [ExcludeFromFingerprint]
    public string S3Endpoint { get; init; } = "";

    /// <summary>
    /// Whether the bucket stands in the path of a request (true: https://server/bucket/key) or before the server's name (false:
    /// https://bucket.server/key). Not set (default): in the path where an endpoint is given, which every server but Amazon's can do.
    /// </summary>
    [ExcludeFromFingerprint]
    public bool? S3PathStyle { get; init; }

    /// <summary>
    /// Region of the bucket, such as eu-central-1. "" (default): AWS_REGION or AWS_DEFAULT_REGION of the environment, else the profile's or the machine's;
    /// us-east-1 where an endpoint is given, since most other servers have no regions.
    /// </summary>
    [ExcludeFromFingerprint]
    public string Region { get; init; } = "";

    /// <summary>
    /// Number of parts (16 MB) or files that are sent or fetched side by side. More use a fast network better; each takes a
    /// connection and under 1 MB of memory.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1, 256)]
    public int Parallel { get; init; } = 8;

    /// <summary>
    /// Directory for working copies of runs in object storage (--run s3://…). It needs room for a night and the one before; it may be deleted while nobody uses
    /// it. "" (default): $XDG_CACHE_HOME/ncfspark/runs, or ~/.cache/ncfspark/runs.
    /// </summary>
    [ExcludeFromFingerprint]
    public string CacheDirectory { get; init; } = "";

    /// <summary>
    /// How long a process that writes to a run in object storage holds it without a sign of life, in seconds. After a driver was killed, the next one waits
    /// this long. A driver that stands still for longer may lose the run to another, and then publishes nothing more. It costs six small requests each time.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1.0, 3600.0)]
    public double LeaseSeconds { get; init; } = 30;
}
