namespace NcfSpark.Core;

/// <summary>
/// Frees large arrays that nobody holds any more. The collector leaves them while the machine has memory to spare: on a machine of 24 GiB a training of
/// 180 million rows that needs 10 GB grew beyond 20.
/// </summary>
public static class LargeGarbage
{
    /// <summary>So many rows leave about a quarter of a gigabyte behind when they are read from Parquet.</summary>
    public const int Rows = 1 << 22;

    /// <summary>Frees them after work on so many rows that they matter; returns at once after work on fewer.</summary>
    public static void FreeAfter(long rows)
    {
        if (rows >= Rows) GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true); // arrays of numbers: milliseconds
    }
}
