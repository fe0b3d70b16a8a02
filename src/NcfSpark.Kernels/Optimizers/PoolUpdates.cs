using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Updates the rows of items in users' pools: each distinct row of a batch once, by the sum over its entries
/// (<see cref="GroupedPools"/>), item k of the pool of run r: factor · share_k · dh_r, and dy_k of r if the MLP sees
/// item k by itself. Its L2 counts as share_k of the run's samples.
/// </summary>
internal static unsafe class PoolUpdates<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <summary>Updates the rows from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    /// <param name="end">The one after the last, at most a tile's samples later.</param>
    /// <param name="buffers">The thread's buffers, of which <c>UserGradients</c> and <c>Updates</c> are
    /// overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Deferred(StepMemory memory, GroupedPools pools, int start, int end, TileBuffers buffers, in UpdateRule rule)
    {
        UserHistoryEncoder encoder = memory.Encoder!;
        DeferredRows rows = pools.Rows;
        int width = encoder.Width, lags = encoder.Lags, length = encoder.Shape.Length;
        float* sum = buffers.UserGradients;
        for (int d = start; d < end; d++, sum += width)
        {
            float weight = 0;
            new Span<float>(sum, width).Clear();
            for (int entry = rows.First[d]; entry >= 0; entry = rows.Next[entry])
            {
                (int run, int k) = Math.DivRem(pools.Places[entry], length);
                float coefficient = pools.Coefficients[entry];
                float* gradient = memory.PoolGradient(run);
                Add(gradient + lags * width, coefficient, sum, width);
                if (k < lags) Add(gradient + k * width, 1, sum, width);
                weight += coefficient / encoder.Shape.Factor * pools.Weights[run];
            }

            buffers.Updates[d - start] = new(encoder.Table + (long)rows.Rows[d] * encoder.RowStep, sum, weight);
        }

        RowUpdates<S, V>.Update(buffers.Updates, end - start, 0, width, width, in rule);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* gradient, float factor, float* sum, int width)
    {
        V f = S.Broadcast(factor);
        for (int k = 0; k < width; k += S.Lanes) S.Store(S.MultiplyAdd(f, S.Load(gradient + k), S.Load(sum + k)), sum + k);
    }
}
