using NcfSpark.Evaluation;
using NcfSpark.Pipeline;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>
/// What changes from night to night: the metric, sizes, times. A night is a place on the horizontal axis, whatever lies between it and the next.
/// </summary>
internal static class NightCharts
{
    private const int MostNights = 60, MostLabels = 6;
    private static readonly string[] stages = [.. Stage.Names];

    /// <summary>The last nights that were measured, by the metric that decides, with intervals; the strongest baseline beside it.</summary>
    public static Html Metric(IReadOnlyList<NightRecord> nights)
    {
        NightRecord[] shown = [.. nights.Where(night => night.Figures?.Served is not null).TakeLast(MostNights)];
        if (shown.Length == 0) return Html.Empty;
        var name = new MetricName(shown[^1].Figures!.Metric);
        MetricInterval Model(NightRecord night) => night.Figures!.Served!;
        MetricInterval?[] baseline = [.. shown.Select(night => night.Figures!.Baseline.Value)];
        IEnumerable<double> lows = shown.Select(night => Model(night).Low ?? Model(night).Value);
        IEnumerable<double> highs = shown.Select(night => Model(night).High ?? Model(night).Value);
        Axis y = Vertical([.. lows, .. highs, .. baseline.OfType<MetricInterval>().Select(value => value.Value)]);
        Html Whisker(NightRecord night, double x) => Model(night) is { Low: double low, High: double high }
            ? Html.Of($"<line class=\"whisker\" x1=\"{x}\" x2=\"{x}\" y1=\"{y.At(low)}\" y2=\"{y.At(high)}\"/>")
            : Html.Empty;
        IEnumerable<Html> marks = shown.Select((night, i) => Html.Of($"""
            <g class="model">{Whisker(night, At(i, shown))}<circle class="mark{Refused(night)}" cx="{At(i, shown)}" cy="{y.At(Model(night).Value)}" r="4.5">
            <title>{night.Night}, {NightWords.Outcome(night.Outcome)}: {NightWords.Value(name.Key, Model(night))}</title></circle></g>

            """));
        Html line = Chart.Line("line past", shown.Select((night, i) => (At(i, shown), y.At(Model(night).Value))));
        IEnumerable<(MetricInterval? Value, int Place)> below = baseline.Select((value, i) => (value, i)).Where(point => point.value is not null);
        Html lineBelow = Chart.Line("line popularity", below.Select(point => (At(point.Place, shown), y.At(point.Value!.Value))));
        string Of(MetricInterval? value) => NightWords.Value(name.Key, value);
        string description = $"{name.Title} of {shown.Length} nights, from {Of(Model(shown[0]))} on {shown[0].Night} to {Of(Model(shown[^1]))} on "
            + $"{shown[^1].Night}; {shown[^1].Figures!.Baseline.Title} had {Of(baseline[^1])} then.";
        Html drawn = Html.Of($"{Labels(shown)}{lineBelow}{line}{marks}");
        return Chart.Frame("nights-metric", $"{name.Title} by night", description, Axis.None, y, "night", name.Title, drawn);
    }

    /// <summary>A count by night; empty where no night has it.</summary>
    public static Html Size(
        IReadOnlyList<NightRecord> nights, string id, string title, string unit, Func<NightData, double?> value, Func<double, string> format)
    {
        NightRecord[] shown = [.. nights.Where(night => night.Data is not null && value(night.Data) is not null).TakeLast(MostNights)];
        if (shown.Length == 0) return Html.Empty;
        double[] values = [.. shown.Select(night => value(night.Data!)!.Value)];
        Axis y = Vertical(values);
        IEnumerable<Html> marks = shown.Select((night, i) => Html.Of($"""
            <circle class="dot{Refused(night)}" cx="{At(i, shown)}" cy="{y.At(values[i])}" r="3.5">
            <title>{night.Night}, {NightWords.Outcome(night.Outcome)}: {format(values[i])}</title></circle>
            """));
        Html line = Chart.Line("line", values.Select((point, i) => (At(i, shown), y.At(point))));
        string description = $"From {format(values[0])} on {shown[0].Night} to {format(values[^1])} on {shown[^1].Night}.";
        return Chart.Frame(id, $"{title} by night", description, Axis.None, y, "night", unit, Html.Of($"{Labels(shown)}{line}{marks}"));
    }

