using System.Collections.Concurrent;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>Collects whole-catalogue metrics; see <see cref="RankingEvaluator"/>. Arrays ending in _P go by place among the evaluated users.</summary>
internal sealed class RankingMeasure : IMeasure
{
    private const int NotListed = int.MaxValue;
    private readonly int[] users_P;
    private readonly InteractionLists heldOut_P;
    private readonly InteractionLists excluded_P;
    private readonly int[] cutOffs;
    private readonly int largestCutOff;
    private readonly double[]? novelty_N;
    private readonly int itemCount;

    // Written by all threads, each at its own users' places.
    private readonly double[][] metrics; // [cut-off × metric][place], metrics of RankMetrics in their order
    private readonly double[][] novelty; // [cut-off][place]

    // Lowered by all threads: the best place that the item has in any list. A minimum does not depend on who comes first.
    private readonly int[] bestListPlace_N;

    // One for each thread at work; all false between users.
    private readonly ConcurrentBag<bool[]> masks_N = [];

    public RankingMeasure(int[] users_P, InteractionLists heldOut_P, InteractionLists excluded_P, int[] cutOffs, double[]? novelty_N, int itemCount)
    {
        (this.users_P, this.heldOut_P, this.excluded_P, this.cutOffs, this.novelty_N, this.itemCount) =
            (users_P, heldOut_P, excluded_P, cutOffs, novelty_N, itemCount);
        largestCutOff = cutOffs.Max();
        metrics = NewColumns(cutOffs.Length * RankMetrics.Names.Length);
        novelty = NewColumns(novelty_N is null ? 0 : cutOffs.Length);
        bestListPlace_N = new int[novelty_N is null ? 0 : itemCount];
        Array.Fill(bestListPlace_N, NotListed);
    }

    public ReadOnlySpan<int> Users => users_P;

    public void Take(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN)
    {
        bool[] isExcluded_N = masks_N.TryTake(out bool[]? mask) ? mask : new bool[bestListPlace_N.Length];
        ulong[] keys = new ulong[Math.Min(largestCutOff, itemCount)];
        for (int b = 0; b < users_B.Length; b++)
        {
            int place = Array.BinarySearch(users_P, users_B[b]);
            if (place < 0) continue;
            ReadOnlySpan<float> scores_N = scores_BN.Slice(b * itemCount, itemCount);
            TakeRanks(place, scores_N);
            if (novelty_N is not null) TakeList(place, scores_N, isExcluded_N, keys);
        }

        masks_N.Add(isExcluded_N);
    }

    public RankingResult Result()
    {
        double[] weights = new double[users_P.Length];
        Array.Fill(weights, 1);
        var averages = new List<PerUserMetric>();
        var coverage = new OrderedDictionary<string, double>();
        for (int c = 0; c < cutOffs.Length; c++)
        {
            for (int m = 0; m < RankMetrics.Names.Length; m++)
            {
                averages.Add(new($"{RankMetrics.Names[m]}@{cutOffs[c]}", metrics[c * RankMetrics.Names.Length + m], weights));
            }

            if (novelty_N is null) continue;
            averages.Add(new($"novelty@{cutOffs[c]}", novelty[c], weights));
            coverage.Add($"coverage@{cutOffs[c]}", bestListPlace_N.Count(place => place < cutOffs[c]) / (double)itemCount);
        }

        return new RankingResult(users_P, averages, coverage);
    }

    private void TakeRanks(int place, ReadOnlySpan<float> scores_N)
    {
        ReadOnlySpan<int> held = heldOut_P[place];
        Span<int> ranks = held.Length <= 256 ? stackalloc int[held.Length] : new int[held.Length];
        ranks = ranks[..HeldOutRanks.Count(scores_N, held, excluded_P[place], largestCutOff, ranks)];
        for (int c = 0; c < cutOffs.Length; c++)
        {
            double[] values = RankMetrics.At(cutOffs[c], ranks, held.Length).Values;
            for (int m = 0; m < values.Length; m++) metrics[c * values.Length + m][place] = values[m];
        }
    }

    private void TakeList(int place, ReadOnlySpan<float> scores_N, bool[] isExcluded_N, ulong[] keys)
    {
        foreach (int item in excluded_P[place]) isExcluded_N[item] = true;
        int length = TopItems.Select(scores_N, isExcluded_N, keys);
        foreach (int item in excluded_P[place]) isExcluded_N[item] = false;

        for (int at = 0; at < length; at++) Lower(ref bestListPlace_N[TopItems.ItemOf(keys[at])], at);

        for (int c = 0; c < cutOffs.Length; c++)
        {
            int listed = Math.Min(cutOffs[c], length); // above 0: the held-out items are always candidates
            double sum = 0;
            for (int at = 0; at < listed; at++) sum += novelty_N![TopItems.ItemOf(keys[at])];
            novelty[c][place] = sum / listed;
        }
    }

    private static void Lower(ref int shared, int value)
    {
        int seen = Volatile.Read(ref shared);
        while (value < seen)
        {
            int found = Interlocked.CompareExchange(ref shared, value, seen);
            if (found == seen) return;
            seen = found;
        }
    }

    private double[][] NewColumns(int count)
    {
        double[][] columns = new double[count][];
        for (int c = 0; c < count; c++) columns[c] = new double[users_P.Length];
        return columns;
    }
}
