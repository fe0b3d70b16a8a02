namespace NcfSpark.Kernels;

/// <summary>
/// The best items of some users, at most K each, best first. Equal scores are ordered by item index; an item with score
/// NaN is never listed.
/// </summary>
public sealed class TopLists
{
    private readonly int[] counts;
    private readonly int[] items;
    private readonly float[] scores;

    /// <param name="users">Number of users.</param>
    /// <param name="k">K, at least 1.</param>
    public TopLists(int users, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        (K, counts, items, scores) = (k, new int[users], new int[checked(users * k)], new float[users * k]);
    }

    public int K { get; }

    /// <summary>Limits the items of one group in a list; null for no limit.</summary>
    public GroupLimit? Limit { get; init; }

    /// <summary>Which of the scored items a user's list may hold; null for all.</summary>
    public AllowedItems? Allowed { get; init; }

    /// <summary>Whether items that are excluded from other lists stay in this one.</summary>
    public bool KeepsExcluded { get; init; }

    /// <summary>Number of users that it can hold.</summary>
    public int Capacity => counts.Length;

    /// <summary>Item indexes in list <paramref name="place"/>; fewer than K if there are no more.</summary>
    public ReadOnlySpan<int> Items(int place) => items.AsSpan(place * K, counts[place]);

    /// <summary>The scores of these items.</summary>
    public ReadOnlySpan<float> Scores(int place) => scores.AsSpan(place * K, counts[place]);

    /// <summary>Fills a list with the best of a row of scores.</summary>
    /// <param name="items_N">Indexes of the items, ascending.</param>
    /// <param name="excluded">Items to leave out, ascending.</param>
    /// <param name="user">Whose list it is, for <see cref="Allowed"/>.</param>
    public unsafe void Keep(int place, ReadOnlySpan<float> scores_N, ReadOnlySpan<int> items_N, ReadOnlySpan<int> excluded, int user = -1)
    {
        uint[]? allowed = Allowed?.Invoke(user);
        if (KeepsExcluded) excluded = [];
        var heap = new ScoredItem[Math.Min(K, scores_N.Length)];
        fixed (ScoredItem* start = heap)
        {
            var best = new TopKHeap(start, heap.Length, Limit);
            int before = 0;
            for (int n = 0; n < scores_N.Length; n++)
            {
                if (allowed is not null && (allowed[n / ItemBlock.Items] >> n % ItemBlock.Items & 1) == 0) continue;
                int item = items_N[n];
                while (before < excluded.Length && excluded[before] < item) before++;
                if (before == excluded.Length || excluded[before] != item) best.Offer(scores_N[n], scores_N[n], item);
            }

            best.Sort();
            Set(place, best.Kept);
        }
    }

    /// <summary>Gives a list these items, at most K, in this order.</summary>
    public void Set(int place, ReadOnlySpan<int> itemIndexes, ReadOnlySpan<float> itemScores)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(itemIndexes.Length, K);
        counts[place] = itemIndexes.Length;
        itemIndexes.CopyTo(items.AsSpan(place * K));
        itemScores.CopyTo(scores.AsSpan(place * K));
    }

    internal void Set(int place, ReadOnlySpan<ScoredItem> kept)
    {
        counts[place] = kept.Length;
        int at = place * K;
        foreach (ScoredItem one in kept) (items[at], scores[at++]) = (one.Item, one.Score);
    }
}

/// <summary>
/// Which of the scored items a user's list may hold, as bits: bit i of word b is the item at place 32 b + i of those that are scored. null: all of them.
/// Called from several threads.
/// </summary>
public delegate uint[]? AllowedItems(int user);
