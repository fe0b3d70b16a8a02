using NcfSpark.Tuning;

namespace NcfSpark.Jobs.Verbs;

internal static class TuneVerb
{
    public static Verb Verb { get; } = new(
        "tune",
        "searches ranges of settings on validation within a time budget; writes the best configuration",
        """
        Holds out validation rows, throws the test part away, and tries settings drawn from the ranges in the file that Tune:Search
        names: many for a few epochs, the best third of them for longer, and so on (Hyperband). How many brackets of these there are
        is decided by the clock; the best, and the configuration itself, are trained again with other seeds before one is chosen.
        Without Tune:Search it tries kinds of models, beside the baselines. With --input it keeps what it chose for the nights of that
        log; `nightly --input LOG --tune MINUTES` does both.
        Killed and started again with the same command, it goes on where it was; with a larger Tune:BudgetMinutes it searches on.
        tune/best.json is a complete configuration to use, tune/results.txt the table of what was tried.
        """,
        "Input:Path, Tune:Search",
        "tune/",
        ["Tune", "Input", "Prepare", "Model", "Train"],
        TuneStage.Tune)
    {
        RunsSql = true,
        TakesLog = true,
        Often = ["Tune:BudgetMinutes", "Tune:Search", "Tune:Finalists", "Tune:FinalSeeds", "Tune:Seed"],
        Examples = ["--input clicks.csv --tune 10", "--config conf/ml-latest-small-good.json --tune 5"],
    };
}
