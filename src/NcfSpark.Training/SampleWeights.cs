namespace NcfSpark.Training;

/// <summary>
/// What training rows weigh, by what the interactions weigh as they were prepared (g, else 1) and by how recent they are for their user:
/// <code>w = g (floor + (1 - floor) e^(-r / scale)) / mean,   r = how many of the user's positives are later</code>
/// with the mean over all positives, so that weights are 1 on average. A stored negative has the time and the weight of its positive.
/// Example, scale 10, floor 0.05, one user with positives at the seconds 5, 9 and 9: r = 2, 0, 0, before the mean 0.828, 1 and 1.
/// </summary>
internal static class SampleWeights
{
    /// <summary>The weight of each row; null where all weigh the same.</summary>
    /// <param name="all">What the mean is of, where these are not all rows; null where they are.</param>
    public static float[]? Of(TrainingSet set, TrainOptions options, SampleTotals? all = null)
    {
        if (!AreThere(set, options)) return null;
        double[] weights = BeforeTheMean(set, options);
        (double sum, long positives) = all is null ? SumOf(set, weights) : (all.RecencySum, all.Positives);
        double mean = sum / positives;
        return Array.ConvertAll(weights, weight => (float)(weight / mean));
    }

    /// <summary>The sum over the positives, before the mean is made 1, and how many they are; 0 and 0 where all weigh the same.</summary>
    public static (double Sum, long Positives) SumOf(TrainingSet set, TrainOptions options) =>
        AreThere(set, options) ? SumOf(set, BeforeTheMean(set, options)) : (0, 0);

    private static bool AreThere(TrainingSet set, TrainOptions options) => options.RecencyScale > 0 || set.Rows.Weights is not null;

    private static (double Sum, long Positives) SumOf(TrainingSet set, double[] weights)
    {
        double sum = 0;
        long positives = 0;
        for (int row = 0; row < weights.Length; row++)
        {
            if (set.Labels[row] == 1) (sum, positives) = (sum + weights[row], positives + 1);
        }

        return (sum, positives);
    }

    private static double[] BeforeTheMean(TrainingSet set, TrainOptions options)
    {
        double[] weights = set.Rows.Weights is { } given ? Array.ConvertAll(given, weight => (double)weight) : [.. Enumerable.Repeat(1.0, set.Rows.Count)];
        if (options.RecencyScale == 0) return weights;
        long[][] times = TimesOfPositives(set);
        Parallel.For(0, weights.Length, row => weights[row] *= Weight(times[set.Rows.Users[row]], set.Rows.Timestamps[row], options));
        return weights;
    }

    private static double Weight(long[] times, long time, TrainOptions options)
    {
        int low = 0, high = times.Length; // how many are not later
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (times[middle] <= time) low = middle + 1;
            else high = middle;
        }

        return options.RecencyFloor + (1 - options.RecencyFloor) * Math.Exp(-(times.Length - low) / options.RecencyScale);
    }

    // Each user's, rising.
    private static long[][] TimesOfPositives(TrainingSet set)
    {
        int[] counts = new int[set.UserCount];
        for (int row = 0; row < set.Rows.Count; row++) counts[set.Rows.Users[row]] += set.Labels[row];
        long[][] times = Array.ConvertAll(counts, count => new long[count]);
        for (int row = 0; row < set.Rows.Count; row++)
        {
            if (set.Labels[row] == 1) times[set.Rows.Users[row]][--counts[set.Rows.Users[row]]] = set.Rows.Timestamps[row];
        }

        foreach (long[] of in times) Array.Sort(of);
        return times;
    }
}
