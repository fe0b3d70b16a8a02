namespace NcfSpark.Data;

/// <summary>
/// Marks a setting that changes how fast a result comes, or how it is shown, but never the result itself: it stays out of fingerprints,
/// so changing it does not make a finished stage stale.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ResultNeutralAttribute : Attribute;
