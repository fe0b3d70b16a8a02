using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>The parts of a step over histories, compiled for one instruction set.</summary>
internal abstract class HistoryKernel
{
    public static HistoryKernel For(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => new HistoryKernel<Simd512, Vector512<float>>(),
        SimdLevel.Avx2 => new HistoryKernel<Simd256, Vector256<float>>(),
        _ => new HistoryKernel<Simd128, Vector128<float>>(),
    };

    /// <summary>A chunk of groups forward and backward; changes nothing of the model.</summary>
    /// <returns>The sum of its samples' losses.</returns>
    public abstract double Compute(in HistoryWork work, int chunk);

    /// <summary>Updates columns of the rows that the batch touches; with column 0 also the biases.</summary>
    public abstract void UpdateRows(in HistoryWork work, int column, int columns);

    /// <summary>Updates a stretch of the dense block.</summary>
    public abstract void UpdateDense(in HistoryWork work, int start, int end);
}

/// <inheritdoc/>
internal sealed class HistoryKernel<S, V> : HistoryKernel
    where S : ISimd<V>
    where V : struct
{
    public override double Compute(in HistoryWork work, int chunk)
    {
        int start = chunk * HistoryWork.ChunkGroups, count = Math.Min(HistoryWork.ChunkGroups, work.Groups - start);
        HistoryForward<S, V>.Pools(in work, start, count);
        if (work.Memory.Hidden > 0) UserMlp<S, V>.Forward(in work, start, count);
        double loss = work.Negatives is null ? Logistic(in work, chunk, start, count) : HistoryContrast<S, V>.Compute(in work, chunk, start, count);
        if (work.Memory.Hidden > 0) UserMlp<S, V>.Backward(in work, chunk, start, count);
        return loss;
    }

    public override void UpdateRows(in HistoryWork work, int column, int columns)
    {
        if (work.Negatives is not null) HistoryContrast<S, V>.UpdateItems(in work, column, columns);
        HistoryUpdates<S, V>.Rows(in work, column, columns);
    }

    public override void UpdateDense(in HistoryWork work, int start, int end) => HistoryUpdates<S, V>.Dense(in work, start, end);

    private static double Logistic(in HistoryWork work, int chunk, int start, int count)
    {
        HistoryForward<S, V>.Logits(in work, start, count);
        double loss = HistoryForward<S, V>.Loss(in work, start, count);
        HistoryBackward<S, V>.OfUsers(in work, chunk, start, count);
        return loss;
    }
}
