using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Preparation;

namespace NcfSpark.Pipeline;

/// <summary>The log of interactions → prepared/.</summary>
public static class PrepareJob
{
    public static ExitCode Run(JobContext job)
    {
        StageDirectory made = Make(job);
        StageSummary.Write(job, made);
        StageSummary.TellOfStale(job, made);
        return ExitCode.Done;
    }

    /// <summary>Whether a run directory holds what these settings of Input and Prepare made of a log, this one or another.</summary>
    public static bool IsBySettingsOf(JobContext job, string runDirectory)
    {
        try
        {
            return !ManifestCheck.Differences(StageDirectory.Open(runDirectory, PreparedData.StageName, isRead: _ => false), ("Input", job.Configuration.Input), ("Prepare", job.Configuration.Prepare)).Any();
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }

    /// <summary>Opens what this stage made, if it fits the configuration.</summary>
    public static StageDirectory Open(JobContext job)
    {
        StageDirectory prepared = StageDirectory.Open(job.RunDirectory, PreparedData.StageName);
        ManifestCheck.Fits(prepared, ("Input", job.Configuration.Input), ("Prepare", job.Configuration.Prepare));
        return prepared;
    }

    /// <summary>Only input that is not on this machine needs the engine for it.</summary>
    public static string Fingerprint(JobContext job) => Preparer.FingerprintOf(() => job.Engine.Open(job), job.Configuration.Input, job.Configuration.Prepare);

    public static StageDirectory Make(JobContext job)
    {
        Preparer.CheckInputIsThere(job.Configuration.Input, job.Configuration.Prepare); // before a Spark is started, which takes seconds
        try
        {
            return Preparer.Prepare(job.Engine.Open(job), job.Configuration.Input, job.Configuration.Prepare, job.RunDirectory, job.Progress, job.Time);
        }
        finally
        {
            job.Engine.Close();
        }
    }
}
