using NcfSpark.Configuration;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs.Verbs;

internal static class TrainVerb
{
    public static Verb Verb { get; } = new(
        "train",
        "fits the network to the prepared rows",
        """
        Fits the network, epoch by epoch, and validates after each where rows were held out for that. It writes checkpoints: killed and
        started again with the same command, it goes on from the last one, to the same bytes.
        """,
        "prepared/",
        "model/",
        ["Model", "Train", "Spark"],
        Run) { RunsSql = true, RunsTasks = true };

    private static ExitCode Run(JobContext job)
    {
        var pipeline = StagePipeline.ByHand(job);
        pipeline.Make(new TrainStage(job.Configuration, pipeline.Open(new PrepareStage(job))));
        return ExitCode.Done;
    }
}
