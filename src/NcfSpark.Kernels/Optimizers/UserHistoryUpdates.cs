using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Updates the rows of a <see cref="UserHistoryStep"/> after all gradients of a batch are computed, by plain descent,
/// sample by sample in the order of the batch, so a row that several samples use gets the sum of their gradients. (L2
/// shrinks such a row once for each sample; to first order in rate · L2 that is the sum of their L2.) Columns do not
/// depend on each other, so each thread updates some columns of all rows.
/// </summary>
internal static unsafe class UserHistoryUpdates<S, V>
    where S : ISimd<V>
    where V : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Rows(in UserHistoryWork work, int column, int columns)
    {
        UserHistoryMemory memory = work.Memory;
        UserHistoryEncoder encoder = memory.Encoder;
        UpdateRule rule = work.Rows;
        bool mlp = encoder.Hidden > 0, own = work.Negatives is null; // otherwise items get gradients from all groups, and SampledSoftmax updates them
        int width = memory.Width, groupSize = work.GroupSize, lags = encoder.Lags, end = column + columns;
        float decay = rule.Rate * rule.L2;
        for (int g = 0; g < work.Groups; g++)
        {
            int first = g * groupSize;
            if (g + 1 < work.Groups) PrefetchPool(in work, g + 1, column, end);
            float* user = work.Buffers.Users + (long)g * width, d = work.Buffers.LogitGradients + first, weights = work.Batch.Weights + first;
            int* items = work.ItemRows + first;
            float groupWeight = 0;
            for (int s = 0; s < groupSize; s++)
            {
                groupWeight += weights[s];
                if (own) Update(memory.Items + (long)items[s] * width, user, -rule.Rate * d[s], 1 - decay * weights[s], column, end);
            }

            float* towardsX = work.Buffers.InputGradients + (long)g * encoder.Inputs;
            float* towardsPool = mlp ? towardsX + lags * width : work.Buffers.UserGradients + (long)g * width,
                towardsOwn = mlp ? towardsPool + width : towardsPool;
            Update(memory.Users + (long)work.Batch.Users[first] * width, towardsOwn, -rule.Rate, 1 - decay * groupWeight, column, end);
            int there = work.Pool(g, out int* latest);
            float* coefficients = encoder.Coefficients(there);
            float poolDecay = decay * groupWeight / encoder.Shape.Factor;
            for (int k = 0; k < there; k++)
            {
                float* row = encoder.Table + (long)latest[-k] * width;
                float coefficient = coefficients[k], keep = 1 - poolDecay * coefficient;
                if (k < lags) UpdateTwice(row, towardsPool, -rule.Rate * coefficient, towardsX + k * width, -rule.Rate, keep, column, end);
                else Update(row, towardsPool, -rule.Rate * coefficient, keep, column, end);
            }

            if (column == 0 && memory.HasBiases) UpdateBiases(in work, first, decay, groupWeight);
        }
    }

    // The rows of a pool are scattered over a table that is larger than the second-level cache.
    private static void PrefetchPool(in UserHistoryWork work, int group, int column, int end)
    {
        UserHistoryEncoder encoder = work.Memory.Encoder;
        int there = work.Pool(group, out int* latest);
        for (int k = 0; k < there; k++) Prefetch.Row(encoder.Table + (long)latest[-k] * work.Memory.Width + column, end - column);
    }

    // row = keep row + rate gradient
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update(float* row, float* gradient, float rate, float keep, int column, int end)
    {
        V r = S.Broadcast(rate), k = S.Broadcast(keep);
        for (int at = column; at < end; at += S.Lanes) S.Store(S.MultiplyAdd(r, S.Load(gradient + at), S.Multiply(k, S.Load(row + at))), row + at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UpdateTwice(float* row, float* gradient, float rate, float* other, float otherRate, float keep, int column, int end)
    {
        V r = S.Broadcast(rate), o = S.Broadcast(otherRate), k = S.Broadcast(keep);
        for (int at = column; at < end; at += S.Lanes)
        {
            V kept = S.MultiplyAdd(o, S.Load(other + at), S.Multiply(k, S.Load(row + at)));
            S.Store(S.MultiplyAdd(r, S.Load(gradient + at), kept), row + at);
        }
    }

    private static void UpdateBiases(in UserHistoryWork work, int first, float decay, float groupWeight)
    {
        float rate = work.Rows.Rate, sum = 0;
        for (int s = first; s < first + work.GroupSize; s++)
        {
            float d = work.Buffers.LogitGradients[s];
            sum += d;
            if (work.Negatives is not null) continue;
            ref float bias = ref work.Memory.ItemBiases[work.ItemRows[s]];
            bias = bias * (1 - decay * work.Batch.Weights[s]) - rate * d;
        }

        ref float userBias = ref work.Memory.UserBiases[work.Batch.Users[first]];
        userBias = userBias * (1 - decay * groupWeight) - rate * sum;
    }
}
