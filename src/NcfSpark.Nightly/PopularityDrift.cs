namespace NcfSpark.Nightly;

/// <summary>
/// How far apart two distributions of interactions over items are: the Jensen-Shannon divergence in bits (Lin 1991, "Divergence measures based on the Shannon
/// entropy", IEEE Transactions on Information Theory 37),
/// <code>D = H((p + q) / 2) - (H(p) + H(q)) / 2,   H(p) = -Σ p_i log2 p_i</code>
/// 0 where they are equal, 1 where they have no item in common. Unlike Kullback and Leibler's it is finite where an item has no interactions.
/// </summary>
/// <remarks>
/// Samples of one distribution are apart, too, the more so the fewer interactions an item has: days of a log, each by itself, lie far above 0; logs that
/// grow do not.
/// </remarks>
public static class PopularityDrift
{
    /// <param name="now">Interactions by item.</param>
    /// <param name="earlier">Interactions of the same items earlier, in the same order.</param>
    /// <returns>The divergence; null where one of them has no interactions.</returns>
    public static double? Between(IReadOnlyList<long> now, IReadOnlyList<long> earlier)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(earlier.Count, now.Count);
        (double all, double allEarlier) = (now.Sum(), earlier.Sum());
        if (all == 0 || allEarlier == 0) return null;
        double divergence = 0;
        for (int item = 0; item < now.Count; item++)
        {
            double p = now[item] / all, q = earlier[item] / allEarlier, middle = (p + q) / 2;
            divergence += Half(p, middle) + Half(q, middle);
        }

        return Math.Clamp(divergence, 0, 1); // rounding
    }

    private static double Half(double p, double middle) => p == 0 ? 0 : p * Math.Log2(p / middle) / 2;
}
