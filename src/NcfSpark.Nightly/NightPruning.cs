using NcfSpark.Data;

namespace NcfSpark.Nightly;

/// <summary>Removes old nights: all but the latest, the one in service, and the one before that, to which `rollback` goes.</summary>
internal static class NightPruning
{
    /// <returns>What was removed.</returns>
    public static IReadOnlyList<string> Prune(RunNights nights, NightHistory history, int keep)
    {
        string? inService = nights.InService, before = inService is null ? null : history.InServiceBefore(inService);
        string[] old = [.. nights.Names.SkipLast(keep).Where(night => night != inService && night != before)];
        foreach (string night in old) nights.Remove(night);
        return old;
    }
}
