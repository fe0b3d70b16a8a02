using System.Numerics;
using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>Consumes the logits of a block: keeps each user's best items, or writes all scores.</summary>
internal static unsafe class BlockResults<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <summary>
    /// Offers to each user's heap the items that may be among the K best. A score grows with its logit, so an item can
    /// beat the worst one kept only if its logit is higher. One comparison of vectors rejects almost all items: of
    /// 26,744 items, with K = 10, about a hundred pass for each user.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void KeepBest(ScoreMemory memory, ScoreTile tile, int block, ExcludedItems excluded)
    {
        int items = Math.Min(ItemBlock.Items, memory.ItemIndexes.Length - block * ItemBlock.Items);
        uint real = uint.MaxValue >> (ItemBlock.Items - items);
        for (int list = 0; list < tile.Lists; list++)
        {
            float* logits = tile.Logits;
            for (int place = 0; place < tile.Count; place++, logits += ItemBlock.Items)
            {
                int slot = list * ScoreTile.Users + place;
                V bound = S.Broadcast(tile.Bounds[slot]);
                uint hits = 0;
                for (int i = 0; i < ItemBlock.Items; i += S.Lanes) hits |= S.NotAtMost(S.Load(logits + i), bound) << i;
                hits &= real;
                if (hits != 0 && tile.Allowed(slot) is { } allowed) hits &= allowed[block];
                if (hits != 0) Offer(memory, tile, place, slot, block, hits, excluded);
            }
        }
    }

    /// <summary>Writes the scores of a block.</summary>
    /// <param name="scores">[users, items]</param>
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
    private static void Offer(ScoreMemory memory, ScoreTile tile, int place, int slot, int block, uint hits, ExcludedItems excluded)
    {
        ReadOnlySpan<int> items = memory.ItemIndexes.AsSpan(block * ItemBlock.Items);
        if (!tile.KeepsExcluded(slot)) hits &= ~Excluded(hits, items, excluded(tile.User(place)), ref tile.ExcludedBefore(slot));
        if (hits == 0) return;
        float* logits = tile.Logits + place * ItemBlock.Items;
        ToScores(memory, logits, tile.Scores);
        ref TopKHeap best = ref tile.Best(slot);
        for (; hits != 0; hits &= hits - 1)
        {
            int lane = BitOperations.TrailingZeroCount(hits);
            best.Offer(logits[lane], tile.Scores[lane], items[lane]);
        }

        if (best.IsFull) tile.Bounds[slot] = best.Worst.Logit;
    }

    // Both lists are ascending, so one pass over both is enough.
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

    /// <summary>Turns a row of 32 logits into scores.</summary>
    // 1 / (1 + e^-z). Each operation is rounded once, so the result never falls where z rises.
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
