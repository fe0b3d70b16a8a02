using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Training;

/// <summary>Group Train:Server: the parameter server. Only with several Workers.</summary>
public sealed record ServerOptions
{
    /// <summary>
    /// Address and port at which the server accepts workers of other processes; port 0 is any free one. Workers on other machines
    /// need an address of this machine that they reach.
    /// </summary>
    [ExcludeFromFingerprint]
    public string Address { get; init; } = "127.0.0.1:0";

    /// <summary>
    /// Host and port at which workers reach the server, if it differs from Address (for example a published port of a
    /// container). "" (default): Address.
    /// </summary>
    [ExcludeFromFingerprint]
    public string ReachedAt { get; init; } = "";

    /// <summary>
    /// Whether workers and server speak TLS, with a certificate made for the run. Workers are given its fingerprint with the run's
    /// secret and accept no other. null (default): true, unless both are on this machine (loopback addresses).
    /// </summary>
    [ExcludeFromFingerprint]
    public bool? Tls { get; init; }

    /// <summary>
    /// Number of rounds in an epoch. At the end of a round the workers' changes are combined. More rounds keep closer to one
    /// worker's result, and send more bytes. Only with several Workers.
    /// </summary>
    [Range(1, 100_000)]
    public int RoundsPerEpoch { get; init; } = 10;

    /// <summary>
    /// The server's optimizer, which applies the workers' mean change at the end of a round. "nesterov" (default): a step with
    /// momentum, which learns as fast as one worker. "average": the mean itself, which needs some epochs more. Only with several
    /// Workers.
    /// </summary>
    public OuterOptimizer OuterOptimizer { get; init; } = OuterOptimizer.Nesterov;

    /// <summary>
    /// Step size of OuterOptimizer "nesterov". Higher values learn faster, up to the point where the loss no longer falls. DiLoCo
    /// has 0.7 with a momentum of 0.9.
    /// </summary>
    [Range(0.001, 10.0)]
    public double OuterLearningRate { get; init; } = 1;

    /// <summary>Momentum of OuterOptimizer "nesterov": the share of earlier rounds' changes that is applied again in each round.</summary>
    [Range(0.0, 0.999)]
    public double OuterMomentum { get; init; } = 0.8;

    /// <summary>
    /// Precision of values that are sent between workers and server. "fp32" (default): exact. "fp16": changes are rounded to 16
    /// bits, which halves the bytes and gives a slightly different model; for slow networks.
    /// </summary>
    public WirePrecision WirePrecision { get; init; } = WirePrecision.Fp32;

    /// <summary>
    /// Number of times in a row, without a checkpoint between, that a worker may be lost before training fails. Each time all
    /// workers restart from the last checkpoint.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 1_000_000)]
    public int WorkerAttempts { get; init; } = 5;

    /// <summary>
    /// Time in seconds without a message after which a worker counts as lost and is started again, and after which a worker that
    /// receives nothing from the server ends. Raise it on networks with longer pauses.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1.0, 86_400.0)]
    public double WorkerTimeoutSeconds { get; init; } = 30;

    /// <summary>
    /// Time in seconds that one worker may keep the others waiting, in a round, a validation or a checkpoint, before it counts as
    /// lost. It must exceed the longest of these: raise it for very long rounds.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1.0, 86_400.0)]
    public double RoundTimeoutSeconds { get; init; } = 1800;

    /// <summary>
    /// Time in seconds that workers have to start and to read their rows before training fails. Raise it where Spark waits for
    /// free executors.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1.0, 86_400.0)]
    public double RegistrationSeconds { get; init; } = 600;

    /// <summary>
    /// Number of rounds after which a checkpoint is written, besides those of CheckpointMinutes. 0 (default): none besides. Only
    /// with several Workers.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 1_000_000)]
    public int CheckpointRounds { get; init; }

    internal bool UsesTls => Tls ?? !(IsLoopback(Address) && (ReachedAt.Length == 0 || IsLoopback(ReachedAt)));

    private static bool IsLoopback(string hostAndPort) => Uri.TryCreate($"http://{hostAndPort}", UriKind.Absolute, out Uri? uri) && uri.IsLoopback;

    internal static bool IsHostAndPort(string text) =>
        text.Contains(':', StringComparison.Ordinal) && Uri.TryCreate($"http://{text}", UriKind.Absolute, out Uri? uri) && uri.Port > 0
            && uri.PathAndQuery == "/";
}

/// <summary>What the server applies to the workers' mean change.</summary>
[JsonConverter(typeof(SettingTextConverter<OuterOptimizer>))]
public enum OuterOptimizer
{
    Nesterov,
    Average,
}

/// <summary>The precision of values between workers and server.</summary>
[JsonConverter(typeof(SettingTextConverter<WirePrecision>))]
public enum WirePrecision
{
    Fp32,
    Fp16,
}
