

namespace NcfSpark.Nightly;

/// <summary>Metrics for monitoring: gauges of the last night and of the night in production.</summary>
internal static class NightMetrics
{
    private static readonly string[] outcomes =
    [
        NightOutcome.Production, NightOutcome.Refused, NightOutcome.Stopped, NightOutcome.Failed, NightOutcome.Interrupted, NightOutcome.Abandoned,
    ];

    /// <summary>A gauge and its values. Its name ends with its unit, as Prometheus wants it: seconds, or ratio, or nothing for a count.</summary>
    /// <param name="Help">What it is.</param>
    /// <param name="Values">Its values by labels.</param>
    public sealed record Gauge(string Name, string Help, IReadOnlyList<((string Name, string Value)[] Labels, double Value)> Values);

    /// <summary>All gauges that have a value.</summary>
    public static IReadOnlyList<Gauge> Of(RunHistory history, string? production)
    {
        if (history.Nights is not [.., { } last]) return [];
        NightRecord run = history.LastRun ?? last;
        NightRecord? serving = production is null ? null : history.Of(production), measured = production is null ? null : history.AsServed(production);
        var gauges = new List<Gauge>();
        Add("last_run_timestamp_seconds", "When the last run of nightly ended, in seconds since 1970.", ([], Seconds(run.Ended)));
        Add("last_run_outcome", "1 for how the last run of nightly ended, 0 for the other ways.", ByOutcome(outcome => run.Outcome == outcome ? 1 : 0));
        Add("production_timestamp_seconds", "When the run that made what is in production ended, in seconds since 1970.", ([], Seconds(serving?.Ended)));
        Add("nights", "Nights in the history, by how they ended.", ByOutcome(outcome => history.Nights.Count(night => night.Outcome == outcome)));
        ((string, string)[], double?)[] seconds = [.. last.Seconds.Select(stage => (Label("stage", stage.Key), (double?)stage.Value))];
        Add("stage_duration_seconds", "What each stage of the last night took.", seconds);
        Add("rows", "Rows of the last night's log.", ([], last.Data?.Rows));
        Add("interactions", "Distinct interactions of the last night.", ([], last.Data?.Interactions));
        Add("users", "Users of the last night.", ([], last.Data?.Users));
        Add("items", "Items of the last night.", ([], last.Data?.Items));
        long? latest = last.Data is { LastTimestamp: not 0 and var timestamp } ? timestamp : null; // 0: a log without times
        Add("latest_interaction_timestamp_seconds", "The latest interaction of the last night's log, in seconds since 1970.", ([], latest));
        Add("bad_rows_ratio", "The share of the last night's rows that cannot be used.", ([], last.Data?.BadRows));
        Add("duplicates_ratio", "The share of the last night's rows that repeat an earlier user and item.", ([], last.Data?.Duplicates));
        Add("new_users_ratio", "The share of users that the night in production did not have.", ([], last.Data?.NewUsers));
        Add("new_items_ratio", "The share of items that the night in production did not have.", ([], last.Data?.NewItems));
        Add("popularity_drift", "How far popularity moved since the night in production: a divergence in bits, 0 to 1.", ([], last.Data?.PopularityDrift));
        string metric = (last.Figures ?? measured?.Figures)?.Metric ?? "ndcg@10";
        Add(
            "quality",
            "The metric that the gate decides by, over the whole catalogue: of what the last night would serve, of what is in production as measured on "
            + "its own night, of the baseline that was strongest on validation, of popularity.",
            (Of("last"), last.Figures?.Served?.Value),
            (Of("production"), measured?.Figures?.Served?.Value),
            (Of("baseline"), last.Figures?.Baseline.Value?.Value),
            (Of("popularity"), last.Figures?.Popularity?.Value));
        Add(
            "quality_than_production",
            "What the last night would serve less the one that was in production, on the same users.",
            (Label("metric", metric), last.Figures?.ServedAgainstIncumbent?.Value));
        return gauges;

        ((string, string)[], double?)[] ByOutcome(Func<string, double> value) =>
            [.. outcomes.Select(outcome => (Label("outcome", outcome), (double?)value(outcome)))];

        (string, string)[] Of(string of) => [("metric", metric), ("of", of)];

        void Add(string name, string help, params ((string, string)[] Labels, double? Value)[] values)
        {
            ((string, string)[], double)[] known = [.. values.Where(value => value.Value is not null).Select(value => (value.Labels, value.Value!.Value))];
            if (known.Length > 0) gauges.Add(new Gauge(name, help, known));
        }
    }

    private static (string, string)[] Label(string name, string value) => [(name, value)];

    private static double? Seconds(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() / 1000.0;
}
