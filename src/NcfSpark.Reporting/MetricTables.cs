using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>Metrics of all scorers side by side, and the model's paired differences to the baselines.</summary>
internal static class MetricTables
{
    /// <summary>With more scorers, the differences stand below the values and not beside them.</summary>
    private const int MostBeside = 3;

    /// <summary>
    /// The metrics at one cut-off side by side with the differences, and below, folded, those at all others. Metrics
    /// without a cut-off are all shown.
    /// </summary>
    /// <param name="hasIntervals">Whether there are intervals to speak of.</param>
    public static Html Of(ProtocolResult protocol, int cutOff, bool hasIntervals)
    {
        string[] all = [.. protocol.Scorers[0].Metrics.Keys];
        string[] first = [.. all.Where(metric => !metric.Contains('@') || metric.EndsWith($"@{cutOff}", StringComparison.Ordinal))];
        string[] others = [.. all.Except(first)];
        Html shown = Pair(protocol, first, hasIntervals);
        if (others.Length == 0) return shown;
        string[] names = [.. others.Select(metric => metric.Split('@')[1]).Distinct()];
        return Html.Of($"{shown}<details><summary>At {string.Join(" and ", names)}</summary>{Pair(protocol, others, hasIntervals)}</details>");
    }

    private static Html Pair(ProtocolResult protocol, string[] metrics, bool hasIntervals)
    {
        Html values = Table(
            hasIntervals
                ? "Values, with 95 % intervals"
                : "Values", protocol.Scorers, metrics, (scorer, metric) => Value(metric, scorer.Metrics[metric.Key], Best(protocol, metric) == scorer.Key));
        string[] compared = [.. metrics.Where(metric => protocol.Differences.Any(baseline => baseline.Metrics[metric] is not null))];
        if (compared.Length == 0) return values;
        Html differences = Table(
            $"{protocol.Scorers[0].Title} minus each baseline, paired by user", protocol.Differences, compared,
            (baseline, metric) => Difference(
                metric, baseline.Metrics[metric.Key], protocol.Scorers.Single(scorer => scorer.Key == baseline.Key).Metrics[metric.Key]));
        string look = protocol.Scorers.Count > MostBeside ? "tables stacked" : "tables";
        return Html.Of($"<div class=\"{look}\">{values}{differences}</div>");
    }

    private static Html Table(string caption, IReadOnlyList<ScorerMetrics> columns, string[] metrics, Func<ScorerMetrics, MetricName, Html> cell) =>
        Html.Of($"""
        <div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table class="metrics"><caption>{caption}</caption>
        <thead><tr><th scope="col">Metric</th>{columns.Select(column => Html.Of($"<th scope=\"col\" class=\"number\">{column.Title}</th>"))}</tr></thead>
        {metrics.GroupBy(metric => metric.Contains('@') ? metric.Split('@')[1] : "").Select(group => Html.Of($"""
        <tbody>{group.Select(metric => Row(new MetricName(metric), columns, cell))}</tbody>

        """))}
        </table></div>
        """);

    private static Html Row(MetricName metric, IReadOnlyList<ScorerMetrics> columns, Func<ScorerMetrics, MetricName, Html> cell) => Html.Of(
        $"<tr><th scope=\"row\" title=\"{metric.Explanation}\">{metric.Title}</th>{columns.Select(column => cell(column, metric))}</tr>\n");

    private static Html Value(MetricName metric, MetricInterval? value, bool isBest) => value is null
        ? Html.Of($"<td class=\"number muted\" title=\"these scores are no probabilities\">–</td>")
        : Html.Of($"<td class=\"number{(isBest ? " leading" : "")}\">{metric.Format(value.Value)}{Interval(metric.FormatInterval(value))}</td>");

    private static Html Difference(MetricName metric, MetricInterval? difference, MetricInterval? baseline)
    {
        if (difference is null) return Html.Of($"<td class=\"number muted\">–</td>");
        bool isCertain = difference.Low > 0 || difference.High < 0;
        bool? isGood = isCertain && metric.HigherIsBetter is bool higher ? difference.Value > 0 == higher : null;
        double percent = baseline is { Value: > 0 } && metric.HigherIsBetter is true ? Math.Round(100 * difference.Value / baseline.Value) : 0;
        string relative = percent == 0 ? "" : $" ({(percent > 0 ? "+" : "−")}{Math.Abs(percent):N0} %)";
        string look = isGood switch { true => " better", false => " worse", null => "" };
        return Html.Of($"<td class=\"number{look}\">{metric.FormatDifference(difference.Value)}<span "
            + $"class=\"relative\">{relative}</span>{Interval(metric.FormatDifferenceInterval(difference))}</td>");
    }

    private static Html Interval(string text) => text.Length == 0 ? Html.Empty : Html.Of($"<span class=\"interval\">{text}</span>");

    private static string? Best(ProtocolResult protocol, MetricName metric)
    {
        if (metric.HigherIsBetter is not bool higher) return null;
        IEnumerable<ScorerMetrics> scored = protocol.Scorers.Where(scorer => scorer.Metrics[metric.Key] is not null);
        if (scored.Count() < 2) return null;
        return (higher ? scored.MaxBy(scorer => scorer.Metrics[metric.Key]!.Value) : scored.MinBy(scorer => scorer.Metrics[metric.Key]!.Value))!.Key;
    }
}
