using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs.Verbs;

internal static class EvaluateVerb
{
    public static Verb Verb { get; } = new(
        "evaluate",
        "measures the model on the held-out rows, beside baselines, and writes a report with pictures",
        """
        Ranks the whole catalogue for each user with held-out rows, and does the same with up to six baselines, from popularity to
        EASE, so that the figures mean something. Open report.html in a browser.
        """,
        "prepared/, model/",
        "report/, report.html",
        ["Evaluate"],
        Run)
    {
        Often =
        [
            "Evaluate:CutOffs", "Evaluate:Users", "Evaluate:BootstrapSamples", "Evaluate:NegativesPerPositive", "Evaluate:Threshold",
            "Evaluate:ExampleUsers",
        ],
        Examples = ["--config conf/shop.json"],
    };

    private static ExitCode Run(JobContext job)
    {
        Titles.Read(job.Configuration.Input); // a file that cannot be read is refused before any work
        var pipeline = StagePipeline.ByHand(job);
        StageDirectory prepared = pipeline.Open(new PrepareStage(job)), model = pipeline.Open(new TrainStage(job.Configuration, prepared));
        pipeline.Make(new EvaluateStage(job.Configuration, prepared, model));
        job.Output.WriteLine($"Open {NightPages.WriteReport(job)} in a browser.");
        return ExitCode.Done;
    }
}
