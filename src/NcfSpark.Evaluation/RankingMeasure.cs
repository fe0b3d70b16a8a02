using System.Collections.Concurrent;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>Collects whole-catalogue metrics; see <see cref="RankingEvaluator"/>. Arrays ending in _P go by place among the evaluated users.</summary>
/// <remarks>
/// Beside accuracy, at each cut-off K, of N items, U users, and x_j lists in which item j stands:
/// novelty = mean over a user's list of -log2(training interactions of the item / U), Zhou et al. 2010, "Solving the apparent diversity-accuracy dilemma of
/// recommender systems";
/// popular_lists = share of users of whose list more than half are among the ten most popular items that the user has not seen: what the popularity list
/// would give them (ours; 1 for the popularity list itself, where K is at most 19);
/// diversity = mean over the pairs of a user's list of 1 - their common features among all features of both, Ziegler et al. 2005, "Improving recommendation
/// lists through topic diversification" (theirs is the sum of what is common); 0 where there is no pair, and not there where items have no features;
/// coverage = share of items with x_j &gt; 0, Ge et al. 2010, "Beyond accuracy: evaluating recommender systems by coverage and serendipity";
/// gini = Σ_j (2 j - N - 1) x_j / ((N - 1) Σ_j x_j), with x rising and j from 1, Shani and Gunawardana 2011, "Evaluating recommendation systems": 0 where
/// all items stand in equally many lists, 1 where one item stands alone in all.
/// </remarks>
internal sealed class RankingMeasure : IMeasure
{
    private const int PopularItems = 10;
    private readonly int[] users_P;
    private readonly InteractionLists heldOut_P;
    private readonly InteractionLists excluded_P;
    private readonly int[] cutOffs;
    private readonly int largestCutOff;
    private readonly double[]? novelty_N;
    private readonly int itemCount;
    private readonly InteractionLists? features_N;

    // Written by all threads, each at its own users' places.
    private readonly double[][] metrics; // [cut-off × metric][place], metrics of RankMetrics in their order
    private readonly double[][] novelty; // [cut-off][place]
    private readonly double[][] popular; // [cut-off][place]: 1 where most of the list is popular

    private readonly double[][] diversity; // [cut-off][place]

    // Counted by all threads: in how many lists an item stands, [cut-off][item].
    private readonly int[][] lists_N;

    private readonly int[] byPopularity; // the most popular first

    // One for each thread at work; all false between users.
    private readonly ConcurrentBag<bool[]> masks_N = [];

    public RankingMeasure(int[] users_P, InteractionLists heldOut_P, InteractionLists excluded_P, int[] cutOffs, double[]? novelty_N, int itemCount,
        InteractionLists? features_N)
    {
        (this.users_P, this.heldOut_P, this.excluded_P, this.cutOffs, this.novelty_N, this.itemCount) =
            (users_P, heldOut_P, excluded_P, cutOffs, novelty_N, itemCount);
        this.features_N = novelty_N is null ? null : features_N;
        diversity = NewColumns(this.features_N is null ? 0 : cutOffs.Length);
        largestCutOff = cutOffs.Max();
        metrics = NewColumns(cutOffs.Length * RankMetrics.Names.Length);
        novelty = NewColumns(novelty_N is null ? 0 : cutOffs.Length);
        popular = NewColumns(novelty_N is null ? 0 : cutOffs.Length);
        lists_N = novelty_N is null ? [] : [.. cutOffs.Select(_ => new int[itemCount])];
        byPopularity = novelty_N is null ? [] : [.. Enumerable.Range(0, itemCount).OrderBy(item => novelty_N[item])];
    }

    public ReadOnlySpan<int> Users => users_P;

    public void Take(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN)
    {
        bool[] isExcluded_N = masks_N.TryTake(out bool[]? mask) ? mask : new bool[novelty_N is null ? 0 : itemCount];
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
        var ofAllLists = new OrderedDictionary<string, double>();
        for (int c = 0; c < cutOffs.Length; c++)
        {
            for (int m = 0; m < RankMetrics.Names.Length; m++)
            {
                averages.Add(new($"{RankMetrics.Names[m]}@{cutOffs[c]}", metrics[c * RankMetrics.Names.Length + m], weights));
            }

            if (novelty_N is null) continue;
            averages.Add(new($"novelty@{cutOffs[c]}", novelty[c], weights));
            averages.Add(new($"popular_lists@{cutOffs[c]}", popular[c], weights));
            if (features_N is not null) averages.Add(new($"diversity@{cutOffs[c]}", diversity[c], weights));
            ofAllLists.Add($"coverage@{cutOffs[c]}", lists_N[c].Count(lists => lists > 0) / (double)itemCount);
            ofAllLists.Add($"gini@{cutOffs[c]}", Gini(lists_N[c]));
        }

        return new RankingResult(users_P, averages, ofAllLists);
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
        Span<int> mostPopular = stackalloc int[PopularItems];
        int popularCount = 0;
        for (int p = 0; p < byPopularity.Length && popularCount < PopularItems; p++)
        {
            if (!isExcluded_N[byPopularity[p]]) mostPopular[popularCount++] = byPopularity[p];
        }

        foreach (int item in excluded_P[place]) isExcluded_N[item] = false;
        double[] differences = Differences(keys.AsSpan(0, length));
        for (int c = 0; c < cutOffs.Length; c++)
        {
            int listed = Math.Min(cutOffs[c], length); // above 0: the held-out items are always candidates
            double sum = 0;
            int ofPopular = 0;
            for (int at = 0; at < listed; at++)
            {
                int item = TopItems.ItemOf(keys[at]);
                sum += novelty_N![item];
                if (mostPopular[..popularCount].Contains(item)) ofPopular++;
                Interlocked.Increment(ref lists_N[c][item]);
            }

            if (features_N is not null) diversity[c][place] = listed < 2 ? 0 : differences[listed - 1] / (0.5 * listed * (listed - 1));
            novelty[c][place] = sum / listed;
            popular[c][place] = 2 * ofPopular > listed ? 1 : 0;
        }
    }

    // By place of a list how different the items up to it are, summed over their pairs.
    private double[] Differences(ReadOnlySpan<ulong> keys)
    {
        if (features_N is null) return [];
        double[] sums = new double[keys.Length];
        for (int at = 1; at < keys.Length; at++)
        {
            ReadOnlySpan<int> features = features_N[TopItems.ItemOf(keys[at])];
            sums[at] = sums[at - 1];
            for (int before = 0; before < at; before++) sums[at] += 1 - InteractionLists.Similarity(features, features_N[TopItems.ItemOf(keys[before])]);
        }

        return sums;
    }

    private static double Gini(int[] lists)
    {
        int[] rising = [.. lists.Order()];
        double sum = 0, all = 0;
        for (int j = 1; j <= rising.Length; j++) (sum, all) = (sum + (2.0 * j - rising.Length - 1) * rising[j - 1], all + rising[j - 1]);
        return rising.Length < 2 || all == 0 ? 0 : sum / ((rising.Length - 1) * all);
    }

    private double[][] NewColumns(int count)
    {
        double[][] columns = new double[count][];
        for (int c = 0; c < count; c++) columns[c] = new double[users_P.Length];
        return columns;
    }
}
