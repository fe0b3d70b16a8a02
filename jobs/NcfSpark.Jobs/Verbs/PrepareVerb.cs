using NcfSpark.Configuration;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs.Verbs;

internal static class PrepareVerb
{
    public static Verb Verb { get; } = new(
        "prepare",
        "checks the log of interactions, numbers users and items, splits off what is tested, draws negatives",
        """
        Reads the log, refuses it with file, line and column where it is wrong, keeps the latest of each (user, item), holds out the latest
        interactions of each user, and draws negatives beside the rest. The same input, settings and seed give the same rows.
        """,
        "Input:Path",
        "prepared/",
        ["Input", "Prepare"],
        Run)
    {
        RunsSql = true,
        Often =
        [
            "Input:Path", "Input:UserColumn", "Input:ItemColumn", "Input:TimestampColumn", "Input:Delimiter", "Input:MaxBadRows", "Prepare:Holdout",
            "Prepare:MinInteractions", "Prepare:Split", "Prepare:MemoryLimit",
        ],
        Examples = ["--config conf/shop.json", "--config conf/shop.json --set Prepare:Holdout=1", "--config conf/shop.json --master 'local[*]'"],
    };

    private static ExitCode Run(JobContext job)
    {
        StagePipeline.ByHand(job).Make(new PrepareStage(job));
        return ExitCode.Done;
    }
}
