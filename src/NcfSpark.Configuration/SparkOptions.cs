using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>Section Spark: what runs within Spark's tasks, where --master or --remote is given.</summary>
public sealed record SparkOptions
{
    /// <summary>
    /// Where `score` computes. "tasks" (default): in tasks of Spark, each for its own users. "driver": in this process; for small
    /// runs, and for executors that cannot run this program (they need Linux with glibc and this machine's kind of processor).
    /// </summary>
    [ExcludeFromFingerprint]
    public ScorePlace Score { get; init; }

    /// <summary>
    /// Number of tasks that score. 0 (default): as many as Spark's shuffles have (spark.sql.shuffle.partitions), with at least a
    /// thousand users each. Each task first reads the model from its executor's disk, so fewer tasks read less, and more divide
    /// the work better.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 100_000)]
    public int ScoreTasks { get; init; }

    /// <summary>
    /// Number of threads of each training worker that runs as a task (Train:Placement "spark"). Give tasks as many cores: --conf
    /// spark.task.cpus=4.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1, 1024)]
    public int WorkerThreads { get; init; } = 1;

    /// <summary>
    /// Place of the prepared rows as Spark reads them, for executors that do not see the run directory: the version that `prepare
    /// --run s3a://…` named, such as s3a://bucket/shop/prepared/20261124T031502123Z-1f9c2b7e, of which the run directory holds a
    /// copy. Spark then sends each task the rows of its users and returns its results, so executors read and write nothing on
    /// this machine. "" (default): executors see the run directory at the same path and read and write it themselves; training
    /// then starts several times faster.
    /// </summary>
    [ExcludeFromFingerprint]
    public string PreparedPath { get; init; } = "";

    /// <summary>
    /// Directory on every executor in which this program lies, unpacked from the archive that `worker-archive` makes; for images
    /// that contain it. "" (default): the program (40 MB) is sent to executors at the start of each run.
    /// </summary>
    [ExcludeFromFingerprint]
    public string WorkerDirectory { get; init; } = "";
}

/// <summary>Where `score` computes: in Spark's tasks, or in this process.</summary>
[JsonConverter(typeof(SettingTextConverter<ScorePlace>))]
public enum ScorePlace
{
    Tasks,
    Driver,
}
