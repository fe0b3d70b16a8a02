using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// The list of users of whom nothing is known, where a log is split by time and many of them are tested: popularity of all time, or popularity that fades,
/// whichever is better on validation. Where there are fewer than 20 such users on validation, all users there decide.
/// </summary>
public static class NewcomerPopularity
{
    private const int FewestNewcomers = 20;
    private const string Metric = "ndcg@10";

    /// <summary>Half-life in hours that is best by NDCG@10 on validation rows (see <see cref="Baselines"/>); 0 where all times count alike. Test rows are
    /// not looked at.</summary>
    public static long HalfLifeHours(EvaluationData data, EvaluateOptions options)
    {
        (InteractionRows known, InteractionRows heldOut) = Baselines.ValidationOf(data, options.Seed);
        if (known.Count == 0 || heldOut.Count == 0) return 0;
        InteractionLists before = InteractionLists.FromRows(data.UserCount, known.Users, known.Items);
        int[] ofNewcomers = [.. Enumerable.Range(0, heldOut.Count).Where(row => before[heldOut.Users[row]].IsEmpty)];
        if (ofNewcomers.Select(row => heldOut.Users[row]).Distinct().Count() >= FewestNewcomers)
        {
            heldOut = heldOut.Take(ofNewcomers);
        }

        var ranking = new RankingEvaluator(before, heldOut, [10], users: Baselines.MostUsers, seed: options.Seed);
        (long best, double most) = (0, double.NegativeInfinity);
        foreach (long hours in Baselines.Spans.Where(span => span < known.Timestamps.Max() - known.Timestamps.Min()).Select(span => span / 3600).Prepend(0))
        {
            var scorer = new PopularityScorer(Uses(known, data.ItemInteractions.Length, hours));
            double value = ranking.Evaluate(scorer, options.Threads, SilentProgress.Instance)[Metric];
            if (value > most) (best, most) = (hours, value);
        }

        return best;
    }

    /// <summary>
    /// How often each item was used, a use counting half as much for each half-life before the last, and by its weight: Σ w 2^(-(T - t) / halfLife).
    /// </summary>
    /// <param name="hours">The half-life; 0: each counts 1.</param>
    public static float[] Uses(InteractionRows rows, int itemCount, long hours)
    {
        double[] sums_N = new double[itemCount];
        long last = rows.Count == 0 ? 0 : rows.Timestamps.Max();
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(row => rows.Timestamps[row])]; // the same sums whatever the order of the rows
        foreach (int row in order)
        {
            double share = hours == 0 ? 1 : double.Exp2((rows.Timestamps[row] - last) / (3600.0 * hours));
            sums_N[rows.Items[row]] += share * (rows.Weights?[row] ?? 1);
        }

        return Array.ConvertAll(sums_N, sum => (float)sum);
    }
}
