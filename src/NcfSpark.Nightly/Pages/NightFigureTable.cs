using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>The figures of each night for the page's script, which sets any two nights side by side.</summary>
internal static class NightFigureTable
{
    /// <summary>The latest nights, so that the page stays small: about 500 bytes a night.</summary>
    private const int MostNights = 1000;

    /// <summary>A block of JSON in the page; empty where there are less than two nights.</summary>
    public static Html Data(NightsInput input)
    {
        NightRecord[] nights = [.. input.History.Nights.TakeLast(MostNights)];
        if (nights.Length < 2) return Html.Empty;
        string metric = nights.LastOrDefault(night => night.Figures is not null)?.Figures!.Metric ?? "ndcg@10";
        Figure[] figures = [.. Figures(metric, nights).Where(figure => nights.Any(night => figure.Of(night).Text.Length > 0))];
        int serving = Array.FindIndex(nights, night => night.Night == input.Production);
        int from = serving < 0 || serving == nights.Length - 1 ? nights.Length - 2 : serving; // what serves beside the latest, else the last two
        string json = JsonSerializer.Serialize(new // its encoder escapes all that could end the element
        {
            figures = figures.Select(figure => new object[] { figure.Name, figure.Decimals }),
            nights = nights.Select(night => new object[] { night.Night, figures.Select(figure => CellOf(figure.Of(night))) }),
            shown = new[] { from, nights.Length - 1 },
        });
        return new Html($"<script type=\"application/json\" id=\"nights-data\">{json}</script>");
    }

    private static object[] CellOf((string Text, double? Value) cell) => cell.Value is double value ? [cell.Text, value] : [cell.Text];

    private static IEnumerable<Figure> Figures(string metric, NightRecord[] nights)
    {
        var name = new MetricName(metric);
        Figure Measured(string title, Func<NightFigures, MetricInterval?> value, Func<string, MetricInterval?, string> text) => new(title, 4, night =>
            night.Figures?.Metric == metric && value(night.Figures) is { } found ? (text(metric, found), found.Value) : ("", null));
        Figure Counted(string title, Func<NightData, double?> value) => new(title, 0, night =>
            night.Data is { } data && value(data) is double count ? (count.ToString("N0"), count) : ("", null));
        Figure Shared(string title, Func<NightData, double?> value) => new(title, 4, night =>
            night.Data is { } data && value(data) is double share ? (share.ToString("0.0000"), share) : ("", null));
        Figure Timed(string title, Func<NightRecord, double?> value) => new($"{title}, s", 1, night =>
            value(night) is double seconds ? (seconds.ToString("N1"), seconds) : ("", null));

        yield return new Figure("Outcome", 0, night => (NightWords.Outcome(night.Outcome), null));
        yield return Measured(name.Title, figures => figures.Model, NightWords.Value);
        yield return Measured($"{name.Title} of popularity", figures => figures.Popularity, NightWords.Value);
        yield return Measured("Than production before it", figures => figures.AgainstIncumbent, NightWords.Difference);
        yield return Measured($"{name.Title} of the strongest baseline", figures => figures.Baseline.Value, NightWords.Value);
        yield return Measured("Than the strongest baseline", figures => figures.Baseline.Difference, NightWords.Difference);
        yield return Counted("Rows of the log", data => data.Rows);
        yield return Counted("Interactions", data => data.Interactions);
        yield return Counted("Users", data => data.Users);
        yield return Counted("Items", data => data.Items);
        yield return Shared("Share of repeated rows", data => data.Duplicates);
        yield return Shared("Share of bad rows", data => data.BadRows);
        yield return Shared("Share of new users", data => data.NewUsers);
        yield return Shared("Share of new items", data => data.NewItems);
        yield return Shared("How far popularity moved, bits", data => data.PopularityDrift);
        yield return new Figure("Best epoch", 0, night => (night.BestEpoch?.ToString() ?? "", night.BestEpoch));
        yield return new Figure("Warm start from", 0, night => (night.WarmStartedFrom ?? "", null));
        foreach (string stage in nights.SelectMany(night => night.Seconds.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            string verb = StageDirectory.VerbOf(stage) is var made && made == "nightly" ? stage : made; // refit and baseline
            yield return Timed(verb, night => night.Seconds.TryGetValue(stage, out double seconds) ? seconds : null);
        }

        yield return Timed("All stages", NightWords.Seconds);
    }

    private sealed record Figure(string Name, int Decimals, Func<NightRecord, (string Text, double? Value)> Of);
}
