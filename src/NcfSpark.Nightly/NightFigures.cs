using System.Text.Json.Serialization;
using NcfSpark.Evaluation;
using NcfSpark.Pipeline;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>
/// What the gate decided by: the metric of the candidate, of baselines and of the incumbent, on the same held-out users of this night, with 95 %
/// intervals. Null where something was not measured or is not finite.
/// </summary>
/// <param name="Metric">What the values are, such as "ndcg@10" over the whole catalogue.</param>
/// <param name="Users">Users measured.</param>
/// <param name="Model">The night's model, trained without the held-out interactions.</param>
/// <param name="Incumbent">The model in production before this night, as it was before its refit.</param>
/// <param name="AgainstPopularity">The model minus popularity, paired by user.</param>
/// <param name="AgainstIncumbent">The model minus the one in production, paired by user.</param>
public sealed record NightFigures(
    string Metric,
    int Users,
    MetricInterval? Model,
    MetricInterval? Popularity,
    MetricInterval? Incumbent,
    MetricInterval? AgainstPopularity,
    MetricInterval? AgainstIncumbent)
{
    /// <summary>The key of the model in production among the scorers.</summary>
    public const string IncumbentKey = IncumbentComparison.Key;

    /// <summary>The baseline that was strongest on validation, which the gate compares with; null in nights of versions that had none but popularity.</summary>
    public NightBaseline? StrongestBaseline { get; init; }

    /// <summary>The strongest baseline, which the gate compares with.</summary>
    [JsonIgnore]
    public NightBaseline Baseline => StrongestBaseline ?? new(Baselines.Popularity, "popularity", Popularity, AgainstPopularity);

    /// <summary>Whether the strongest baseline serves instead of the model.</summary>
    public bool BaselineServes { get; init; }

    /// <summary>The strongest baseline minus the model in production, paired by user.</summary>
    public MetricInterval? BaselineAgainstIncumbent { get; init; }

    /// <summary>What serves, the model or the baseline.</summary>
    [JsonIgnore]
    public MetricInterval? Served => BaselineServes ? Baseline.Value : Model;

    /// <summary>What serves minus the model in production before it, paired by user.</summary>
    [JsonIgnore]
    public MetricInterval? ServedAgainstIncumbent => BaselineServes ? BaselineAgainstIncumbent : AgainstIncumbent;

    /// <param name="result">What was measured, the model first.</param>
    public static NightFigures From(EvaluationResult result, EvaluateOptions options)
    {
        ProtocolResult catalogue = result.WholeCatalogue;
        string metric = $"ndcg@{Verdict.CutOffOf(options.CutOffs)}";
        return new NightFigures(
            metric,
            catalogue.Users,
            Finite(catalogue.Scorers[0].Metrics[metric]),
            Of(catalogue.Scorers, Baselines.Popularity),
            Of(catalogue.Scorers, IncumbentKey),
            Of(catalogue.Differences, Baselines.Popularity),
            Of(catalogue.Differences, IncumbentKey))
        {
            StrongestBaseline = result.Baselines is not { Strongest: var key } chosen
                ? null
                : new(key, chosen.Figures.Single(one => one.Key == key).Title, Of(catalogue.Scorers, key), Of(catalogue.Differences, key)),
            BaselineAgainstIncumbent = result.Baselines is null ? null : Finite(result.Difference(result.Baselines.Strongest, IncumbentKey, metric, options)),
        };

        MetricInterval? Of(IReadOnlyList<ScorerMetrics> scorers, string key) => Finite(scorers.FirstOrDefault(scorer => scorer.Key == key)?.Metrics[metric]);
    }

    // JSON has neither NaN nor infinity.
    private static MetricInterval? Finite(MetricInterval? value) => value is not null && double.IsFinite(value.Value) ? value : null;
}

/// <summary>A baseline beside a night's model.</summary>
/// <param name="Key">Its key in report.json, such as "ease".</param>
/// <param name="Title">Its name for people, such as "EASE".</param>
/// <param name="Difference">The model minus the baseline, paired by user.</param>
public sealed record NightBaseline(string Key, string Title, MetricInterval? Value, MetricInterval? Difference);
