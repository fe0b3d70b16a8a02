using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>How a <see cref="SparkConnectClient"/> behaves.</summary>
public sealed record SparkConnectOptions
{
    /// <summary>How long the first contact may take, and the answer to whether it lives, before the server counts as not there.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What Spark's UI calls the operations of this session, such as "shop 2026-11-30"; null for nothing.</summary>
    public string? RunName { get; init; }

    /// <summary>
    /// How long a server that stopped answering is tried again, all attempts together. Longer rides out a restart of a
    /// proxy; shorter fails sooner.
    /// </summary>
    public TimeSpan ReconnectLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a statement may bring nothing before the server is asked whether it lives, which it must answer within
    /// <see cref="ConnectTimeout"/>. A server that is frozen keeps its connections open.
    /// </summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often an idle session says that it lives. The server forgets a session, with its views, after an hour without a call.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Where operations of more than about two seconds show their tasks (Spark 4.0 and newer), and where lost connections are told.</summary>
    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;

    /// <summary>Asked when the server does not answer: how it ended, if that is known, else null. Where it is known, nothing is tried again.</summary>
    public Func<string?> HowServerEnded { get; init; } = () => null;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A run by its directory: "shop" of runs/shop, "shop 2026-11-30" of the night runs/shop/2026-11-30.</summary>
    public static string RunOf(string directory)
    {
        string[] parts = directory.TrimEnd('/').Split('/');
        bool isNight = parts.Length > 1 && parts[^1] is [_, _, _, _, '-', _, _, '-', ..];
        return isNight ? $"{parts[^2]} {parts[^1]}" : parts[^1];
    }
}
