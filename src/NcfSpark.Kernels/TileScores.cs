using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>From a tile of users and a block of items to the logits of all their pairs.</summary>
internal static unsafe class TileScores<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Compute(ScoreMemory memory, ScoreTile tile, int block)
    {
        float* items = memory.Block(block);
        int[] widths = memory.Widths;
        LanesProduct<S, V>.Multiply<Plain>(items, tile.Vectors, tile.Logits, memory.Shape.VectorSize, tile.Count); // a_u + u · v_i
        if (widths.Length == 0) return;
        float* firsts = items + (nint)memory.Shape.VectorSize * ItemBlock.Items;
        for (int place = 0; place < tile.Count; place++)
        {
            float* x = tile.Even, y = tile.Odd;
            First(tile.First(place), firsts, x, widths[0]);
            for (int l = 1; l < widths.Length; l++)
            {
                LanesProduct<S, V>.Multiply<Relu>(x, memory.Layer(l), y, widths[l - 1], widths[l]);
                float* output = y;
                y = x;
                x = output;
            }

            AddHead(memory.Head, x, tile.Logits + place * ItemBlock.Items, widths[^1]);
        }
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
