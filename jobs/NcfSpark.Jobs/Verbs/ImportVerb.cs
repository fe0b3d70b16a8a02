using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Verbs;

internal static class ImportVerb
{
    public static Verb Verb { get; } = new(
        "import",
        "takes vectors of users and items that another tool trained as the model",
        """
        Reads the vectors that Spark ALS, implicit, LightFM or another factorization learned (section Import), and writes them as the model.
        `evaluate`, `score` and `serve` then treat it as their own. `nightly` with section Import in its configuration imports instead of training,
        and its gate decides. prepared/train in Parquet is what the other tool should be trained on, so that what is tested is new to it.
        """,
        "prepared/, Import:UsersPath, Import:ItemsPath",
        "model/",
        ["Import"],
        Run)
    {
        RunsSql = true,
        Often = ["Import:UsersPath", "Import:ItemsPath", "Import:Ids", "Import:IdColumn", "Import:VectorColumn", "Import:BiasColumn", "Import:AllowMissing"],
        Examples = ["--config conf/shop.json --set Import:UsersPath=als/userFactors --set Import:ItemsPath=als/itemFactors"],
    };

    private static ExitCode Run(JobContext job)
    {
        if (!job.Configuration.Import.IsSet) throw new InvalidInputException("Import:UsersPath and Import:ItemsPath are not set: name the files of vectors.");
        return TrainVerb.Verb.Run(job);
    }
}
