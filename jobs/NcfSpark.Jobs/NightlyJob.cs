using NcfSpark.Jobs.Nights;

namespace NcfSpark.Jobs;

/// <summary>All stages in order, in a night's directory, and into service what passes the gate.</summary>
internal static class NightlyJob
{
    public static ExitCode Run(JobContext job) => new NightRun(job).Run();
}
