using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;

namespace NcfSpark.Jobs;

/// <summary>Section Spark: what runs within Spark's tasks, where --master or --remote is given.</summary>
public sealed record SparkOptions
{
    /// <summary>
    /// Where `score` scores: "tasks" of Spark, each its own users; or "driver", this process, for small runs and for executors that cannot run this program (they need Linux
    /// with glibc and this machine's kind of processor).
    /// </summary>
    [ResultNeutral]
    [AllowedValues("tasks", "driver")]
    public string Score { get; init; } = "tasks";

    /// <summary>How many tasks score; 0 for as many as Spark's shuffles have (spark.sql.shuffle.partitions), of a thousand users or more. Each reads the model, of which its executor has a copy, first: fewer read less, more share better.</summary>
    [ResultNeutral]
    [Range(0, 100_000)]
    public int ScoreTasks { get; init; }

    /// <summary>Threads of each training worker that is a task (Train:Placement "spark"). Give tasks as many cores: --conf spark.task.cpus=4.</summary>
    [ResultNeutral]
    [Range(1, 1024)]
    public int WorkerThreads { get; init; } = 1;

    /// <summary>
    /// The prepared rows as Spark reads them, where executors do not see the run directory: the version that `prepare --run s3a://…` named, such as s3a://bucket/shop/prepared/20261124T031502123Z-1f9c2b7e,
    /// of which the run directory holds a copy. Spark then brings each task the rows of its users, and takes back what it scored: nothing of this machine is read or written there. "": executors see the run
    /// directory at the same path; training workers read it, which is several times faster to start, and Spark writes the lists into it.
    /// </summary>
    [ResultNeutral]
    public string PreparedPath { get; init; } = "";

    /// <summary>
    /// The directory on every executor that holds this program, as the archive that `worker-archive` makes holds it; "" sends it there at the start of each run (40 MB). For images that have it built in.
    /// </summary>
    [ResultNeutral]
    public string WorkerDirectory { get; init; } = "";
}
