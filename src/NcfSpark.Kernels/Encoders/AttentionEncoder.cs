using System.Collections.Concurrent;

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
    /// <param name="moment">The moment that is asked about, no earlier than the latest item; null: it is not told.</param>
    /// <param name="itemRows">q of all items, E after E.</param>
    /// <param name="vector">Receives E numbers.</param>
    public void Encode(ReadOnlySpan<int> items, ReadOnlySpan<long> times, long? moment, ReadOnlySpan<float> itemRows, Span<float> vector)
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
        long[] moments = moment is { } asked ? [.. times[1..], asked] : [];
        if (!idle.TryTake(out AttentionBuffers? buffers)) buffers = new(shape, training: false);
        fixed (int* item = items)
        fixed (long* time = times, askedAt = moments)
        fixed (float* rows = itemRows)
        {
            var sequence = new AttentionSequence { Row = 0, Count = items.Length, Items = item, Times = time, Moments = askedAt };
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
