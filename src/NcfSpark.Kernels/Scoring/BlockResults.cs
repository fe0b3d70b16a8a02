using System.Numerics;
using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>What becomes of a block's logits: the best are kept, or all scores are written.</summary>
internal static unsafe class BlockResults<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <summary>
    /// Keeps those that are among the K best of their users. A score rises with its logit, so an item can be better than the worst of those kept
    /// only where its logit is higher: one comparison for a vector of items passes over almost all of them. At 26,744 items and K = 10 some hundred a user remain.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void KeepBest(ScoreMemory memory, ScoreTile tile, int block, ExcludedItems excluded)
    {
        int items = Math.Min(ItemBlock.Items, memory.ItemIndexes.Length - block * ItemBlock.Items);
        uint real = uint.MaxValue >> (ItemBlock.Items - items);
        float* logits = tile.Logits;
        for (int place = 0; place < tile.Count; place++, logits += ItemBlock.Items)
        {
            V bound = S.Broadcast(tile.Bounds[place]);
            uint hits = 0;
            for (int i = 0; i < ItemBlock.Items; i += S.Lanes) hits |= S.NotAtMost(S.Load(logits + i), bound) << i;
            hits &= real;
            if (hits != 0) Offer(memory, tile, place, block, hits, excluded);
        }
    }

    /// <summary>Writes the scores of a block.</summary>
    /// <param name="memory">The items.</param>
    /// <param name="tile">The users, and the logits.</param>
    /// <param name="block">Which.</param>
    /// <param name="scores">A row for each user, as long as there are items.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteAll(ScoreMemory memory, ScoreTile tile, int block, float* scores)
    {
        int all = memory.ItemIndexes.Length, first = block * ItemBlock.Items, items = Math.Min(ItemBlock.Items, all - first);
        for (int place = 0; place < tile.Count; place++)
        {
            ToScores(memory, tile.Logits + place * ItemBlock.Items, tile.Scores);
            new Span<float>(tile.Scores, items).CopyTo(new Span<float>(scores + (nint)place * all + first, items));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Offer(ScoreMemory memory, ScoreTile tile, int place, int block, uint hits, ExcludedItems excluded)
    {
        ReadOnlySpan<int> items = memory.ItemIndexes.AsSpan(block * ItemBlock.Items);
        hits &= ~Excluded(hits, items, excluded(tile.User(place)), ref tile.ExcludedBefore(place));
        if (hits == 0) return;
        float* logits = tile.Logits + place * ItemBlock.Items;
        ToScores(memory, logits, tile.Scores);
        ref TopKHeap best = ref tile.Best(place);
        for (; hits != 0; hits &= hits - 1)
        {
            int lane = BitOperations.TrailingZeroCount(hits);
            best.Offer(logits[lane], tile.Scores[lane], items[lane]);
        }

        if (best.IsFull) tile.Bounds[place] = best.Worst.Logit;
    }

    // Both lists rise, so they are gone through together.
    private static uint Excluded(uint hits, ReadOnlySpan<int> items, ReadOnlySpan<int> excluded, ref int before)
    {
        uint found = 0;
        int at = before;
        for (; hits != 0; hits &= hits - 1)
        {
            int lane = BitOperations.TrailingZeroCount(hits);
            while (at < excluded.Length && excluded[at] < items[lane]) at++;
            if (at < excluded.Length && excluded[at] == items[lane]) found |= 1u << lane;
        }

        before = at;
        return found;
    }

    /// <summary>From a row of 32 logits to their scores.</summary>
    // 1 / (1 + e^-z), which never falls where z rises: each operation is rounded once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ToScores(ScoreMemory memory, float* logits, float* scores)
    {
        if (memory.Shape.ScoreIsLogit)
        {
            new ReadOnlySpan<float>(logits, ItemBlock.Items).CopyTo(new Span<float>(scores, ItemBlock.Items));
            return;
        }

        V one = S.Broadcast(1);
        for (int i = 0; i < ItemBlock.Items; i += S.Lanes) S.Store(S.Divide(one, S.Add(one, S.Exp(S.Subtract(default, S.Load(logits + i))))), scores + i);
    }
}
