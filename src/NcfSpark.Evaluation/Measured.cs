namespace NcfSpark.Evaluation;

/// <summary>
/// A value with the averages that it varies with: none for what cannot be resampled (coverage), one for an average, two for the area under
/// the curve. Its value in a resample is theirs there, added, less Value for each beyond the first.
/// </summary>
internal sealed record Measured(string Name, double? Value, params UserAverage[] Averages)
{
    public static Measured Of(UserAverage average) => new(average.Name, average.Value, average);

    public static Measured Of(AreaUnderCurve area) => new("auc", area.Value, area.OfPositives, area.OfNegatives);

    /// <summary>The value in each resample, or null where there are none.</summary>
    public double[]? Resampled(Func<UserAverage, double[]> resamplesOf)
    {
        if (Averages.Length == 0 || Value is not double value) return null;
        double[] sums = [.. resamplesOf(Averages[0])];
        foreach (UserAverage further in Averages.Skip(1))
        {
            double[] added = resamplesOf(further);
            for (int s = 0; s < sums.Length; s++) sums[s] += added[s] - value;
        }

        return sums.Length == 0 ? null : sums;
    }
}
