namespace NcfSpark.Evaluation.Reporting;

/// <summary>Metrics of all scorers side by side, and the model's paired differences to the baselines.</summary>
internal static class MetricTables
{
    /// <param name="protocol">What was measured.</param>
    /// <param name="caption">Said above the table.</param>
    public static Html Values(ProtocolResult protocol, string caption) => Table(
        caption, protocol.Scorers, protocol.Scorers[0].Metrics.Keys,
        (scorer, metric) => Value(metric, scorer.Metrics[metric.Key], Best(protocol, metric) == scorer.Key));

    public static Html Differences(ProtocolResult protocol, string caption) => protocol.Differences.Count == 0 ? Html.Empty : Table(
        caption, protocol.Differences, protocol.Differences[0].Metrics.Keys.Where(metric => protocol.Differences.Any(baseline => baseline.Metrics[metric] is not null)),
        (baseline, metric) => Difference(metric, baseline.Metrics[metric.Key], protocol.Scorers.Single(scorer => scorer.Key == baseline.Key).Metrics[metric.Key]));

    private static Html Table(string caption, IReadOnlyList<ScorerMetrics> columns, IEnumerable<string> metrics, Func<ScorerMetrics, MetricName, Html> cell) => Html.Of($"""
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
        string relative = baseline is { Value: > 0 } && difference.Value != 0 && metric.Key != "log_loss" ? $" ({(difference.Value > 0 ? "+" : "−")}{Math.Abs(100 * difference.Value / baseline.Value):0} %)" : "";
        string look = isGood switch { true => " better", false => " worse", null => "" };
        return Html.Of($"<td class=\"number{look}\">{metric.FormatDifference(difference.Value)}<span class=\"relative\">{relative}</span>{Interval(metric.FormatDifferenceInterval(difference))}</td>");
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
