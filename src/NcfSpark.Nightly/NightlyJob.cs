using NcfSpark.Configuration;

namespace NcfSpark.Nightly;

/// <summary>All stages in order, in a night's directory, and into service what passes the gate.</summary>
public static class NightlyJob
{
    public static ExitCode Run(JobContext job) => new NightRun(job).Run();
}
