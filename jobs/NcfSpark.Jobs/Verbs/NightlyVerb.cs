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
        job => new NightRun(job).Run()) { RunsSql = true, RunsTasks = true, TakesLog = true };

    public static Verb Status { get; } = new(
        "status",
        "prints the last nights: how they ended, what they measured, which is in production",
        """
        Prints the last nights of the run directory as a table, the latest last, and why one did not go into production. It only
        looks, so it can be asked while a night runs. nights.html of the run directory shows all nights in a browser.
        """,
        "history.jsonl",
        "nothing",
        [],
        NightTable.Print) { OnlyLooks = true };
}
