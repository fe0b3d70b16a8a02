namespace NcfSpark.Evaluation;

/// <summary>
/// What a user's ranks amount to at a cut-off K, with P held-out items, h of them at ranks r (from 0) below K:
/// HR = 1 if h &gt; 0; NDCG = Σ 1/log2(r + 2) over the same sum for ranks 0 … min(K, P) - 1; Recall = h / P; Precision = h / K;
/// MRR = 1 / (smallest r + 1), or 0 without a hit.
/// </summary>
/// <remarks>Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with binary gain; HR and NDCG as in He et al. 2017.</remarks>
internal readonly record struct RankMetrics(double HitRate, double Ndcg, double Recall, double Precision, double ReciprocalRank)
{
    public static readonly string[] Names = ["hr", "ndcg", "recall", "precision", "mrr"];

    public double[] Values => [HitRate, Ndcg, Recall, Precision, ReciprocalRank];

    /// <param name="ranks">The ranks that may be below the cut-off, rising.</param>
    /// <param name="heldOutCount">P: all held-out items of the user, at least 1.</param>
    /// <param name="cutOff">K.</param>
    public static RankMetrics At(int cutOff, ReadOnlySpan<int> ranks, int heldOutCount)
    {
        int hits = 0;
        double gain = 0, idealGain = 0;
        while (hits < ranks.Length && ranks[hits] < cutOff) gain += Discount(ranks[hits++]);
        for (int rank = 0; rank < Math.Min(cutOff, heldOutCount); rank++) idealGain += Discount(rank);
        return new RankMetrics(hits > 0 ? 1 : 0, gain / idealGain, (double)hits / heldOutCount, (double)hits / cutOff, hits > 0 ? 1.0 / (ranks[0] + 1) : 0);
    }

    /// <summary>The gain of a hit at a rank from 0.</summary>
    public static double Discount(int rank) => 1 / Math.Log2(rank + 2);
}
