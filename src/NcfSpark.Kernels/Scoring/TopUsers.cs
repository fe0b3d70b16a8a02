namespace NcfSpark.Kernels;

/// <summary>
/// The K best users of each of some items: <see cref="TopLists"/> with users and items exchanged. Users are offered in
/// blocks, by several threads at once and in any order; which users are kept depends on scores and indexes alone. Equal
/// scores are ordered by user index.
/// Memory: 12 bytes for each of the K users of an item.
/// </summary>
public sealed unsafe class TopUsers : IDisposable
{
    private const int Locks = 64;

    private readonly AlignedArray<ScoredItem> kept;
    private readonly TopKHeap[] best_N;
    // The worst score of a full list, NaN while there is room. Read without a lock: an outdated one only lets more
    // candidates through.
    private readonly float[] bounds_N;
    private readonly object[] locks = [.. Enumerable.Range(0, Locks).Select(_ => new object())];

    /// <param name="items">Number of items.</param>
    /// <param name="k">K, at least 1.</param>
    public TopUsers(int items, int k)
    {
        (K, kept, best_N, bounds_N) = (k, new((long)items * k), new TopKHeap[items], new float[items]);
        for (int n = 0; n < items; n++) (best_N[n], bounds_N[n]) = (new TopKHeap(kept.Start + (long)n * k, k, limit: null), float.NaN);
    }

    public int K { get; }

    /// <summary>Offers users to all items.</summary>
    /// <param name="scores_BN">Each user's scores of all items.</param>
    /// <param name="items_N">Indexes of the items, ascending.</param>
    /// <param name="excluded">Items in whose lists a user is left out.</param>
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

    /// <summary>The users of an item and their scores, best first. Nothing may be offered afterwards.</summary>
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
