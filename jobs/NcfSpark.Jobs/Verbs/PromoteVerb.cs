using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Verbs;

internal static class PromoteVerb
{
    public static Verb Promote { get; } = new(
        "promote",
        "puts a night into production by hand: promote 2026-11-24",
        """
        Puts a night into production that the gate refused (its predictions are made first), or one that was in production before. The reason,
        Nightly:Reason, is kept in the history. A night that was refused needs the configuration that made it.
        """,
        "2026-11-24/",
        "current, history.jsonl",
        ["Nightly"],
        Promotion.Promote)
    {
        TakesNight = true,
        NeedsNoConfiguration = true,
        Often = ["Nightly:Reason"],
        Examples = ["2026-11-24 --run runs/shop --set Nightly:Reason='better'", "2026-11-25 --config conf/shop.json --set Nightly:Reason='looked at'"],
    };

    public static Verb Rollback { get; } = new(
        "rollback",
        "puts the night that was in production before into production again",
        """
        Puts the night that was in production before the present one into production again. It was never removed, so this takes no time. The
        reason, Nightly:Reason, is kept in the history. Tomorrow's night is compared with it.
        """,
        "current, history.jsonl",
        "current, history.jsonl",
        ["Nightly"],
        Promotion.RollBack)
    {
        NeedsNoConfiguration = true, Often = ["Nightly:Reason"], Examples = ["--run runs/shop --set Nightly:Reason='recommends only boxed sets'"],
    };
}
