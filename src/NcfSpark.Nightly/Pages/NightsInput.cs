

namespace NcfSpark.Nightly;

/// <summary>All that the pages of nights are made of. They are functions of it: no clock is read.</summary>
public sealed record NightsInput
{
    /// <summary>The run's name, such as "shop".</summary>
    public required string Title { get; init; }

    /// <summary>The history: nights, and changes by hand.</summary>
    public required NightHistory History { get; init; }

    /// <summary>The night in service; null where there is none yet.</summary>
    public string? InService { get; init; }

    /// <summary>Nights whose report is still there, to be linked to.</summary>
    public IReadOnlySet<string> Reports { get; init; } = new HashSet<string>();
}
