using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Y[n, i] = b_n + Σ_k W[n, k] · X[k, i] for a batch of 32 vectors i, one in each lane: rows of X and Y are 32 floats,
/// W is in <see cref="WeightGroups"/>, whose numbers are broadcast one by one. Each sum runs over k from the first to
/// the last in its own lane, so it is the same for every instruction set that rounds a multiply-add once.
/// As for <see cref="BlockedGemm{S, V}"/>, AVX-512 keeps 8 rows x 2 vectors of sums in its 32 registers. The others
/// have 16, or vectors of 4 floats: 4 x 2.
/// </summary>
internal static unsafe class BatchedGemm<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <param name="x">X, <paramref name="inputs"/> rows.</param>
    /// <param name="weights">W and b.</param>
    /// <param name="y">Receives Y, <paramref name="outputs"/> rows rounded up to a whole group.</param>
    /// <param name="inputs">Any number.</param>
    /// <param name="outputs">Any number.</param>
    public static void Multiply<TEpilogue>(float* x, float* weights, float* y, int inputs, int outputs)
        where TEpilogue : IGemmEpilogue
    {
        if (2 * S.Lanes == ItemBlock.Items) Rows8Vectors2<TEpilogue>(x, weights, y, inputs, outputs);
        else Rows4Vectors2<TEpilogue>(x, weights, y, inputs, outputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows8Vectors2<TEpilogue>(float* x, float* weights, float* y, int inputs, int outputs)
        where TEpilogue : IGemmEpilogue
    {
        int l = S.Lanes;
        float* w = weights;
        for (int n = 0; n < outputs; n += WeightGroups.Rows)
        {
            V c00 = S.Broadcast(w[0]), c01 = c00, c10 = S.Broadcast(w[1]), c11 = c10, c20 = S.Broadcast(w[2]), c21 = c20, c30 = S.Broadcast(w[3]), c31 = c30;
            V c40 = S.Broadcast(w[4]), c41 = c40, c50 = S.Broadcast(w[5]), c51 = c50, c60 = S.Broadcast(w[6]), c61 = c60, c70 = S.Broadcast(w[7]), c71 = c70;
            w += WeightGroups.Rows;
            float* at = x, end = x + (nint)inputs * ItemBlock.Items;
            for (; at < end; at += ItemBlock.Items)
            {
                V x0 = S.Load(at), x1 = S.Load(at + l);
                V a = S.Broadcast(w[0]);
                c00 = S.MultiplyAdd(a, x0, c00);
                c01 = S.MultiplyAdd(a, x1, c01);
                a = S.Broadcast(w[1]);
                c10 = S.MultiplyAdd(a, x0, c10);
                c11 = S.MultiplyAdd(a, x1, c11);
                a = S.Broadcast(w[2]);
                c20 = S.MultiplyAdd(a, x0, c20);
                c21 = S.MultiplyAdd(a, x1, c21);
                a = S.Broadcast(w[3]);
                c30 = S.MultiplyAdd(a, x0, c30);
                c31 = S.MultiplyAdd(a, x1, c31);
                a = S.Broadcast(w[4]);
                c40 = S.MultiplyAdd(a, x0, c40);
                c41 = S.MultiplyAdd(a, x1, c41);
                a = S.Broadcast(w[5]);
                c50 = S.MultiplyAdd(a, x0, c50);
                c51 = S.MultiplyAdd(a, x1, c51);
                a = S.Broadcast(w[6]);
                c60 = S.MultiplyAdd(a, x0, c60);
                c61 = S.MultiplyAdd(a, x1, c61);
                a = S.Broadcast(w[7]);
                c70 = S.MultiplyAdd(a, x0, c70);
                c71 = S.MultiplyAdd(a, x1, c71);
                w += WeightGroups.Rows;
            }

            Store<TEpilogue>(c00, c01, y);
            Store<TEpilogue>(c10, c11, y + ItemBlock.Items);
            Store<TEpilogue>(c20, c21, y + 2 * ItemBlock.Items);
            Store<TEpilogue>(c30, c31, y + 3 * ItemBlock.Items);
            Store<TEpilogue>(c40, c41, y + 4 * ItemBlock.Items);
            Store<TEpilogue>(c50, c51, y + 5 * ItemBlock.Items);
            Store<TEpilogue>(c60, c61, y + 6 * ItemBlock.Items);
            Store<TEpilogue>(c70, c71, y + 7 * ItemBlock.Items);
            y += WeightGroups.Rows * ItemBlock.Items;
        }
    }

    // Half a group, and as many items as two vectors hold, at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows4Vectors2<TEpilogue>(float* x, float* weights, float* y, int inputs, int outputs)
        where TEpilogue : IGemmEpilogue
    {
        const int Half = WeightGroups.Rows / 2;
        int l = S.Lanes;
        for (int n = 0; n < outputs; n += Half, y += Half * ItemBlock.Items)
        {
            for (int column = 0; column < ItemBlock.Items; column += 2 * l)
            {
                float* w = weights + WeightGroups.BiasAt(n, inputs);
                V c00 = S.Broadcast(w[0]), c01 = c00, c10 = S.Broadcast(w[1]), c11 = c10, c20 = S.Broadcast(w[2]), c21 = c20, c30 = S.Broadcast(w[3]),
                    c31 = c30;
                float* at = x + column, end = at + (nint)inputs * ItemBlock.Items;
                for (; at < end; at += ItemBlock.Items)
                {
                    w += WeightGroups.Rows;
                    V x0 = S.Load(at), x1 = S.Load(at + l);
                    V a = S.Broadcast(w[0]);
                    c00 = S.MultiplyAdd(a, x0, c00);
                    c01 = S.MultiplyAdd(a, x1, c01);
                    a = S.Broadcast(w[1]);
                    c10 = S.MultiplyAdd(a, x0, c10);
                    c11 = S.MultiplyAdd(a, x1, c11);
                    a = S.Broadcast(w[2]);
                    c20 = S.MultiplyAdd(a, x0, c20);
                    c21 = S.MultiplyAdd(a, x1, c21);
                    a = S.Broadcast(w[3]);
                    c30 = S.MultiplyAdd(a, x0, c30);
                    c31 = S.MultiplyAdd(a, x1, c31);
                }

                Store<TEpilogue>(c00, c01, y + column);
                Store<TEpilogue>(c10, c11, y + column + ItemBlock.Items);
                Store<TEpilogue>(c20, c21, y + column + 2 * ItemBlock.Items);
                Store<TEpilogue>(c30, c31, y + column + 3 * ItemBlock.Items);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TEpilogue>(V first, V second, float* y)
        where TEpilogue : IGemmEpilogue
    {
        S.Store(TEpilogue.Finish<S, V>(first, null, first), y);
        S.Store(TEpilogue.Finish<S, V>(second, null, second), y + S.Lanes);
    }
}
