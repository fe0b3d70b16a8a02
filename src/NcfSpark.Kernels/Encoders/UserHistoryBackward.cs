using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>From the gradients of a chunk's logits to those of its users' vectors and of the head's bias.</summary>
internal static unsafe class UserHistoryBackward<S, V>
    where S : ISimd<V>
    where V : struct
{
    // du = Σ d q     db = Σ d
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void OfUsers(in UserHistoryWork work, int chunk, int start, int count)
    {
        UserHistoryMemory memory = work.Memory;
        int width = memory.Width, groupSize = work.GroupSize;
        float headBias = 0;
        for (int g = start; g < start + count; g++)
        {
            float* gradient = work.Buffers.UserGradients + (long)g * width, d = work.Buffers.LogitGradients + g * groupSize;
            int* items = work.Batch.Items + g * groupSize;
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

        work.Buffers.DenseGradient(chunk)[memory.HeadBias] = headBias;
    }
}