    /// <summary>The seconds of each stage, one above the other.</summary>
    public static Html Times(IReadOnlyList<NightRecord> nights)
    {
        NightRecord[] shown = [.. nights.Where(night => night.Seconds.Count > 0).TakeLast(MostNights)];
        if (shown.Length == 0) return Html.Empty;
        Axis y = Vertical([0, .. shown.Select(night => night.Seconds.Values.Sum())]);
        double width = Math.Clamp(0.7 * (Chart.Width - Chart.Left - Chart.Right) / shown.Length, 2, 28);
        IEnumerable<string> last = Stages(shown[^1]).Select(stage => $"{stage.Name} {NightWords.Duration(stage.Seconds)}");
        string description = $"{shown[^1].Night} took {NightWords.Duration(shown[^1].Seconds.Values.Sum())}: {string.Join(", ", last)}.";
        Html drawn = Html.Of($"{Labels(shown)}{shown.SelectMany(Bars)}");
        return Chart.Frame("nights-times", "Seconds by night and stage", description, Axis.None, y, "night", "seconds", drawn);

        IEnumerable<Html> Bars(NightRecord night, int i)
        {
            double below = 0;
            foreach ((string name, double seconds, int look) in Stages(night))
            {
                double top = y.At(below + seconds);
                yield return Html.Of($"""
                    <rect class="stage-{look}" x="{At(i, shown) - width / 2}" y="{top}" width="{width}" height="{y.At(below) - top}">
                    <title>{night.Night}, {name}: {NightWords.Duration(seconds)}</title></rect>
                    """);
                below += seconds;
            }
        }
    }

    /// <summary>What the colours of <see cref="Times"/> mean.</summary>
    public static Html TimesLegend(IReadOnlyList<NightRecord> nights)
    {
        IEnumerable<(string Name, double Seconds, int Look)> each = nights.SelectMany(Stages).DistinctBy(stage => stage.Look).OrderBy(stage => stage.Look);
        return Html.Of($"<span class=\"legend\">{each.Select(stage => Html.Of($"<span class=\"stage-{stage.Look}\">{stage.Name}</span>"))}</span>");
    }

    private static string Refused(NightRecord night) => night.Outcome == NightOutcome.Production ? "" : " refused";

    private static IEnumerable<(string Name, double Seconds, int Look)> Stages(NightRecord night) =>
        stages.Concat(night.Seconds.Keys.Except(stages))
            .Where(night.Seconds.ContainsKey)
            .Select(stage => (stage, night.Seconds[stage], Math.Max(0, Array.IndexOf(stages, stage))));

    private static double At(int place, NightRecord[] shown)
    {
        const double From = Chart.Left + 18, To = Chart.Width - Chart.Right - 18;
        return shown.Length == 1 ? (From + To) / 2 : From + place * (To - From) / (shown.Length - 1);
    }

    private static Axis Vertical(IEnumerable<double> values) => Axis.Linear(values, Chart.Height - Chart.Bottom, Chart.Top + 8);

    // Month and day of some nights, the last always.
    private static Html Labels(NightRecord[] shown)
    {
        int step = (shown.Length + MostLabels - 1) / MostLabels;
        Html Label(string night, double x) => Html.Of($"<text x=\"{x}\" y=\"{Chart.Height - Chart.Bottom + 17}\" text-anchor=\"middle\">{night[5..]}</text>");
        return Html.Join(shown.Select((night, i) => (shown.Length - 1 - i) % step > 0 ? Html.Empty : Label(night.Night, At(i, shown))));
    }
}
