using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>An item that stood in a list that a user was shown.</summary>
/// <param name="List">The list's name, or "".</param>
/// <param name="Rank">From 1.</param>
/// <param name="Propensity">Probability, above 0, with which the item stood in the list that was shown; null where it is unknown.</param>
/// <param name="Variant">Of an A/B test which lists these were, or "".</param>
/// <param name="Time">Tells apart two showings of a list to a user; "" where nothing does.</param>
public sealed record ShownItem(string User, string Item, string List, int Rank, bool Clicked, double? Propensity, string Variant, string Time);

/// <summary>A figure of what was shown, with its 95 % interval by bootstrap over users; nulls where it has no value or no interval.</summary>
/// <param name="Variant">As in the log; "A - B" for the difference of two; "" where there is one.</param>
/// <param name="Of">"all", "rank 3" or "list NAME".</param>
/// <param name="Metric">"ctr", "hit rate", "ips" or "snips".</param>
/// <param name="Rows">Rows of the log, of both for a difference.</param>
public sealed record ShownFigure(string Variant, string Of, string Metric, long Rows, double? Value, double? Low, double? High);

/// <summary>
/// What happened to lists that were shown. CTR is clicks over shown items; hit rate is showings (rows of one user, list and time) with a click over
/// showings. IPS and SNIPS estimate, from rows with a propensity p, the CTR of other lists, as long as those that were shown:
/// <code>
/// ips    sum of in c / p, over n                 Horvitz and Thompson 1952
/// snips  sum of in c / p, over sum of in / p     self-normalised, Swaminathan and Joachims 2015
/// </code>
/// where in is 1 if the user's other list has the item, c is 1 if it was clicked, and n is how many rows there are. Both need every item of the other lists
/// to have had a chance (p above 0). SNIPS varies less, and is a little biased in small logs.
/// </summary>
/// <example>n = 4; of the rows in the other lists one is clicked with p = 0.5, one is not with p = 0.25: ips 2 / 4, snips 2 / (2 + 4).</example>
public static class ShownMeasure
{
    /// <param name="isIn">Whether an item stands in the other list of the user; null where there are no other lists.</param>
    public static IReadOnlyList<ShownFigure> Of(IReadOnlyList<ShownItem> shown, Func<ShownItem, bool>? isIn, EvaluateOptions options)
    {
        string[] users = [.. shown.Select(item => item.User).Distinct().Order(StringComparer.Ordinal)];
        var indexes = users.Select((user, index) => (user, index)).ToDictionary(pair => pair.user, pair => pair.index, StringComparer.Ordinal);
        string[] variants = [.. shown.Select(item => item.Variant).Distinct().Order(StringComparer.Ordinal)];
        var measured = variants.SelectMany(variant => OfVariant(variant, shown.Where(item => item.Variant == variant).ToArray())).ToArray();
        double[][] resamples = new Bootstrap(users.Length, options.BootstrapSamples, RandomStream.Named(options.Seed, "bootstrap of shown lists"))
            .Resample([.. measured.Select(one => one.Average)], options.Threads);

        var figures = measured.Select((one, at) => Figure(one.Variant, one.Of, one.Average.Name, one.Rows, one.Average.Value, resamples[at])).ToList();
        for (int at = 0; at < measured.Length; at++)
        {
            var (variant, of, average, rows) = measured[at];
            int first = Array.FindIndex(measured, one => one.Variant == variants[0] && one.Of == of && one.Average.Name == average.Name);
            if (variant == variants[0] || first < 0) continue;
            figures.Add(Figure($"{variant} - {variants[0]}", of, average.Name, rows + measured[first].Rows, average.Value - measured[first].Average.Value,
                [.. resamples[at].Zip(resamples[first], (own, other) => own - other)]));
        }

        return figures;

        IEnumerable<(string Variant, string Of, PerUserMetric Average, long Rows)> OfVariant(string variant, ShownItem[] rows)
        {
            foreach ((string of, ShownItem[] group) in GroupsOf(rows))
            {
                yield return (variant, of, Average("ctr", group, item => item.User, item => item.Clicked ? 1 : 0, _ => 1), group.Length);
                if (of.StartsWith("rank ", StringComparison.Ordinal)) continue;
                var showings = group.GroupBy(item => (item.User, item.List, item.Time)).ToArray();
                PerUserMetric hits = Average("hit rate", showings, one => one.Key.User, one => one.Any(item => item.Clicked) ? 1 : 0, _ => 1);
                yield return (variant, of, hits, group.Length);
            }

            ShownItem[] known = isIn is null ? [] : Array.FindAll(rows, item => item.Propensity is not null);
            if (known.Length == 0) yield break;
            double Weight(ShownItem item) => isIn!(item) ? 1 / item.Propensity!.Value : 0;
            double Clicks(ShownItem item) => item.Clicked ? Weight(item) : 0;
            yield return (variant, "all", Average("ips", known, item => item.User, Clicks, _ => 1), known.Length);
            yield return (variant, "all", Average("snips", known, item => item.User, Clicks, Weight), known.Length);
        }

        PerUserMetric Average<T>(string name, IEnumerable<T> rows, Func<T, string> userOf, Func<T, double> value, Func<T, double> weight)
        {
            var average = new PerUserMetric(name, new double[users.Length], new double[users.Length]);
            foreach (T row in rows)
            {
                int user = indexes[userOf(row)];
                (average.Sums[user], average.Weights[user]) = (average.Sums[user] + value(row), average.Weights[user] + weight(row));
            }

            return average;
        }
    }

    private static IEnumerable<(string Of, ShownItem[] Rows)> GroupsOf(ShownItem[] rows) =>
    [
        ("all", rows),
        .. rows.GroupBy(item => item.Rank).OrderBy(group => group.Key).Select(group => ($"rank {group.Key}", group.ToArray())),
        .. rows.Where(item => item.List.Length > 0).GroupBy(item => item.List).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => ($"list {group.Key}", group.ToArray())),
    ];

    // No interval where some resample has nothing to average: there are too few users for one.
    private static ShownFigure Figure(string variant, string of, string metric, long rows, double value, double[] resampled)
    {
        if (!double.IsFinite(value)) return new(variant, of, metric, rows, null, null, null);
        if (resampled.Length == 0 || !Array.TrueForAll(resampled, double.IsFinite)) return new(variant, of, metric, rows, value, null, null);
        (double low, double high) = Bootstrap.Interval(resampled);
        return new(variant, of, metric, rows, value, low, high);
    }
}
