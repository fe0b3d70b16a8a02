using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Verbs;

internal static class StatusVerb
{
    public static Verb Verb { get; } = new(
        "status",
        "prints the last nights: how they ended, what they measured, which is in production",
        """
        Prints the last nights of the run directory as a table, the latest last, and why one did not go into production. It only
        looks, so it can be asked while a night runs. nights.html of the run directory shows all nights in a browser.
        """,
        "history.jsonl",
        "nothing",
        [],
        NightTable.Print) { OnlyLooks = true, NeedsNoConfiguration = true, Examples = ["--run runs/shop", "--config conf/shop.json"] };
}
