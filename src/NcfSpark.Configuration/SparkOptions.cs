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
