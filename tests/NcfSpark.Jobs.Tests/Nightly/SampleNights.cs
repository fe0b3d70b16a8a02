using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>Some nights: two in production, one refused, one stopped, one failed, and a rollback.</summary>
internal static class SampleNights
{
    private static readonly DateTimeOffset start = new(2026, 11, 20, 3, 15, 0, TimeSpan.Zero);

    public static RunNights In(string folder)
    {
        var nights = new RunNights(folder);
        RunHistory.Append(nights, Night(0, NightOutcome.Production, "2026-11-20"));
        RunHistory.Append(nights, Night(1, NightOutcome.Production, "2026-11-21"));
        RunHistory.Append(nights, Night(2, NightOutcome.Refused, "2026-11-21") with { Reason = "NDCG@10 0.0400 does not beat popularity's 0.0470." });
        RunHistory.Append(nights, Night(3, NightOutcome.Stopped, "2026-11-21") with
        {
            Reason = "There are 10 rows, \"90 %\" fewer\nthan \\ before.",
            Figures = null,
        });
        RunHistory.Append(nights, Night(4, NightOutcome.Failed, "2026-11-21") with { Reason = "The disk is full.", Figures = null, Data = null, Seconds = [] });
        RunHistory.Append(nights, new NightRecord
        {
            Event = NightEvent.Rollback,
            Night = "2026-11-20",
            Started = start.AddDays(4.5),
            Ended = start.AddDays(4.5),
            Outcome = NightOutcome.Production,
            Reason = "odd lists",
            Production = "2026-11-20",
        });
        foreach (string night in new[] { "2026-11-20", "2026-11-21" }) Directory.CreateDirectory(nights.PathOf(night));
        nights.PutInProduction("2026-11-20");
        return nights;
    }

    public static NightRecord Night(int day, string outcome, string? production) => new()
    {
        Night = $"2026-11-{20 + day}",
        Started = start.AddDays(day),
        Ended = start.AddDays(day).AddMinutes(20),
        Outcome = outcome,
        Reason = "It beats popularity.",
        Production = production,
        Figures = new NightFigures(
            "ndcg@10", 610, new(0.1 + 0.001 * day, 0.09, 0.11), new(0.047, 0.04, 0.05), day == 0
                ? null
                : new(0.099, 0.09, 0.11), new(0.053, 0.04, 0.06), day == 0 ? null : new(0.001, -0.002, 0.004)),
        Data = new NightData { Rows = 100_836 + 100 * day, Interactions = 100_000 + 100 * day, Users = 610, Items = 9_724, Duplicates = 0.01, BadRows = 0,
            FirstTimestamp = 800_000_000, LastTimestamp = 1_500_000_000, PopularityDrift = day == 0 ? null : 0.01 },
        Seconds = new(StringComparer.Ordinal) { ["prepared"] = 2.5, ["model"] = 12.25, ["report"] = 3, ["refit"] = 13, ["predictions"] = 1 },
    };
}
