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
        EASE, so that the figures mean something. Open report.html in a browser. With --shown LOG it measures instead what users were
        shown and clicked, and estimates the clicks on this run's lists from the log's propensities; also in a night in production.
        """,
        "prepared/, model/",
        "report/, report.html",
        ["Evaluate"],
        job => { job.Output.WriteLine(job.Configuration.Evaluate.ShownPath.Length > 0 ? NightPages.WriteShown(job) : Measure(job)); return ExitCode.Done; })
    {
        TakesShown = true,
        Often = ["Evaluate:CutOffs", "Evaluate:Users", "Evaluate:BootstrapSamples", "Evaluate:NegativesPerPositive", "Evaluate:Threshold",
            "Evaluate:ExampleUsers"],
        Examples = ["--config conf/shop.json", "--config conf/shop.json --run runs/shop/2026-11-24 --shown shown.csv"],
    };

    private static string Measure(JobContext job)
    {
        Titles.Read(job.Configuration.Input); // a file that cannot be read is refused before any work
        var pipeline = StagePipeline.ByHand(job);
        StageDirectory prepared = pipeline.Open(new PrepareStage(job)), model = pipeline.Open(new TrainStage(job.Configuration, prepared));
        pipeline.Make(new EvaluateStage(job.Configuration, prepared, model));
        return $"Open {NightPages.WriteReport(job)} in a browser.";
    }
}
