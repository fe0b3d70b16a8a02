using System.Collections.Concurrent;
using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>
/// Computes users' vectors by attention (<see cref="AttentionShape"/>) where nothing is trained. Several threads may call
/// it at once; a user's vector does not depend on the others.
/// </summary>
public sealed unsafe class AttentionEncoder : IDisposable
{
    private readonly AttentionWeights weights;
    private readonly AttentionKernel kernel;
    private readonly ConcurrentBag<AttentionBuffers> idle = []; // buffers that no thread is using
    private readonly Lock deriving = new();
    private volatile bool isDerived;

    public AttentionEncoder(AttentionShape shape, SimdLevel level) => (weights, kernel) = (new(shape, slots: 1), AttentionKernel.For(level));

    /// <summary>Sets a matrix.</summary>
    /// <param name="parameter">Its number in <see cref="AttentionShape.Parameters"/>.</param>
    public void Set(int parameter, ReadOnlySpan<float> values)
    {
        values.CopyTo(new Span<float>(weights.Values + weights.StartOf(parameter), values.Length));
        isDerived = false;
    }

    /// <summary>Writes a user's vector, without the user's own row; 0 if there is no item.</summary>
    /// <param name="items">The user's items, oldest first; the latest Length of them count.</param>
    /// <param name="times">Their times in seconds, ascending.</param>
    /// <param name="itemRows">q of all items, E after E.</param>
    /// <param name="vector">Receives E numbers.</param>
    public void Encode(ReadOnlySpan<int> items, ReadOnlySpan<long> times, ReadOnlySpan<float> itemRows, Span<float> vector)
    {
        AttentionShape shape = weights.Shape;
        ArgumentOutOfRangeException.ThrowIfNotEqual(times.Length, items.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(vector.Length, shape.Size);
        vector.Clear();
        if (items.IsEmpty) return;
        int skipped = Math.Max(0, items.Length - shape.Length);
        items = items[skipped..];
        times = times[skipped..];
        Derive();
        if (!idle.TryTake(out AttentionBuffers? buffers)) buffers = new(shape, training: false);
        fixed (int* item = items)
        fixed (long* time = times)
        fixed (float* rows = itemRows)
        {
            var sequence = new AttentionSequence { Row = 0, Count = items.Length, Items = item, Times = time };
            var pass = new AttentionPass { Rows = sequence.PaddedCount, Sequences = &sequence, Count = 1, ItemRows = rows, ItemStride = shape.Size };
            kernel.Encode(in pass, buffers, weights);
        }

        new ReadOnlySpan<float>(buffers.Final + (long)(items.Length - 1) * shape.Size, shape.Size).CopyTo(vector);
        idle.Add(buffers);
    }

    public void Dispose()
    {
        weights.Dispose();
        foreach (AttentionBuffers buffers in idle) buffers.Dispose();
    }

    private void Derive()
    {
        if (isDerived) return;
        lock (deriving)
        {
            if (!isDerived) weights.Derive();
            isDerived = true;
        }
    }
}

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
