using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs.Verbs;

internal static class ScoreVerb
{
    public static Verb Verb { get; } = new(
        "score",
        "writes the top recommendations of every user, and scores given pairs",
        """
        Scores every item for every user and keeps the best that the user has not seen. Nobody is missing: who cannot be scored by the
        model gets the popularity list, marked so in the column source.
        """,
        "prepared/, model/, Score:PairsPath",
        "predictions/",
        ["Score", "Spark"],
        Run)
    {
        RunsSql = true,
        RunsTasks = true,
        Often =
        [
            "Score:TopK", "Score:ExcludeSeen", "Score:UsersPath", "Score:Since", "Score:AllowPath", "Score:DenyPath", "Score:NotOlderThan",
            "Score:MaxPerGroup", "Score:PairsPath", "Score:SimilarItems",
        ],
        Examples = ["--config conf/shop.json", "--config conf/shop.json --set Score:TopK=50 --set Score:UsersPath=members.csv"],
    };

    private static ExitCode Run(JobContext job)
    {
        var pipeline = StagePipeline.ByHand(job);
        StageDirectory prepared = pipeline.Open(new PrepareStage(job)), model = pipeline.Open(new TrainStage(job.Configuration, prepared));
        pipeline.Make(new ScoreStage(job.Configuration, prepared, RefitStage.ServedModel(job, model)));
        return ExitCode.Done;
    }
}
