using NcfSpark.Engines;

namespace NcfSpark.Jobs.Cluster;

/// <summary>This program as the tasks of a Spark start it.</summary>
internal static class TaskProgram
{
    /// <summary>Sees to it that executors have it, and says what it is called there.</summary>
    public static string Ship(JobContext job, IClusterEngine engine)
    {
        if (job.Configuration.Spark.WorkerDirectory is { Length: > 0 } there) return $"{there}/ncfspark";
        (string archive, string alias) = WorkerArchive.Make(WorkerArchive.CacheDirectory, job.Progress, job.Time);
        return $"{engine.Ship(archive, alias)}/ncfspark";
    }
}
