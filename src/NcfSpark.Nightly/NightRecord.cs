using System.Text.Json.Serialization;

namespace NcfSpark.Nightly;

/// <summary>
/// A line of history.jsonl: how a night ended, a run that had nothing new to do, or a change of what is in production that somebody made by hand.
/// </summary>
/// <remarks>
/// Names in the file are snake_case: {"event":"night","night":"2026-11-24","outcome":"production",…}. Of a night that was tried again after it failed there are
/// several lines, of which the last counts; <see cref="RunHistory.Nights"/> has one a night.
/// </remarks>
public sealed record NightRecord
{
    /// <summary>The layout of a line; it rises when a key changes its name or meaning.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>One of <see cref="NightEvent"/>.</summary>
    public string Event { get; init; } = NightEvent.Night;

    /// <summary>The night's name, such as 2026-11-24: that which ran, or that which was put into production by hand.</summary>
    public required string Night { get; init; }

    /// <summary>Whether somebody changed what is in production by hand; else a run of `nightly`.</summary>
    [JsonIgnore]
    public bool IsByHand => Event is NightEvent.Promotion or NightEvent.Rollback;

    public required DateTimeOffset Started { get; init; }

    public required DateTimeOffset Ended { get; init; }

    /// <summary>One of <see cref="NightOutcome"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Why, in a sentence: the gate's figures, the limit that was exceeded, the failure, or what the person said who changed it by hand.</summary>
    public required string Reason { get; init; }

    /// <summary>The night in production after it, by name; null where none is yet.</summary>
    public string? Production { get; init; }

    /// <summary>What was measured; null if the night ended before that.</summary>
    public NightFigures? Figures { get; init; }

    /// <summary>What its data was like; null where it could not be prepared.</summary>
    public NightData? Data { get; init; }

    /// <summary>
    /// Seconds of each stage, under the stage's name: prepared, model, report, refit, predictions. A stage whose result was there already has no entry.
    /// </summary>
    public SortedDictionary<string, double> Seconds { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The fingerprint of the measured model; null where there is none.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// What went into production: the SHA-256 of each stage's manifest.json, which has the hashes of the stage's files, under the stage's name. Null
    /// where the night did not.
    /// </summary>
    public SortedDictionary<string, string>? Artifacts { get; init; }

    /// <summary>The epoch that validation chose, or the last.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>The night whose model training started from (Nightly:WarmStart); null for a cold start.</summary>
    public string? WarmStartedFrom { get; init; }
}

/// <summary>What a line of the history describes.</summary>
public static class NightEvent
{
    /// <summary>A night's run.</summary>
    public const string Night = "night";

    /// <summary>A run of `nightly`, after one that failed, found that its night had been in production already, so nothing was left to do.</summary>
    public const string PassedOver = "passed_over";

    /// <summary>`promote`: somebody put a night into production by hand.</summary>
    public const string Promotion = "promotion";

    /// <summary>`rollback`: somebody put the night before into production again.</summary>
    public const string Rollback = "rollback";
}

/// <summary>How a night ended.</summary>
public static class NightOutcome
{
    /// <summary>It went into production.</summary>
    public const string Production = "production";

    /// <summary>The gate refused its model (exit code 3).</summary>
    public const string Refused = "refused";

    /// <summary>Its input was at fault, or broke a limit of the data checks, before anything was trained (exit code 2).</summary>
    public const string Stopped = "stopped";

    /// <summary>Something else went wrong (exit code 1; 2 for a full disk). The same command continues it.</summary>
    public const string Failed = "failed";

    /// <summary>Ctrl-C or SIGTERM (130, 143). The same command continues it.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>It was killed, or the machine stopped; a later run recorded it.</summary>
    public const string Abandoned = "abandoned";
}
