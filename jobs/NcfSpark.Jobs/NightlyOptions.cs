using NcfSpark.Data;

namespace NcfSpark.Jobs;

/// <summary>Section Nightly: all stages in order.</summary>
public sealed record NightlyOptions
{
    /// <summary>Whether stages whose result is there, made from the same input by the same settings, are passed over. Otherwise all run again.</summary>
    [ResultNeutral]
    public bool Resume { get; init; } = true;
}
