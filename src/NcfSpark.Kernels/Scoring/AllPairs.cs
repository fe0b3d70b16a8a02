using System.Collections.Concurrent;

namespace NcfSpark.Kernels;

/// <summary>
/// Scores users against all items, in tiles that fit the cache: 32 users are scored against one block of items after
/// another, and a heap keeps the best items of each user (<see cref="ScoreShape"/> defines a score). Set the items,
/// layers and head first; after that any number of threads may call it at once.
/// The score of a pair depends on that pair only: not on the other users or items, nor on the number of threads, nor,
/// where a multiply-add is rounded once (x86 with FMA, ARM), on the instruction set.
/// Memory: one copy of the items (a second one once single pairs are scored), and for each thread about 100 KB and 12
/// bytes for each of the K best items of 32 users.
/// </summary>
public sealed unsafe class AllPairs : IDisposable
{
    private readonly ScoreMemory memory;
    private readonly ScoreKernel kernel;
    private readonly ConcurrentBag<ScoreTile> tiles = []; // tiles that no thread is using

    /// <param name="itemIndexes">Indexes of the items to score, ascending: all items, or those that may be
    /// recommended.</param>
    public AllPairs(ScoreShape shape, ReadOnlySpan<int> itemIndexes, SimdLevel level)
    {
        for (int place = 1; place < itemIndexes.Length; place++)
        {
            if (itemIndexes[place] <= itemIndexes[place - 1])
            {
                throw new ArgumentException($"item {itemIndexes[place]} comes after {itemIndexes[place - 1]}; they must rise", nameof(itemIndexes));
            }
        }

        (memory, kernel) = (new ScoreMemory(shape, itemIndexes), ScoreKernel.For(level));
    }

    public ScoreShape Shape => memory.Shape;

    /// <summary>Indexes of the items that are scored, ascending.</summary>
    public ReadOnlySpan<int> ItemIndexes => memory.ItemIndexes;

    /// <summary>Sets v_i and g_i of the item at a position of <see cref="ItemIndexes"/>.</summary>
    public void SetItem(int place, ReadOnlySpan<float> vector_K, ReadOnlySpan<float> first_H) => memory.SetItem(place, vector_K, first_H);

    /// <summary>Sets a layer after the first.</summary>
    /// <param name="layer">1 for the second layer.</param>
    /// <param name="weight">W, [outputs, inputs].</param>
    /// <param name="bias">b.</param>
    public void SetLayer(int layer, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        int inputs = memory.Widths[layer - 1], outputs = memory.Widths[layer];
        ArgumentOutOfRangeException.ThrowIfNotEqual(weight.Length, inputs * outputs);
        ArgumentOutOfRangeException.ThrowIfNotEqual(bias.Length, outputs);
        for (int n = 0; n < outputs; n++) WeightGroups.Set(memory.Layer(layer), n, bias[n], weight.Slice(n * inputs, inputs));
    }

