namespace NcfSpark.Kernels;

/// <summary>
/// A tile through encoders, interaction and loss: forward from the rows of its users and items to losses and the
/// gradients d of its logits; backward from these to the gradients of the dense block and of each sample's rows.
/// </summary>
internal static unsafe class TileModel<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <returns>The sum of the samples' losses.</returns>
    public static double Forward(in TileWork work)
    {
        FindRows(in work);
        if (work.Memory.Encoder is not null) UserHistoryTile<S, V>.Forward(in work);
        if (work.Layout.MlpWidth > 0)
        {
            MlpInput<S, V>.Forward(in work);
            for (int l = 1; l < work.Layout.Widths.Length; l++) MlpLayer<S, V>.Forward(in work, l);
        }

        Head<S, V>.Forward(in work);
        return Loss(in work);
    }

    public static void Backward(in TileWork work)
    {
        Head<S, V>.BackwardOfGmf(in work);
        if (work.Memory.Encoder is not null) UserHistoryTile<S, V>.Backward(in work);
        Head<S, V>.BackwardOfBias(in work);
        if (work.Layout.MlpWidth == 0) return;
        Head<S, V>.BackwardOfMlp(in work);
        for (int l = work.Layout.Widths.Length - 1; l >= 1; l--) MlpLayer<S, V>.Backward(in work, l);
    }

    private static void FindRows(in TileWork work)
    {
        TileBuffers buffers = work.Buffers;
        for (int j = 0; j < work.Count; j++)
        {
            buffers.UserRows[j] = work.Memory.User(work.Batch.Users[work.Start + j]);
            buffers.ItemRows[j] = work.Memory.Item(work.Batch.Items[work.Start + j]);
        }
    }

    private static double Loss(in TileWork work)
    {
        TileBuffers buffers = work.Buffers;
        return LogisticLoss<S, V>.Compute(
            buffers.Logits, work.Batch.Labels + work.Start, work.Batch.Weights + work.Start, work.Count, work.Batch.Count, buffers.Losses,
            buffers.LogitGradients);
    }
}
