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
        Run)
    {
        RunsSql = true,
        RunsTasks = true,
        Often =
        [
            "Model:Kind", "Model:User", "Model:EmbeddingSize", "Model:UserMlp:Width", "Train:Epochs", "Train:Loss", "Train:Negatives",
            "Train:Embeddings:Regularization", "Train:Workers", "Train:Seed",
        ],
        Examples = ["--config conf/shop.json --set Train:Epochs=5", "--config conf/shop.json --set Train:Workers=4"],
    };

    private static ExitCode Run(JobContext job)
    {
        var pipeline = StagePipeline.ByHand(job);
        pipeline.Make(new TrainStage(job.Configuration, pipeline.Open(new PrepareStage(job))));
        return ExitCode.Done;
    }
}
