using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Nightly;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs;

/// <summary>`evaluate`: prepared/ and model/ → report/, and beside it report.html, drawn from that.</summary>
internal static class EvaluateVerb
{
    public static ExitCode Run(JobContext job)
    {
        Titles.Read(job.Configuration.Input); // a file that cannot be read is refused before any work
        StageDirectory prepared = PrepareJob.Open(job);
        StageSummary.Write(job, EvaluateJob.Make(job, prepared, TrainJob.Open(job, prepared)));
        job.Output.WriteLine($"Open {NightPages.WriteReport(job)} in a browser.");
        return ExitCode.Done;
    }
}
