namespace NcfSpark.Kernels;

/// <summary>
/// The K best users of each of some items, while users stream by in blocks: the columns' side of <see cref="TopLists"/>. Several threads may offer blocks
/// at once, in any order: which users are kept depends on scores and indexes alone. Equal scores are ordered by user index.
/// Memory: 12 bytes for each of the K users of an item.
/// </summary>
public sealed unsafe class TopUsers : IDisposable
{
    private const int Locks = 64;

    private readonly AlignedArray<ScoredItem> kept;
    private readonly TopKHeap[] best_N;
    private readonly float[] bounds_N; // the worst score of a full list; NaN while there is room. Read without a lock: an old one only lets more through
    private readonly object[] locks = [.. Enumerable.Range(0, Locks).Select(_ => new object())];

    /// <param name="items">How many items.</param>
    /// <param name="k">K, from 1.</param>
    public TopUsers(int items, int k)
    {
        (K, kept, best_N, bounds_N) = (k, new((long)items * k), new TopKHeap[items], new float[items]);
        for (int n = 0; n < items; n++) (best_N[n], bounds_N[n]) = (new TopKHeap(kept.Start + (long)n * k, k, limit: null), float.NaN);
    }

    public int K { get; }

    /// <summary>Offers users to all items.</summary>
    /// <param name="users_B">Their indexes.</param>
    /// <param name="scores_BN">Their scores of each item.</param>
    /// <param name="items_N">The items, rising.</param>
    /// <param name="excluded">The items to which a user is not given.</param>
    public void Offer(ReadOnlySpan<int> users_B, ReadOnlySpan<float> scores_BN, ReadOnlySpan<int> items_N, ExcludedItems excluded)
    {
        for (int b = 0; b < users_B.Length; b++)
        {
            ReadOnlySpan<float> scores_N = scores_BN.Slice(b * best_N.Length, best_N.Length);
            for (int n = 0; n < scores_N.Length; n++)
            {
                if (scores_N[n] < bounds_N[n] || excluded(users_B[b]).BinarySearch(items_N[n]) >= 0) continue;
                lock (locks[n % Locks])
                {
                    ref TopKHeap best = ref best_N[n];
                    best.Offer(scores_N[n], scores_N[n], users_B[b]);
                    if (best.IsFull) bounds_N[n] = best.Worst.Score;
                }
            }
        }
    }

    /// <summary>The users of an item and their scores, best first. Nothing can be offered after it.</summary>
    public (int[] Users, float[] Scores) Take(int place)
    {
        best_N[place].Sort();
        ReadOnlySpan<ScoredItem> users = best_N[place].Kept;
        var (indexes, scores) = (new int[users.Length], new float[users.Length]);
        for (int rank = 0; rank < users.Length; rank++) (indexes[rank], scores[rank]) = (users[rank].Item, users[rank].Score);
        return (indexes, scores);
    }

    public void Dispose() => kept.Dispose();
}
