using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// Popularity that fades: a training row counts half as much for each half-life between it and the user's moment, and rows after that not at all:
/// score(u, i) = Σ 2^(-(m(u) - t) / halfLife) over the rows of i at t ≤ m(u). Items that were used at the same times have the same bits.
/// </summary>
internal sealed class DecayedPopularityScorer : IScorer
{
    private readonly BaselineRows rows;
    private readonly double halfLife;
    private readonly double[][] kept_SN; // by steps of CountsOverTime: the sums over the rows before, as of the time of the last of them

    /// <param name="halfLife">In seconds, above 0.</param>
    public DecayedPopularityScorer(BaselineRows rows, double halfLife)
    {
        (this.rows, this.halfLife) = (rows, halfLife);
        CountsOverTime log = rows.Counts;
        kept_SN = new double[log.Times.Length / log.Step + 1][];
        kept_SN[0] = new double[ItemCount];
        double[] sums_N = new double[ItemCount];
        long[] asOf_N = new long[ItemCount];
        for (int row = 0; row < log.Times.Length; row++)
        {
            (int item, long time) = (log.Items[row], log.Times[row]);
            sums_N[item] = sums_N[item] * Decay(asOf_N[item], time) + 1;
            asOf_N[item] = time;
            if ((row + 1) % log.Step != 0) continue;
            double[] now_N = kept_SN[(row + 1) / log.Step] = new double[ItemCount];
            for (int i = 0; i < ItemCount; i++) now_N[i] = sums_N[i] == 0 ? 0 : sums_N[i] * Decay(asOf_N[i], time);
        }
    }

    public int ItemCount => rows.ItemCount;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        double[] sums_N = new double[ItemCount];
        for (int b = 0; b < users_B.Length; b++)
        {
            CountsOverTime log = rows.Counts;
            long moment = rows.Moments[users_B[b]];
            int upTo = CountsOverTime.UpTo(log.Times, moment), first = upTo / log.Step * log.Step;
            double since = first == 0 ? 1 : Decay(log.Times[first - 1], moment);
            double[] before_N = kept_SN[upTo / log.Step];
            for (int item = 0; item < ItemCount; item++) sums_N[item] = before_N[item] * since;
            for (int row = first; row < upTo; row++) sums_N[log.Items[row]] += Decay(log.Times[row], moment);
            Span<float> scores_N = scores_BN.Slice(b * ItemCount, ItemCount);
            for (int item = 0; item < ItemCount; item++) scores_N[item] = (float)sums_N[item];
        }
    }

    private double Decay(long from, long to) => double.Exp2((from - to) / halfLife);
}
