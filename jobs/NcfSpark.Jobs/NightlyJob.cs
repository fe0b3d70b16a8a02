using NcfSpark.Data;
using NcfSpark.Jobs.Cluster;
using NcfSpark.Model;

namespace NcfSpark.Jobs;

/// <summary>All stages in order. What is there already, made from the same by the same settings, is passed over: that is how a killed run goes on.</summary>
internal static class NightlyJob
{
    public static ExitCode Run(JobContext job)
    {
        SparkTraining.Check(job);
        EvaluateJob.ReadTitles(job); // what a late stage would refuse is refused before any work
        ScoreFiles.Read(job.Configuration.Score);
        StageDirectory prepared = Stage(job, PreparedData.StageName, PrepareJob.Fingerprint(job), () => PrepareJob.Make(job));
        job.Engine.Close(); // a table's fingerprint needs it, too
        StageDirectory model = Stage(job, TrainedModel.StageName, TrainJob.Fingerprint(job, prepared), () => TrainJob.Make(job, prepared));
        StageDirectory report = Stage(job, EvaluateJob.StageName, EvaluateJob.Fingerprint(job, prepared, model), () => EvaluateJob.Make(job, prepared, model));
        Stage(job, ScoreJob.StageName, ScoreJob.Fingerprint(job, prepared, model), () => ScoreJob.Make(job, prepared, model));
        job.Output.WriteLine($"{EvaluateJob.Headline(report)}. Open {report.File(Evaluation.Reporting.ReportWriter.PageName)} in a browser.");
        return ExitCode.Done;
    }

    private static StageDirectory Stage(JobContext job, string stage, string fingerprint, Func<StageDirectory> make)
    {
        job.Cancellation.ThrowIfCancellationRequested();
        StageDirectory? finished = job.Configuration.Nightly.Resume ? StageDirectory.OpenIfFinished(job.RunDirectory, stage, fingerprint) : null;
        long started = job.Time.GetTimestamp();
        StageDirectory directory = finished ?? make();
        StageSummary.Write(job, directory, finished is null ? $"{job.Time.GetElapsedTime(started).TotalSeconds:F1} s" : "was there already");
        return directory;
    }
}
