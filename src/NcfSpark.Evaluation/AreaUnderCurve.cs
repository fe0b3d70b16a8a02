namespace NcfSpark.Evaluation;

/// <summary>
/// The area under the ROC curve: how often a positive scores above a negative, over all pairs of the two, ties half (Mann and Whitney).
/// Exact, by ranks. NaN counts against the model: a positive without a score stands below, a negative without one above everything.
/// </summary>
/// <param name="Value">0 … 1; 0.5 is chance. NaN where there are no positives or no negatives.</param>
/// <param name="OfPositives">By user, for each positive the share of all negatives below it.</param>
/// <param name="OfNegatives">By user, for each negative the share of all positives above it. Both average to the area.</param>
/// <remarks>
/// A pair's two sides vary with users apart, so to the first order a resample of users has the area OfPositives + OfNegatives - Value, each
/// averaged over the resample (the Hájek projection, as in DeLong et al. 1988): no resample has to sort all pairs again.
/// </remarks>
public sealed record AreaUnderCurve(double Value, PerUserMetric OfPositives, PerUserMetric OfNegatives)
{
    /// <param name="positivePlaces">The place of each positive's user, from 0.</param>
    /// <param name="userCount">Number of places. Every user has at least one positive and one negative.</param>
    public static AreaUnderCurve Of(float[] positives, int[] positivePlaces, float[] negatives, int[] negativePlaces, int userCount)
    {
        double[] positiveKeys = Array.ConvertAll(positives, score => KeyOf(score, double.NegativeInfinity));
        double[] negativeKeys = Array.ConvertAll(negatives, score => KeyOf(score, double.PositiveInfinity));
        double[] sortedPositives = [.. positiveKeys], sortedNegatives = [.. negativeKeys];
        Array.Sort(sortedPositives);
        Array.Sort(sortedNegatives);

        var (sums, counts) = (new double[userCount], new double[userCount]);
        long halfPoints = 0; // 2 for a pair that is won, 1 for a tie: whole numbers, so the area is exact
        for (int p = 0; p < positives.Length; p++)
        {
            long won = LowerBound(sortedNegatives, positiveKeys[p]) + (long)UpperBound(sortedNegatives, positiveKeys[p]);
            halfPoints += won;
            sums[positivePlaces[p]] += won / (2.0 * negatives.Length);
            counts[positivePlaces[p]]++;
        }

        var ofPositives = new PerUserMetric("auc", sums, counts);
        (sums, counts) = (new double[userCount], new double[userCount]);
        for (int n = 0; n < negatives.Length; n++)
        {
            long lost = LowerBound(sortedPositives, negativeKeys[n]) + (long)UpperBound(sortedPositives, negativeKeys[n]);
            sums[negativePlaces[n]] += 1 - lost / (2.0 * positives.Length);
            counts[negativePlaces[n]]++;
        }

        double value = halfPoints / (2.0 * positives.Length * negatives.Length);
        return new AreaUnderCurve(value, ofPositives, new PerUserMetric("auc", sums, counts));
    }

    // Infinite scores are numbers; only a missing one goes beyond them.
    private static double KeyOf(float score, double missing) => float.IsNaN(score) ? missing : Math.Clamp(score, double.MinValue, double.MaxValue);

    private static int LowerBound(double[] sorted, double key) => Bound(sorted, value => value < key);

    private static int UpperBound(double[] sorted, double key) => Bound(sorted, value => value <= key);

    private static int Bound(double[] sorted, Func<double, bool> isBefore)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (isBefore(sorted[middle])) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
