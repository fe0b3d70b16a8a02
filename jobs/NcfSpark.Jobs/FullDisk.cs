namespace NcfSpark.Jobs;

/// <summary>Tells a full disk, or a used-up quota, from other failures, whoever met it.</summary>
internal static class FullDisk
{
    private const int NoSpace = 28, QuotaUsedUp = 122;     // errno ENOSPC and EDQUOT of Linux, which .NET keeps in HResult
    private const int DiskFull = unchecked((int)0x80070070); // how .NET names it where it knew the length beforehand, and on Windows

    /// <summary>The exception, or the one within it, that says so; null where none does.</summary>
    public static Exception? Find(Exception failure) =>
        Says(failure) ? failure
        : failure is AggregateException several ? several.InnerExceptions.Select(Find).FirstOrDefault(found => found is not null)
        : failure.InnerException is { } cause ? Find(cause)
        : null;

    private static bool Says(Exception failure) =>
        (failure is IOException && failure.HResult is NoSpace or QuotaUsedUp or DiskFull)
        || failure.Message.Contains("No space left on device", StringComparison.OrdinalIgnoreCase); // native code: DuckDB
}
