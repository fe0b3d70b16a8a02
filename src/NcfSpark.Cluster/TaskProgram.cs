using NcfSpark.Configuration;
using NcfSpark.Engines;

namespace NcfSpark.Cluster;

/// <summary>This program as the tasks of a Spark start it.</summary>
internal static class TaskProgram
{
    /// <summary>
    /// The line that starts it. exec, so that its parent is the executor, by which it knows when that is gone. Where it
    /// is not there, the rows are read all the same: Spark would tell of a pipe that nobody reads, and not of what is
    /// wrong.
    /// </summary>
    public static string Command(string program, string arguments) =>
        $"test -x {program} || {{ echo \"{program}: not there\" >&2; cat >/dev/null; sleep 0.3; exit 127; }}; exec {program} {arguments}";

    /// <summary>Sees to it that executors have it, and says what it is called there.</summary>
    public static string Ship(JobContext job, IClusterEngine engine)
    {
        if (job.Configuration.Spark.WorkerDirectory is { Length: > 0 } there) return $"{there}/ncfspark";
        (string archive, string alias) = WorkerArchive.Make(WorkerArchive.CacheDirectory, job.Progress, job.Time);
        return $"{engine.Ship(archive, alias)}/ncfspark";
    }
}
