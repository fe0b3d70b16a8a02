using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>Puts the bootstrap's intervals to what was measured, and to the paired differences between the first scorer and each other.</summary>
internal static class Intervals
{
    /// <param name="measured">For each scorer the same metrics in the same order.</param>
    public static IReadOnlyList<ScorerMetrics> Of(
        IReadOnlyList<NamedScorer> scorers, IReadOnlyList<IReadOnlyList<MetricValue>> measured, int users, EvaluateOptions options,
        out IReadOnlyList<ScorerMetrics> differences)
    {
        PerUserMetric[] averages = [.. measured.SelectMany(metrics => metrics).SelectMany(metric => metric.Averages)];
        double[][] resamples = new Bootstrap(users, options.BootstrapSamples, RandomStream.Named(options.Seed, "bootstrap"))
            .Resample(averages, options.Threads);
        var resamplesOf = new Dictionary<PerUserMetric, double[]>(ReferenceEqualityComparer.Instance);
        for (int a = 0; a < averages.Length; a++) resamplesOf[averages[a]] = resamples[a];

        double[]?[][] resampled = [.. measured.Select(metrics => metrics.Select(metric => metric.Resampled(average => resamplesOf[average])).ToArray())];
        var results = new List<ScorerMetrics>();
        var minus = new List<ScorerMetrics>();
        for (int s = 0; s < scorers.Count; s++)
        {
            OrderedDictionary<string, MetricInterval?> values = [], differencesToModel = [];
            for (int m = 0; m < measured[s].Count; m++)
            {
                MetricValue model = measured[0][m], own = measured[s][m];
                values.Add(own.Name, Interval(own.Value, resampled[s][m]));
                differencesToModel.Add(own.Name, Interval(model.Value - own.Value, Subtract(resampled[0][m], resampled[s][m])));
            }

            results.Add(new(scorers[s].Key, scorers[s].Title, values));
            if (s > 0) minus.Add(new(scorers[s].Key, scorers[s].Title, differencesToModel));
        }

        differences = minus;
        return results;
    }

    /// <summary>A single average with its interval.</summary>
    public static MetricInterval Of(PerUserMetric average, EvaluateOptions options) => Interval(
        average.Value,
        MetricValue.Of(average).Resampled(_ => new Bootstrap(average.Sums.Length, options.BootstrapSamples, RandomStream.Named(options.Seed, "bootstrap"))
            .Resample([average], options.Threads)[0]))!;

    private static MetricInterval? Interval(double? value, double[]? resampled)
    {
        if (value is not double known) return null;
        if (resampled is null) return new MetricInterval(known, null, null);
        (double low, double high) = Bootstrap.Interval(resampled);
        return new MetricInterval(known, low, high);
    }

    private static double[]? Subtract(double[]? left, double[]? right) => left is null || right is null ? null : [.. left.Zip(right, (a, b) => a - b)];
}
