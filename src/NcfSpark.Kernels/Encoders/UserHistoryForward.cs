using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>Forward pass of a chunk of groups: from rows of the tables to users' vectors, logits and losses.</summary>
internal static unsafe class UserHistoryForward<S, V>
    where S : ISimd<V>
    where V : struct
{
    // Computes h and u = p + h (the MLP adds its output later), and the inputs of the MLP if there is one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pools(in UserHistoryWork work, int start, int count)
    {
        UserHistoryMemory memory = work.Memory;
        int width = memory.Width, lags = memory.Hidden > 0 ? work.Shape.Lags : 0, l = S.Lanes, groupSize = work.GroupSize;
        bool mlp = memory.Hidden > 0;
        AskForPool(in work, start);
        for (int g = start; g < start + count; g++)
        {
            if (g + 1 < start + count) AskForPool(in work, g + 1);
            for (int s = g * groupSize; s < (g + 1) * groupSize; s++) AskFor(memory.Items + (long)work.Batch.Items[s] * width, width);
            int there = work.Pool(g, out int* latest);
            float* coefficients = memory.Coefficients(there), own = memory.Users + (long)work.Batch.Users[g * groupSize] * width,
                user = work.Buffers.Users + (long)g * width;
            float* inputs = work.Buffers.Inputs + (long)g * memory.Inputs;
            for (int at = 0; at < width; at += Padding.Lanes)
            {
                for (int lane = at; lane < at + Padding.Lanes; lane += l)
                {
                    V pooled = default, more = default; // two sums, since each addition to one has to wait for the addition before
                    float* y = memory.Pools + lane;
                    int k = 0;
                    for (; k + 1 < there; k += 2)
                    {
                        pooled = S.MultiplyAdd(S.Broadcast(coefficients[k]), S.Load(y + (long)latest[-k] * width), pooled);
                        more = S.MultiplyAdd(S.Broadcast(coefficients[k + 1]), S.Load(y + (long)latest[-k - 1] * width), more);
                    }

                    if (k < there) pooled = S.MultiplyAdd(S.Broadcast(coefficients[k]), S.Load(y + (long)latest[-k] * width), pooled);
                    pooled = S.Add(pooled, more);
                    V p = S.Load(own + lane);
                    S.Store(S.Add(p, pooled), user + lane);
                    if (!mlp) continue;
                    for (k = 0; k < lags; k++) S.Store(k < there ? S.Load(y + (long)latest[-k] * width) : default, inputs + k * width + lane);
                    S.Store(pooled, inputs + lags * width + lane);
                    S.Store(p, inputs + (lags + 1) * width + lane);
                }
            }

            if (work.Shape.TemporalFeatureCount > 0)
            {
                TemporalFeatureBits.Unpack(
                    work.PastFeatureBits[work.Batch.PastEnds[g * groupSize]], new(inputs + (lags + 2) * width, memory.Inputs - (lags + 2) * width));
            }
        }
    }

    // logit = u · q + b + b_u + b_i
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Logits(in UserHistoryWork work, int start, int count)
    {
        UserHistoryMemory memory = work.Memory;
        int width = memory.Width, groupSize = work.GroupSize;
        bool biases = work.Shape.Biases;
        for (int g = start; g < start + count; g++)
        {
            float* user = work.Buffers.Users + (long)g * width;
            float bias = memory.Dense[memory.HeadBias];
            if (biases) bias += memory.UserBiases[work.Batch.Users[g * groupSize]];
            for (int s = g * groupSize; s < (g + 1) * groupSize; s++)
            {
                int item = work.Batch.Items[s];
                float* q = memory.Items + (long)item * width;
                V sum = default;
                for (int k = 0; k < width; k += S.Lanes) sum = S.MultiplyAdd(S.Load(user + k), S.Load(q + k), sum);
                work.Buffers.Logits[s] = S.Sum(sum) + (biases ? bias + memory.ItemBiases[item] : bias);
            }
        }
    }

    public static double Loss(in UserHistoryWork work, int start, int count)
    {
        UserHistoryBuffers buffers = work.Buffers;
        int first = start * work.GroupSize; // vectors run past the chunk's end, into memory of this chunk
        return LogisticLoss<S, V>.Compute(
            buffers.Logits + first, work.Batch.Labels + first, work.Batch.Weights + first, count * work.GroupSize, work.Batch.Terms.Count,
            buffers.Losses + first, buffers.LogitGradients + first);
    }

    private static void AskForPool(in UserHistoryWork work, int group)
    {
        int there = work.Pool(group, out int* latest), width = work.Memory.Width;
        AskFor(work.Memory.Users + (long)work.Batch.Users[group * work.GroupSize] * width, width);
        for (int k = 0; k < there; k++) AskFor(work.Memory.Pools + (long)latest[-k] * width, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskFor(float* row, int width)
    {
        for (int k = 0; k < width; k += Padding.Lanes) Prefetch.Line(row + k);
    }
}
