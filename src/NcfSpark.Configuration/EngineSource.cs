using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Configuration;

/// <summary>
/// The engine of a run, made when it is first asked for and kept until it is let go: a Spark takes seconds to start, and memory as long as it is there.
/// </summary>
public sealed class EngineSource : IDisposable
{
    private readonly Func<JobContext, ISqlEngine> make;
    private ISqlEngine? engine;

    /// <summary>Whether it is a Spark.</summary>
    public bool IsSpark { get; init; }

    /// <summary>Whether it computes on this machine alone, as far as its address says.</summary>
    public bool IsHere { get; init; } = true;

    /// <summary>How many queries Microsoft.Spark's bridge runs at once; null where there is none.</summary>
    public int? BridgeQueries { get; init; }

    /// <param name="make">Makes an engine for a job.</param>
    public EngineSource(Func<JobContext, ISqlEngine> make) => this.make = make;

    public ISqlEngine Open(JobContext job) => engine ??= make(job);

    /// <summary>Lets go of the engine. Asked again, another is made.</summary>
    public void Close()
    {
        engine?.Dispose();
        engine = null;
    }

    public void Dispose() => Close();

    /// <summary>DuckDB in this process.</summary>
    public static ISqlEngine DuckDb(JobContext job) => new DuckDbEngine(
        new DuckDbOptions
        {
            Threads = job.Configuration.Prepare.Threads,
            MemoryLimit = job.Configuration.Prepare.MemoryLimit,
            SpillDirectory = Path.Combine(job.RunDirectory, "prepared.spill"),
            Report = job.Progress.Line,
        },
        job.Cancellation);
}
