using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>The kernels of an attention encoder for one instruction set.</summary>
internal abstract unsafe class AttentionKernel
{
    public static AttentionKernel For(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => new AttentionKernel<Simd512, Vector512<float>>(),
        SimdLevel.Avx2 => new AttentionKernel<Simd256, Vector256<float>>(),
        _ => new AttentionKernel<Simd128, Vector128<float>>(),
    };

    /// <summary>Computes v of all tokens of a pass.</summary>
    public abstract void Encode(in AttentionPass pass, AttentionBuffers buffers, AttentionWeights weights);

    /// <summary>Takes a chunk of a batch through encoder, softmax and back.</summary>
    /// <returns>The sum of its losses.</returns>
    public abstract double Compute(in AttentionWork work, int chunk, AttentionBuffers buffers);

    /// <summary>Updates some of the matrices of the encoder, by the sum of the chunks' gradients.</summary>
    public abstract void UpdateMatrices(in AttentionWork work, int start, int count);

    /// <summary>Updates the rows of some of the batch's distinct items.</summary>
    public abstract void UpdateItems(in AttentionWork work, int start, int end);
}

/// <inheritdoc/>
internal sealed unsafe class AttentionKernel<S, V> : AttentionKernel
    where S : ISimd<V>
    where V : struct
{
    private const int SummedAtOnce = 256; // 1 KB of a first-level cache

    public override void Encode(in AttentionPass pass, AttentionBuffers buffers, AttentionWeights weights) =>
        AttentionBlocks<S, V>.Forward(in pass, buffers, weights);

    public override double Compute(in AttentionWork work, int chunk, AttentionBuffers buffers)
    {
        AttentionMemory memory = work.Memory;
        AttentionBatch batch = work.Batch;
        float* gradient = memory.ChunkGradient(chunk);
        new Span<float>(gradient, checked((int)memory.ChunkSize)).Clear();
        double loss = 0;
        for (int p = batch.ChunkStarts[chunk]; p < batch.ChunkStarts[chunk + 1]; p++)
        {
            AttentionSpan span = batch.Passes[p];
            var pass = new AttentionPass
            {
                Rows = span.Rows, Sequences = batch.Sequences + span.First, Count = span.Count, FirstRow = span.FirstRow, DropoutKey = work.DropoutKey,
                Dropout = memory.Shape.Dropout, ItemRows = memory.Items, ItemStride = memory.Stride,
            };
            AttentionBlocks<S, V>.Forward(in pass, buffers, memory.Weights);
            loss += Softmax(in work, in pass, buffers, gradient);
            AttentionBlocks<S, V>.Backward(in pass, buffers, memory.Weights, buffers.FinalGradient, gradient);
            StoreEvents(in work, in pass, buffers);
        }

        AttentionBlocks<S, V>.TakePositions(buffers, memory.Weights, gradient);
        return loss / batch.Tokens * batch.Users;
    }

    public override void UpdateMatrices(in AttentionWork work, int start, int count)
    {
        AttentionMemory memory = work.Memory;
        AttentionWeights weights = memory.Weights;
        float* sum = stackalloc float[SummedAtOnce];
        var step = new AdamStep<S, V>(in work.Dense);
        for (int end = start + count, some; start < end; start += some)
        {
            some = Math.Min(SummedAtOnce, end - start);
            AddChunks(in work, start, sum, some, first: true);
            step.Update(weights.Values + start, weights.FirstMoments + start, weights.SecondMoments + start, sum, some, l2: 0);
        }
    }

    public override void UpdateItems(in AttentionWork work, int start, int end)
    {
        AttentionMemory memory = work.Memory;
        AttentionBatch batch = work.Batch;
        int e = memory.Shape.Size, width = memory.RowWidth;
        float* sum = stackalloc float[width];
        var step = new AdamStep<S, V>(in work.Rows);
        for (int d = start; d < end; d++)
        {
            new Span<float>(sum, width).Clear();
            for (int at = batch.FirstEvents[d]; at >= 0; at = batch.NextEvents[at]) Add(memory.EventGradients + (long)at * width, sum, width);
            if (batch.NegativeOf(batch.Items[d]) is >= 0 and var negative)
            {
                AddChunks(in work, memory.NegativesStart + negative * e, sum, e, first: false);
                for (int chunk = 0; chunk < batch.Chunks; chunk++) sum[e] += memory.ChunkGradient(chunk)[memory.BiasesStart + negative];
            }

            float* record = memory.Items + (long)batch.Items[d] * memory.Stride;
            step.Update(record, record + width, record + 2 * width, sum, width, l2: 0);
        }
    }

    private static double Softmax(in AttentionWork work, in AttentionPass pass, AttentionBuffers buffers, float* gradient)
    {
        AttentionMemory memory = work.Memory;
        AttentionBatch batch = work.Batch;
        int e = memory.Shape.Size;
        ref SoftmaxRows rows = ref buffers.Softmax;
        new Span<nint>(rows.Positives, pass.Rows).Clear();
        for (int q = 0; q < pass.Count; q++)
        {
            AttentionSequence sequence = pass.Sequences[q];
            (int start, int end) = (batch.ExcludedStarts[sequence.Slot], batch.ExcludedEnds[sequence.Slot]);
            if (!batch.ExceptTouched) end = start;
            for (int t = 0; t < sequence.PaddedCount; t++)
            {
                if (!batch.ExceptTouched && t < sequence.Count) (start, end) = (end, end + (batch.NegativeOf(sequence.Items[t + 1]) >= 0 ? 1 : 0));
                int row = sequence.Row + t;
                if (t < sequence.Count) rows.Positives[row] = memory.Items + (long)sequence.Items[t + 1] * memory.Stride;
                (rows.ExcludedStarts[row], rows.ExcludedEnds[row]) = (start, end);
            }
        }

        double loss = 0;
        for (int row = 0; row < pass.Rows; row += SoftmaxTile.RowsAtOnce)
        {
            var tile = new SoftmaxTile
            {
                Rows = Math.Min(SoftmaxTile.RowsAtOnce, pass.Rows - row),
                Users = buffers.Final + (long)row * e,
                Positives = rows.Positives + row,
                Excluded = batch.Excluded,
                ExcludedStarts = rows.ExcludedStarts + row,
                ExcludedEnds = rows.ExcludedEnds + row,
                Logits = rows.Logits,
                UserGradients = buffers.FinalGradient + (long)row * e,
                PositiveGradients = rows.PositiveGradients + row,
                NegativeGradients = gradient + memory.NegativesStart,
                BiasGradients = gradient + memory.BiasesStart,
                Weight = 1f / batch.Tokens,
                Zeros = buffers.Zeros,
            };
            loss += SharedSoftmax<S, V>.Compute(in tile, work.Negatives, e);
        }

        return loss;
    }

    // An event's gradient: as a token sqrt(E) times that of the token, as a positive its logit's times the vector before it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void StoreEvents(in AttentionWork work, in AttentionPass pass, AttentionBuffers buffers)
    {
        AttentionMemory memory = work.Memory;
        int e = memory.Shape.Size, width = memory.RowWidth;
        V scale = S.Broadcast(MathF.Sqrt(e));
        for (int q = 0; q < pass.Count; q++)
        {
            AttentionSequence sequence = pass.Sequences[q];
            float* to = memory.EventGradients + (long)work.Batch.EventStarts[sequence.Slot] * width;
            float* token = buffers.Gradient + (long)sequence.Row * e, user = buffers.Final + (long)sequence.Row * e;
            float* positive = buffers.Softmax.PositiveGradients + sequence.Row;
            for (int t = 0; t <= sequence.Count; t++, to += width)
            {
                V share = S.Broadcast(t == 0 ? 0 : positive[t - 1]);
                for (int k = 0; k < e; k += S.Lanes)
                {
                    V sum = t == sequence.Count ? default : S.Multiply(scale, S.Load(token + (long)t * e + k));
                    if (t > 0) sum = S.MultiplyAdd(share, S.Load(user + (long)(t - 1) * e + k), sum);
                    S.Store(sum, to + k);
                }

                new Span<float>(to + e, Padding.Lanes).Clear();
                to[e] = t == 0 ? 0 : positive[t - 1];
            }
        }
    }

    // Adds the chunks' gradients in the order of chunks.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddChunks(in AttentionWork work, int start, float* sum, int count, bool first)
    {
        long size = work.Memory.ChunkSize;
        int chunks = work.Batch.Chunks;
        for (int k = 0; k < count; k += S.Lanes)
        {
            float* gradient = work.Memory.ChunkGradient(0) + start + k;
            V g = first ? default : S.Load(sum + k);
            for (int chunk = 0; chunk < chunks; chunk++, gradient += size) g = S.Add(g, S.Load(gradient));
            S.Store(g, sum + k);
        }
    }

    private static void Add(float* row, float* sum, int width)
    {
        for (int k = 0; k < width; k += S.Lanes) S.Store(S.Add(S.Load(sum + k), S.Load(row + k)), sum + k);
    }
}
