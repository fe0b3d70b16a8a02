namespace NcfSpark.Kernels;

/// <summary>The best items of some users, at most K each, best first: higher scores before lower ones, equal scores by item index, never NaN.</summary>
public sealed class TopLists
{
    private readonly int[] counts;
    private readonly int[] items;
    private readonly float[] scores;

    /// <param name="users">Room for so many users.</param>
    /// <param name="k">K, from 1.</param>
    public TopLists(int users, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        (K, counts, items, scores) = (k, new int[users], new int[checked(users * k)], new float[users * k]);
    }

    public int K { get; }

    /// <summary>How many items of a group a list may hold; null for any number.</summary>
    public GroupLimit? Limit { get; init; }

    /// <summary>For how many users there is room.</summary>
    public int Capacity => counts.Length;

    /// <summary>Item indexes of the user at a place of the call that filled it, fewer than K where there are no more.</summary>
    public ReadOnlySpan<int> Items(int place) => items.AsSpan(place * K, counts[place]);

    /// <summary>Their probabilities.</summary>
    public ReadOnlySpan<float> Scores(int place) => scores.AsSpan(place * K, counts[place]);

    /// <summary>Keeps the best of a row of scores.</summary>
    /// <param name="place">The user's place.</param>
    /// <param name="scores_N">A score for each item.</param>
    /// <param name="items_N">The items, rising.</param>
    /// <param name="excluded">Items that are passed over, rising.</param>
    public unsafe void Keep(int place, ReadOnlySpan<float> scores_N, ReadOnlySpan<int> items_N, ReadOnlySpan<int> excluded)
    {
        var heap = new ScoredItem[Math.Min(K, scores_N.Length)];
        fixed (ScoredItem* start = heap)
        {
            var best = new TopKHeap(start, heap.Length, Limit);
            int before = 0;
            for (int n = 0; n < scores_N.Length; n++)
            {
                int item = items_N[n];
                while (before < excluded.Length && excluded[before] < item) before++;
                if (before == excluded.Length || excluded[before] != item) best.Offer(scores_N[n], scores_N[n], item);
            }

            best.Sort();
            Set(place, best.Kept);
        }
    }

    internal void Set(int place, ReadOnlySpan<ScoredItem> kept)
    {
        counts[place] = kept.Length;
        int at = place * K;
        foreach (ScoredItem one in kept) (items[at], scores[at++]) = (one.Item, one.Score);
    }
}
