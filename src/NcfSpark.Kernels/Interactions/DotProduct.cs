using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The interaction "dot" of a <see cref="UserHistoryStep"/>, for a chunk of groups: logit = u · q + b + b_u + b_i, with
/// d the gradient of a logit: du = Σ d q, db = Σ d, and dq = d u (<see cref="UserHistoryUpdates{S, V}"/>).
/// </summary>
internal static unsafe class DotProduct<S, V>
    where S : ISimd<V>
    where V : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Logits(in UserHistoryWork work, int start, int count)
    {
        UserHistoryMemory memory = work.Memory;
        int width = memory.Width, groupSize = work.GroupSize;
        bool biases = memory.HasBiases;
        for (int g = start; g < start + count; g++)
        {
            float* user = work.Buffers.Users + (long)g * width;
            float bias = memory.HeadBias;
            if (biases) bias += memory.UserBiases[work.Batch.Users[g * groupSize]];
            for (int s = g * groupSize; s < (g + 1) * groupSize; s++)
            {
                int item = work.ItemRows[s];
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
            buffers.Logits + first, work.Batch.Labels + first, work.Batch.Weights + first, count * work.GroupSize, work.Samples,
            buffers.Losses + first, buffers.LogitGradients + first);
    }

    /// <summary>The gradients of the chunk's users and of the head's bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Backward(in UserHistoryWork work, int chunk, int start, int count)
    {
        UserHistoryMemory memory = work.Memory;
        int width = memory.Width, groupSize = work.GroupSize;
        float headBias = 0;
        for (int g = start; g < start + count; g++)
        {
            float* gradient = work.Buffers.UserGradients + (long)g * width, d = work.Buffers.LogitGradients + g * groupSize;
            int* items = work.ItemRows + g * groupSize;
            for (int at = 0; at < width; at += S.Lanes)
            {
                V sum = default, more = default;
                float* q = memory.Items + at;
                int s = 0;
                for (; s + 1 < groupSize; s += 2)
                {
                    sum = S.MultiplyAdd(S.Broadcast(d[s]), S.Load(q + (long)items[s] * width), sum);
                    more = S.MultiplyAdd(S.Broadcast(d[s + 1]), S.Load(q + (long)items[s + 1] * width), more);
                }

                if (s < groupSize) sum = S.MultiplyAdd(S.Broadcast(d[s]), S.Load(q + (long)items[s] * width), sum);
                S.Store(S.Add(sum, more), gradient + at);
            }

            for (int s = 0; s < groupSize; s++) headBias += d[s];
        }

        memory.HeadBiasGradient(chunk) = headBias;
    }
}
