namespace NcfSpark.Jobs.Nights;

/// <summary>What a night's model is compared with.</summary>
/// <param name="InService">The night in service; null where there is none.</param>
/// <param name="Unreadable">The name of the night in service, where it is damaged and cannot be compared with; else null.</param>
internal sealed record NightComparison(EarlierNight? InService, string? Unreadable);
