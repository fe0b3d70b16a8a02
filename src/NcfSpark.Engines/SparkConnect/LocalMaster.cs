using System.Globalization;
using System.Text.RegularExpressions;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// A master on this machine: local, local[4], local[*], local[4,2], or local-cluster[executors,cores,MB], whose
/// executors are processes here.
/// </summary>
/// <param name="Cores">How many tasks run at once.</param>
/// <param name="IsCluster">Whether there are executors beside the driver.</param>
internal sealed partial record LocalMaster(int Cores, bool IsCluster)
{
    private const int TasksPerCore = 4;
    private const long Gigabyte = 1L << 30, LargestHeap = 31; // beyond, the JVM's pointers double

    /// <summary>Spark's own 200 are for clusters: on two cores, most of the time goes into starting tasks of a few rows.</summary>
    public int ShufflePartitions => TasksPerCore * Cores;

    /// <summary>Half of what this process may have. Without executors the driver computes, and Spark would give it 1 GB.</summary>
    public static string DriverMemory => $"{Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / Gigabyte, 1, LargestHeap)}g";

    /// <summary>Null for masters elsewhere.</summary>
    public static LocalMaster? Parse(string master)
    {
        if (master == "local") return new LocalMaster(1, false);
        if (Local().Match(master) is { Success: true } local)
        {
            return new LocalMaster(local.Groups[1].Value == "*" ? Environment.ProcessorCount : Number(local.Groups[1]), false);
        }

        if (LocalCluster().Match(master) is { Success: true } cluster) return new LocalMaster(Number(cluster.Groups[1]) * Number(cluster.Groups[2]), true);
        return null;
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^local\[(\*|\d{1,4})(?:,\s*\d+)?\]$")]
    private static partial Regex Local();

    [GeneratedRegex(@"^local-cluster\[\s*(\d{1,4})\s*,\s*(\d{1,4})\s*,\s*\d+\s*\]$")]
    private static partial Regex LocalCluster();
}
