using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>Each metric as a small panel: a row a scorer, a dot at its value, a bar over its 95 % interval, all from 0.</summary>
internal static class MetricCharts
{
    private const double Width = 460, RowHeight = 30, LineHeight = 15, Left = 130, Right = 66, Top = 8, AxisHeight = 26;

    // As many letters as fit beside the chart; a word alone may have wide ones.
    private const int LabelWidth = 16, WordWidth = 13;

    public static Html Panel(ProtocolResult protocol, string metric)
    {
        var name = new MetricName(metric);
        return Panel(protocol, name, $"{metric.Replace('@', '-')}-{(protocol.Negatives == 0 ? "catalogue" : "sampled")}", name.Title, name.Explanation, 0);
    }

    /// <summary>A metric for each group of users by length of history, all on one scale.</summary>
    public static Html ByHistory(IReadOnlyList<UserGroup> groups, string metric) => OfGroups(groups, metric, "history", (group, _) =>
        group.FewestSeen == group.MostSeen ? $"{group.FewestSeen:N0} seen" : $"{group.FewestSeen:N0} to {group.MostSeen:N0} seen");

    /// <summary>A metric for users who were there before, and for new ones, on one scale.</summary>
    public static Html ByPresence(IReadOnlyList<UserGroup> groups, string metric) =>
        OfGroups(groups, metric, "presence", (_, place) => place == 0 ? "There before" : "New");

    /// <summary>A metric for known and for new items, and for new users. Each has a scale of its own: new items are seldom among the first.</summary>
    public static Html ByItem(IReadOnlyList<ItemGroup> groups, string metric)
    {
        var name = new MetricName(metric);
        return Html.Join(groups.Select(group =>
            Panel(group.Result, name, $"item-{group.Key}", group.Title,
                $"{name.Title}, {group.Result.Rows:N0} interactions of {group.Result.Users:N0} users", 0)));
    }

    private static Html OfGroups(IReadOnlyList<UserGroup> groups, string metric, string id, Func<UserGroup, int, string> heading)
    {
        var name = new MetricName(metric);
        double highest = groups.SelectMany(group => group.Result.Scorers).Max(scorer => scorer.Metrics[metric]!.High ?? scorer.Metrics[metric]!.Value);
        return Html.Join(groups.Select((group, g) =>
            Panel(group.Result, name, $"{id}-{g}", heading(group, g), $"{name.Title}, {group.Result.Users:N0} users", highest)));
    }

    private static Html Panel(ProtocolResult protocol, MetricName name, string id, string heading, string explanation, double leastHigh)
    {
        (ScorerMetrics Scorer, MetricInterval Value)[] rows =
            [.. protocol.Scorers.Where(scorer => scorer.Metrics.GetValueOrDefault(name.Key) is not null).Select(scorer => (scorer, scorer.Metrics[name.Key]!))];
        if (rows.Length == 0) return Html.Empty;
        Axis x = Axis.Linear([0, leastHigh, .. rows.Select(row => row.Value.High ?? row.Value.Value)], Left, Width - Right);
        string[][] labels = [.. rows.Select(row => Lines(row.Scorer.Title))];
        double[] heights = [.. labels.Select(lines => RowHeight + (lines.Length - 1) * LineHeight)];
        double bottom = Top + heights.Sum();
        string description = string.Join("; ",
            rows.Select(row => $"{row.Scorer.Title} {name.Format(row.Value.Value)}{(row.Value.Low is null ? "" : $" ({name.FormatInterval(row.Value)})")}"));
        return Html.Of($"""
            <figure><figcaption><strong>{heading}</strong> <span class="muted">{explanation}</span></figcaption>
            <svg class="chart" viewBox="0 0 {Width} {bottom + AxisHeight}" role="img" aria-labelledby="metric-{id}-title metric-{id}-description">
            <title id="metric-{id}-title">{name.Title} of the model and the baselines: {heading}</title><desc id="metric-{id}-description">{description}</desc>
            {x.Ticks.Select(Tick)}
            {rows.Select((row, r) => Row(
                name, row.Scorer, labels[r], row.Value, x, Top + heights[..r].Sum() + heights[r] / 2, LookOf(protocol, row.Scorer)))}
            </svg></figure>
            """);

        Html Tick(double tick) => Html.Of($"""
            <line class="grid" x1="{x.At(tick)}" x2="{x.At(tick)}" y1="{Top}" y2="{bottom}"/>
            <text x="{x.At(tick)}" y="{bottom + 16}" text-anchor="middle">{name.FormatTick(x, tick)}</text>
            """);
    }

    /// <summary>The class that colours a scorer: the model's own, then the baselines' in their order.</summary>
    public static string LookOf(ProtocolResult protocol, ScorerMetrics scorer)
    {
        int place = protocol.Scorers.TakeWhile(other => other.Key != scorer.Key).Count();
        return place == 0 ? "model" : $"baseline-{(place - 1) % 3 + 1}";
    }

    private static Html Row(MetricName name, ScorerMetrics scorer, string[] label, MetricInterval value, Axis x, double y, string look)
    {
        Html bar = value is { Low: double low, High: double high }
            ? Html.Of($"<path class=\"whisker {look}\" d=\"M{x.At(low)} {y - 5}V{y + 5}M{x.At(low)} {y}H{x.At(high)}M{x.At(high)} {y - 5}V{y + 5}\"/>")
            : Html.Empty;
        Html Line(string line, int place) =>
            Html.Of($"<tspan x=\"{Left - 10}\" y=\"{y + 4 + (place - (label.Length - 1) / 2.0) * LineHeight}\">{line}</tspan>");
        return Html.Of($"""
            <g class="{look}"><title>{scorer.Title}: {name.Format(value.Value)} {name.FormatInterval(value)}</title>
            <line class="stem" x1="{x.At(0)}" x2="{x.At(value.Value)}" y1="{y}" y2="{y}"/>{bar}{Mark(look, x.At(value.Value), y)}
            <text class="label" text-anchor="end">{label.Select(Line)}</text>
            <text class="value" x="{Width - 4}" y="{y + 4}" text-anchor="end">{name.Format(value.Value)}</text></g>

            """);
    }

    // A title in lines that fit: broken at blanks, and within a word that is longer than a line.
    private static string[] Lines(string title)
    {
        List<string> lines = [""];
        foreach (string part in title.Split(' ').SelectMany(word => word.Chunk(WordWidth)).Select(letters => new string(letters)))
        {
            if (lines[^1].Length == 0) lines[^1] = part;
            else if (lines[^1].Length + 1 + part.Length <= LabelWidth) lines[^1] += $" {part}";
            else lines.Add(part);
        }

        return [.. lines];
    }

    // Shapes differ as well as colours, for print and for eyes that do not tell the colours apart.
    private static Html Mark(string look, double x, double y) => look switch
    {
        "model" => Html.Of($"<circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"6\"/>"),
        "baseline-1" => Html.Of($"<rect class=\"mark\" x=\"{x - 5}\" y=\"{y - 5}\" width=\"10\" height=\"10\"/>"),
        _ => Html.Of($"<path class=\"mark\" d=\"M{x} {y - 7}L{x + 7} {y}L{x} {y + 7}L{x - 7} {y}z\"/>"),
    };
}
