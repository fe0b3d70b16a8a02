using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

/// <summary>Five nights: two in production, one refused, one stopped, one failed.</summary>
internal static class SampleNights
{
    private static readonly DateTimeOffset start = new(2026, 11, 20, 3, 15, 0, TimeSpan.Zero);
    private static readonly string[] outcomes = [NightOutcome.Production, NightOutcome.Production, NightOutcome.Refused,
        NightOutcome.Stopped, NightOutcome.Failed];

    public static NightsInput Input(string directory, string reason = "It beats popularity.") => new()
    {
        Title = "shop",
        History = Until(directory, outcomes.Length, reason),
        Production = "2026-11-21",
        Reports = new HashSet<string> { "2026-11-20", "2026-11-21", "2026-11-22" },
    };

    /// <summary>The history after so many nights.</summary>
    public static RunHistory Until(string directory, int count, string reason = "It beats popularity.")
    {
        var nights = new RunNights(directory);
        File.Delete(nights.HistoryPath);
        for (int day = 0; day < count; day++) RunHistory.Append(nights, Night(day, outcomes[day], reason));
        return RunHistory.Read(nights);
    }

    private static NightRecord Night(int day, string outcome, string reason) => new()
    {
        Night = $"2026-11-{20 + day}",
        Started = start.AddDays(day),
        Ended = start.AddDays(day).AddMinutes(20),
        Outcome = outcome,
        Reason = reason,
        Production = day == 0 ? "2026-11-20" : "2026-11-21",
        Figures = outcome is NightOutcome.Production or NightOutcome.Refused
            ? new NightFigures("ndcg@10", 610, new(0.1 - 0.01 * day, 0.09 - 0.01 * day, 0.11 - 0.01 * day), new(0.047, 0.04, 0.05), null, new(0.05, 0.04, 0.06),
                day == 0 ? null : new(-0.01, -0.02, 0.001))
            : null,
        Data = outcome == NightOutcome.Failed
            ? null
            : new NightData { Rows = 100_836 + 900 * day, Interactions = 100_000 + 900 * day, Users = 610 + day, Items = 9_724, Duplicates = 0, BadRows = 0,
                FirstTimestamp = 800_000_000, LastTimestamp = 1_500_000_000, PopularityDrift = day == 0 ? null : 0.01 * day },
        Seconds = outcome == NightOutcome.Failed ? [] : new(StringComparer.Ordinal) { ["prepared"] = 2.5, ["model"] = 12.25, ["report"] = 3 },
    };
}
