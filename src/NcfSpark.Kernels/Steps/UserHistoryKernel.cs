using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>The kernels of a <see cref="UserHistoryStep"/> for one instruction set.</summary>
internal abstract class UserHistoryKernel
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

    /// <summary>Updates a range of the dense block.</summary>
    public abstract void UpdateDense(in UserHistoryWork work, int start, int end);
}

/// <inheritdoc/>
internal sealed class UserHistoryKernel<S, V> : UserHistoryKernel
    where S : ISimd<V>
    where V : struct
{
    public override double Compute(in UserHistoryWork work, int chunk)
    {
        int start = chunk * UserHistoryWork.ChunkGroups, count = Math.Min(UserHistoryWork.ChunkGroups, work.Groups - start);
        UserHistoryForward<S, V>.Pools(in work, start, count);
        if (work.Memory.Hidden > 0) UserMlp<S, V>.Forward(in work, start, count);
        double loss = work.Negatives is null ? Logistic(in work, chunk, start, count) : SampledSoftmax<S, V>.Compute(in work, chunk, start, count);
        if (work.Memory.Hidden > 0) UserMlp<S, V>.Backward(in work, chunk, start, count);
        return loss;
    }

    public override void UpdateRows(in UserHistoryWork work, int column, int columns)
    {
        if (work.Negatives is not null) SampledSoftmax<S, V>.UpdateItems(in work, column, columns);
        UserHistoryUpdates<S, V>.Rows(in work, column, columns);
    }

    public override void UpdateDense(in UserHistoryWork work, int start, int end) => UserHistoryUpdates<S, V>.Dense(in work, start, end);

    private static double Logistic(in UserHistoryWork work, int chunk, int start, int count)
    {
        UserHistoryForward<S, V>.Logits(in work, start, count);
        double loss = UserHistoryForward<S, V>.Loss(in work, start, count);
        UserHistoryBackward<S, V>.OfUsers(in work, chunk, start, count);
        return loss;
    }
}
