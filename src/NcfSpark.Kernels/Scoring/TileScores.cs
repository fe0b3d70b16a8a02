using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>Computes the logits of all pairs of a tile of users and a block of items.</summary>
internal static unsafe class TileScores<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Compute(ScoreMemory memory, ScoreTile tile, int block)
    {
        float* items = memory.Block(block);
        int[] widths = memory.Widths;
        BatchedGemm<S, V>.Multiply<Plain>(items, tile.Vectors, tile.Logits, memory.Shape.VectorSize, tile.Count); // a_u + u · v_i
        if (widths.Length == 0) return;
        float* firsts = items + (nint)memory.Shape.VectorSize * ItemBlock.Items;
        for (int place = 0; place < tile.Count; place++)
        {
            First(tile.First(place), firsts, tile.Even, widths[0]);
            AddLayers(memory, tile, tile.Logits + place * ItemBlock.Items);
        }
    }

    /// <summary>
    /// Computes the logits of 32 pairs, each with its own user, into the first row, by the same operations in the same
    /// order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ComputePairs(ScoreMemory memory, ScoreTile tile)
    {
        int rows = memory.Shape.VectorSize, firsts = memory.Shape.FirstWidth;
        for (int i = 0; i < ItemBlock.Items; i += S.Lanes)
        {
            float* user = tile.PairUsers + i, item = tile.PairItems + i, y = tile.Even + i;
            V z = S.Load(user);
            for (int k = 0; k < rows; k++, item += ItemBlock.Items) z = S.MultiplyAdd(S.Load(user += ItemBlock.Items), S.Load(item), z);
            S.Store(z, tile.Logits + i);
            for (int k = 0; k < firsts; k++, item += ItemBlock.Items, y += ItemBlock.Items)
            {
                S.Store(S.Relu(S.Add(S.Load(user += ItemBlock.Items), S.Load(item))), y);
            }
        }

        if (firsts > 0) AddLayers(memory, tile, tile.Logits);
    }

    // From y_1 in tile.Even to the logits of a row.
    private static void AddLayers(ScoreMemory memory, ScoreTile tile, float* logits)
    {
        int[] widths = memory.Widths;
        float* x = tile.Even, y = tile.Odd;
        for (int l = 1; l < widths.Length; l++)
        {
            BatchedGemm<S, V>.Multiply<Relu>(x, memory.Layer(l), y, widths[l - 1], widths[l]);
            float* output = y;
            y = x;
            x = output;
        }

        AddHead(memory.Head, x, logits, widths[^1]);
    }

    // y_1 = relu(f_u + g_i)
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void First(float* user, float* items, float* y, int width)
    {
        for (float* end = user + width; user < end; user++, items += ItemBlock.Items, y += ItemBlock.Items)
        {
            V f = S.Broadcast(*user);
            for (int i = 0; i < ItemBlock.Items; i += 2 * S.Lanes)
            {
                S.Store(S.Relu(S.Add(f, S.Load(items + i))), y + i);
                S.Store(S.Relu(S.Add(f, S.Load(items + i + S.Lanes))), y + i + S.Lanes);
            }
        }
    }

    // logit += h · y_L
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddHead(float* head, float* y, float* logits, int width)
    {
        for (int i = 0; i < ItemBlock.Items; i += 2 * S.Lanes)
        {
            V z0 = S.Load(logits + i), z1 = S.Load(logits + i + S.Lanes);
            float* at = y + i;
            for (int n = 0; n < width; n++, at += ItemBlock.Items)
            {
                V h = S.Broadcast(head[n]);
                z0 = S.MultiplyAdd(h, S.Load(at), z0);
                z1 = S.MultiplyAdd(h, S.Load(at + S.Lanes), z1);
            }

            S.Store(z0, logits + i);
            S.Store(z1, logits + i + S.Lanes);
        }
    }
}
