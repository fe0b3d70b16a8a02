using NcfSpark.Data;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Preparation;

namespace NcfSpark.Jobs;

/// <summary>The log of interactions → prepared/.</summary>
internal static class PrepareJob
{
    public static ExitCode Run(JobContext job)
    {
        StageSummary.Write(job, Make(job));
        return ExitCode.Done;
    }

    /// <summary>Opens what this stage made, if it fits the configuration.</summary>
    public static StageDirectory Open(JobContext job)
    {
        StageDirectory prepared = StageDirectory.Open(job.RunDirectory, PreparedData.StageName);
        ManifestCheck.Fits(prepared, ("Input", job.Configuration.Input), ("Prepare", job.Configuration.Prepare));
        return prepared;
    }

    public static string Fingerprint(JobContext job) => Preparer.FingerprintOf(job.Configuration.Input, job.Configuration.Prepare);

    public static StageDirectory Make(JobContext job)
    {
        PrepareOptions options = job.Configuration.Prepare;
        string spill = Path.Combine(job.RunDirectory, "prepared.spill");
        using ISqlEngine engine = new DuckDbEngine(new DuckDbOptions { Threads = options.Threads, MemoryLimit = options.MemoryLimit, SpillDirectory = spill }, job.Cancellation);
        return Preparer.Prepare(engine, job.Configuration.Input, options, job.RunDirectory, job.Progress);
    }
}
