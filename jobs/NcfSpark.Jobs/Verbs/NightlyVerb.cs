using NcfSpark.Configuration;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Verbs;

internal static class NightlyVerb
{
    public static Verb Verb { get; } = new(
        "nightly",
        "all of these in order, in a night of its own; what passes the gate goes into production",
        """
        Runs prepare, checks the data against the nights before, trains, evaluates beside the model in production, and, if the gate approves,
        trains again on everything (Nightly:Refit), scores, and points `current` to the night. Stages whose result is there already are passed
        over; killed and started again with the same command, it goes on where it was. The history tells how each night ended.
        """,
        "Input:Path, Score:PairsPath",
        "2026-11-24/, current, history.jsonl, nights.html, metrics.prom",
        [.. SettingKey.Sections.Except(["Tune"])],
        job => new NightRun(job).Run())
    {
        RunsSql = true,
        RunsTasks = true,
        TakesLog = true,
        Often =
        [
            "Input:Path", "Prepare:Holdout", "Model:UserMlp:Width", "Train:Epochs", "Score:TopK", "Nightly:Gate", "Nightly:MaxDrop",
            "Nightly:MaxChange", "Nightly:Refit", "Nightly:Keep",
        ],
        Examples =
        [
            "--input clicks.csv", "--input clicks.csv --tune 10", "--config conf/shop.json --run /srv/shop --set Score:TopK=50",
            "--config conf/shop.json --master spark://host:7077",
        ],
    };
}
