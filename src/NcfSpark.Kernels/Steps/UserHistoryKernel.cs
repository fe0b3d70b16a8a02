using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>The kernels of a <see cref="UserHistoryStep"/> for one instruction set.</summary>
internal abstract unsafe class UserHistoryKernel
{
    public static UserHistoryKernel For(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => new UserHistoryKernel<Simd512, Vector512<float>>(),
        SimdLevel.Avx2 => new UserHistoryKernel<Simd256, Vector256<float>>(),
        _ => new UserHistoryKernel<Simd128, Vector128<float>>(),
    };

    /// <summary>Computes a chunk of groups forward and backward, without changing the model.</summary>
    /// <returns>The sum of its samples' losses.</returns>
    public abstract double Compute(in UserHistoryWork work, int chunk);

    /// <summary>Updates a range of columns of the rows that the batch uses; with column 0 also the biases.</summary>
    public abstract void UpdateRows(in UserHistoryWork work, int column, int columns);

    /// <summary>Updates a piece of the dense block (<see cref="DensePieces"/>).</summary>
    public abstract void UpdateDense(in UserHistoryWork work, int piece);
}

/// <inheritdoc/>
internal sealed unsafe class UserHistoryKernel<S, V> : UserHistoryKernel
    where S : ISimd<V>
    where V : struct
{
    public override double Compute(in UserHistoryWork work, int chunk)
    {
        EncoderRows rows = work.Encoded(chunk);
        int start = chunk * UserHistoryWork.ChunkGroups;
        Encode(in work, in rows, start);
        if (rows.Encoder.Hidden > 0) UserMlp<S, V>.Forward(in rows);
        double loss = work.Negatives is null ? Logistic(in work, chunk, start, rows.Count) : SampledSoftmax<S, V>.Compute(in work, chunk, start, rows.Count);
        if (rows.Encoder.Hidden > 0) UserMlp<S, V>.Backward(in rows);
        return loss;
    }

    public override void UpdateRows(in UserHistoryWork work, int column, int columns)
    {
        if (work.Negatives is not null) SampledSoftmax<S, V>.UpdateItems(in work, column, columns);
        UserHistoryUpdates<S, V>.Rows(in work, column, columns);
    }

    public override void UpdateDense(in UserHistoryWork work, int piece) =>
        DenseUpdates<S, V>.Piece(work.Memory.Dense, piece, work.Chunks, work.Dense);

    // Each row of a large table comes from main memory: those of the next group are prefetched while one is computed.
    private static void Encode(in UserHistoryWork work, in EncoderRows rows, int start)
    {
        UserHistoryMemory memory = work.Memory;
        RawBatch batch = work.Batch;
        int width = memory.Width, size = work.GroupSize;
        PrefetchUser(in work, start);
        for (int row = 0; row < rows.Count; row++)
        {
            int first = (start + row) * size;
            if (row + 1 < rows.Count) PrefetchUser(in work, start + row + 1);
            for (int s = first; s < first + size; s++) UserPool<S, V>.PrefetchRow(memory.Items + (long)work.ItemRows[s] * width, width);
            UserPool<S, V>.Compute(in rows, row, memory.Users + (long)batch.Users[first] * width, batch.Users[first], batch.PastEnds[first]);
        }
    }

    private static void PrefetchUser(in UserHistoryWork work, int group)
    {
        int first = group * work.GroupSize, user = work.Batch.Users[first], width = work.Memory.Width;
        UserPool<S, V>.PrefetchRow(work.Memory.Users + (long)user * width, width);
        UserPool<S, V>.Prefetch(work.Memory.Encoder, user, work.Batch.PastEnds[first]);
    }

    private static double Logistic(in UserHistoryWork work, int chunk, int start, int count)
    {
        DotProduct<S, V>.Logits(in work, start, count);
        double loss = DotProduct<S, V>.Loss(in work, start, count);
        DotProduct<S, V>.Backward(in work, chunk, start, count);
        return loss;
    }
}
