using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The pool of a user: h = factor · Σ_k share_k y_k and u = p + h, to which the MLP adds its output
/// (<see cref="UserMlp{S, V}"/>). Backward, h and p get du: y_k gets factor · share_k · du.
/// </summary>
internal static unsafe class UserPool<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <summary>Computes a row of u, and of the MLP's inputs x = [y_1; …; y_L; h; p; r] if there is an MLP.</summary>
    /// <param name="own">p</param>
    /// <param name="end">Where the items that the user had before end.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Compute(in EncoderRows rows, int row, float* own, int user, int end)
    {
        UserHistoryEncoder encoder = rows.Encoder;
        int width = encoder.Width, lags = encoder.Lags, step = encoder.RowStep, there = encoder.Pool(user, end, out int* latest);
        bool mlp = encoder.Hidden > 0;
        float* coefficients = encoder.Coefficients(there), table = encoder.Table, u = rows.Users + (long)row * width;
        float* inputs = rows.Inputs + (long)row * encoder.Inputs;
        for (int at = 0; at < width; at += S.Lanes)
        {
            V pooled = default, more = default; // two sums, since each addition to one has to wait for the addition before
            float* y = table + at;
            int k = 0;
            for (; k + 1 < there; k += 2)
            {
                pooled = S.MultiplyAdd(S.Broadcast(coefficients[k]), S.Load(y + (long)latest[-k] * step), pooled);
                more = S.MultiplyAdd(S.Broadcast(coefficients[k + 1]), S.Load(y + (long)latest[-k - 1] * step), more);
            }

            if (k < there) pooled = S.MultiplyAdd(S.Broadcast(coefficients[k]), S.Load(y + (long)latest[-k] * step), pooled);
            pooled = S.Add(pooled, more);
            V p = S.Load(own + at);
            S.Store(S.Add(p, pooled), u + at);
            if (!mlp) continue;
            for (k = 0; k < lags; k++) S.Store(k < there ? S.Load(y + (long)latest[-k] * step) : default, inputs + k * width + at);
            S.Store(pooled, inputs + lags * width + at);
            S.Store(p, inputs + (lags + 1) * width + at);
        }

        if (encoder.Shape.TemporalFeatureCount == 0 || !mlp) return;
        TemporalFeatureBits.Unpack(encoder.Features(end), new(inputs + (lags + 2) * width, encoder.Inputs - (lags + 2) * width));
    }

    /// <summary>Prefetches the rows of a pool.</summary>
    public static void Prefetch(UserHistoryEncoder encoder, int user, int end)
    {
        int there = encoder.Pool(user, end, out int* latest);
        for (int k = 0; k < there; k++) PrefetchRow(encoder.Table + (long)latest[-k] * encoder.RowStep, encoder.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchRow(float* row, int width)
    {
        for (int k = 0; k < width; k += Padding.Lanes) Kernels.Prefetch.Line(row + k);
    }
}