    /// <summary>Sets h, the head's weights of the last layer's outputs.</summary>
    public void SetHead(ReadOnlySpan<float> head)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(head.Length, memory.Widths[^1]);
        head.CopyTo(new Span<float>(memory.Head, head.Length));
    }

    /// <summary>Finds the best items of each user.</summary>
    /// <param name="excluded">Items to leave out of a user's list.</param>
    /// <param name="best">Receives the lists: list p is that of user p of <paramref name="users"/>.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="cancellation">Checked before each tile.</param>
    public void FindBest(IUserEncoder encoder, ReadOnlyMemory<int> users, ExcludedItems excluded, TopLists best, int threads,
        CancellationToken cancellation = default) => FindBest(encoder, users, excluded, [best], threads, cancellation);

    /// <summary>Finds several lists of each user, each with its own size and rule, in one pass: a pair is scored once.</summary>
    public void FindBest(IUserEncoder encoder, ReadOnlyMemory<int> users, ExcludedItems excluded, IReadOnlyList<TopLists> lists, int threads,
        CancellationToken cancellation = default)
    {
        foreach (TopLists best in lists) ArgumentOutOfRangeException.ThrowIfGreaterThan(users.Length, best.Capacity);
        int tileCount = (users.Length + ScoreTile.Users - 1) / ScoreTile.Users, claimed = 0;
        if (memory.ItemIndexes.Length == 0)
        {
            foreach (TopLists best in lists)
            {
                for (int place = 0; place < users.Length; place++) best.Set(place, []);
            }

            return;
        }

        void Work()
        {
            ScoreTile tile = Take();
            for (int number; (number = Interlocked.Increment(ref claimed) - 1) < tileCount;)
            {
                cancellation.ThrowIfCancellationRequested();
                int start = number * ScoreTile.Users;
                tile.Begin(encoder, users.Span.Slice(start, Math.Min(ScoreTile.Users, users.Length - start)), lists, memory.ItemIndexes.Length);
                kernel.FindBest(memory, tile, excluded);
                for (int list = 0; list < lists.Count; list++)
                {
                    for (int place = 0; place < tile.Count; place++)
                    {
                        ref TopKHeap kept = ref tile.Best(list * ScoreTile.Users + place);
                        kept.Sort();
                        lists[list].Set(start + place, kept.Kept);
                    }
                }
            }

            tiles.Add(tile);
        }

        if (threads == 1)
        {
            Work();
            return;
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, Math.Min(threads, tileCount), options, _ => Work());
    }

    /// <summary>Scores all items for some users, on the calling thread.</summary>
    /// <param name="scores_BN">Receives one row of scores for each user, in the order of
    /// <see cref="ItemIndexes"/>.</param>
    public void ScoreAll(IUserEncoder encoder, ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        int items = memory.ItemIndexes.Length;
        ArgumentOutOfRangeException.ThrowIfNotEqual(scores_BN.Length, users_B.Length * items);
        ScoreTile tile = Take();
        fixed (float* scores = scores_BN)
        {
            for (int start = 0; start < users_B.Length; start += ScoreTile.Users)
            {
                tile.Begin(encoder, users_B.Slice(start, Math.Min(ScoreTile.Users, users_B.Length - start)), [], items);
                kernel.ScoreAll(memory, tile, scores + (nint)start * items);
            }
        }

        tiles.Add(tile);
    }

    /// <summary>
    /// Scores single pairs on the calling thread, to exactly the same bits as <see cref="ScoreAll"/>. It is fastest
    /// where the pairs of a user are adjacent.
    /// </summary>
    public void ScorePairs(IUserEncoder encoder, ReadOnlySpan<int> users_P, ReadOnlySpan<int> items_P, Span<float> scores_P)
    {
        ScoreTile tile = Take();
        Span<int> users_T = stackalloc int[ScoreTile.Users];
        for (int start = 0, end; start < users_P.Length; start = end)
        {
            int users = 0;
            for (end = start; end < users_P.Length; end++)
            {
                if (users > 0 && users_P[end] == users_T[users - 1]) continue;
                if (users == users_T.Length) break;
                users_T[users++] = users_P[end];
            }

            tile.BeginPairsOf(encoder, users_T[..users]);
            ScorePairs(tile, users_P[start..end], items_P[start..end], scores_P[start..end]);
        }

        tiles.Add(tile);
    }

    public void Dispose()
    {
        foreach (ScoreTile tile in tiles) tile.Dispose();
        memory.Dispose();
    }

    // The tile already holds the vectors of these users, in the order of the pairs.
    private void ScorePairs(ScoreTile tile, ReadOnlySpan<int> users_P, ReadOnlySpan<int> items_P, Span<float> scores_P)
    {
        float* rows = memory.Rows;
        int size = memory.RowSize, user = 0;
        Span<int> places = stackalloc int[ItemBlock.Items];
        for (int start = 0; start < users_P.Length; start += ItemBlock.Items)
        {
            int count = Math.Min(ItemBlock.Items, users_P.Length - start);
            for (int lane = 0; lane < count; lane++)
            {
                places[lane] = memory.PlaceOf(items_P[start + lane]);
                if (places[lane] < 0) throw new ArgumentException($"item {items_P[start + lane]} is not among those that are scored", nameof(items_P));
                Prefetch.Row(rows + (nint)places[lane] * size, size);
            }

            for (int lane = 0; lane < count; lane++)
            {
                int pair = start + lane;
                if (pair > 0 && users_P[pair] != users_P[pair - 1]) user++;
                tile.SetPairUser(lane, user);
                tile.SetPairItem(lane, new ReadOnlySpan<float>(rows + (nint)places[lane] * size, size));
            }

            kernel.ScorePairs(memory, tile);
            new Span<float>(tile.Scores, count).CopyTo(scores_P[start..]);
        }
    }

    private ScoreTile Take() => tiles.TryTake(out ScoreTile? tile) ? tile : new ScoreTile(memory.Shape);
}

/// <summary>
/// Returns the items to leave out of a user's list, ascending. Called from several threads, and several times for a
/// user.
/// </summary>
public delegate ReadOnlySpan<int> ExcludedItems(int user);
