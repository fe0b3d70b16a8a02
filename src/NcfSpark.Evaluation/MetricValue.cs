namespace NcfSpark.Evaluation;

/// <summary>
/// A metric that is an average, kept by user so that users can be drawn anew: its value is the sum of <paramref name="Sums"/> over the sum
/// of <paramref name="Weights"/>. Averages over users have weight 1 each; averages over rows have as weight how many rows the user has.
/// </summary>
/// <param name="Name">Name and cut-off, such as "ndcg@10".</param>
/// <param name="Sums">For each evaluated user the sum of the metric over what is averaged.</param>
/// <param name="Weights">For each evaluated user how much is averaged, above 0.</param>
public sealed record PerUserMetric(string Name, double[] Sums, double[] Weights)
{
    /// <summary>The average, or NaN over nothing. Summed in the order of users, so it is the same with any number of threads.</summary>
    public double Value => Sums.Sum() / Weights.Sum();
}

/// <summary>
/// A value with the averages that it varies with: none for what cannot be resampled (coverage), one for an average, two for the area under
/// the curve. Its value in a resample is theirs there, added, less Value for each beyond the first.
/// </summary>
internal sealed record MetricValue(string Name, double? Value, params PerUserMetric[] Averages)
{
    public static MetricValue Of(PerUserMetric average) => new(average.Name, average.Value, average);

    public static MetricValue Of(AreaUnderCurve area) => new("auc", area.Value, area.OfPositives, area.OfNegatives);

    /// <summary>The value in each resample, or null where there are none.</summary>
    public double[]? Resampled(Func<PerUserMetric, double[]> resamplesOf)
    {
        if (Averages.Length == 0 || Value is not double value) return null;
        double[] sums = [.. resamplesOf(Averages[0])];
        foreach (PerUserMetric further in Averages.Skip(1))
        {
            double[] added = resamplesOf(further);
            for (int s = 0; s < sums.Length; s++) sums[s] += added[s] - value;
        }

        return sums.Length == 0 ? null : sums;
    }
}
