using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// The sampled protocol of the literature (He et al. 2017): each held-out row is ranked among its own few candidates. Its rank (from 0) is
/// the number of candidates that do not score below it, so ties and NaN count against the model; HR@K is rank &lt; K, NDCG@K is
/// 1/log2(rank + 2) below K and 0 from there. A candidate that is the held-out item itself is a tie like any other.
/// Averages over rows. Rows without candidates are left out: they would be hits whatever the score.
/// </summary>
internal sealed class SampledMeasure : IMeasure
{
    private readonly InteractionRows test;
    private readonly InteractionLists candidates;
    private readonly InteractionLists rowsOfUser;
    private readonly int[] cutOffs;
    private readonly int itemCount;
    private readonly int[] users_P;

    // Written by all threads, each at its own users' places.
    private readonly double[][] hits; // [cut-off][place], sums over the user's rows
    private readonly double[][] gains;

    public SampledMeasure(InteractionRows test, InteractionLists candidates, int[] cutOffs, int userCount, int itemCount)
    {
        (this.test, this.candidates, this.cutOffs, this.itemCount) = (test, candidates, cutOffs, itemCount);
        int[] rows = [.. Enumerable.Range(0, test.Count).Where(row => candidates[row].Length > 0)];
        rowsOfUser = InteractionLists.FromRows(userCount, Array.ConvertAll(rows, row => test.Users[row]), rows);
        users_P = [.. Enumerable.Range(0, userCount).Where(user => rowsOfUser[user].Length > 0)];
        hits = Array.ConvertAll(cutOffs, _ => new double[users_P.Length]);
        gains = Array.ConvertAll(cutOffs, _ => new double[users_P.Length]);
        RowCount = rows.Length;
    }

    public int RowCount { get; }

    public ReadOnlySpan<int> Users => users_P;

    public void Take(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN)
    {
        for (int b = 0; b < users_B.Length; b++)
        {
            int place = Array.BinarySearch(users_P, users_B[b]);
            if (place < 0) continue;
            ReadOnlySpan<float> scores_N = scores_BN.Slice(b * itemCount, itemCount);
            foreach (int row in rowsOfUser[users_B[b]]) TakeRow(place, scores_N, test.Items[row], candidates[row]);
        }
    }

    /// <summary>hr@K and ndcg@K for each cut-off K.</summary>
    public IReadOnlyList<PerUserMetric> Result()
    {
        double[] rows = Array.ConvertAll(users_P, user => (double)rowsOfUser[user].Length);
        var averages = new List<PerUserMetric>();
        for (int c = 0; c < cutOffs.Length; c++)
        {
            averages.Add(new($"hr@{cutOffs[c]}", hits[c], rows));
            averages.Add(new($"ndcg@{cutOffs[c]}", gains[c], rows));
        }

        return averages;
    }

    private void TakeRow(int place, ReadOnlySpan<float> scores_N, int heldOut, ReadOnlySpan<int> among)
    {
        int rank = 0;
        foreach (int candidate in among)
        {
            if (!(scores_N[candidate] < scores_N[heldOut])) rank++; // ties and NaN never help the model
        }

        for (int c = 0; c < cutOffs.Length; c++)
        {
            if (rank >= cutOffs[c]) continue;
            hits[c][place]++;
            gains[c][place] += RankMetrics.Discount(rank);
        }
    }
}
