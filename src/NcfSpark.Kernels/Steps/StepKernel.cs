using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>The kernels of a NeuMF step for one instruction set.</summary>
internal abstract unsafe class StepKernel
{
    public static StepKernel For(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => new StepKernel<Simd512, Vector512<float>>(),
        SimdLevel.Avx2 => new StepKernel<Simd256, Vector256<float>>(),
        _ => new StepKernel<Simd128, Vector128<float>>(),
    };

    /// <summary>Computes a tile forward and backward, and updates the rows that no other sample uses.</summary>
    /// <returns>The sum of its samples' losses.</returns>
    public abstract double ComputeTile(in TileWork work);

    public abstract void UpdateDensePiece(DenseBlock dense, int piece, int chunks, in UpdateRule rule);

    public abstract void UpdateDeferredUsers(StepMemory memory, GroupedBatch batch, int start, int end, TileBuffers buffers, in StepRules rules);

    public abstract void UpdateDeferredItems(StepMemory memory, GroupedBatch batch, int start, int end, TileBuffers buffers, in StepRules rules);

    /// <summary>Updates deferred rows of the pools' table.</summary>
    public abstract void UpdatePools(StepMemory memory, GroupedBatch batch, int start, int end, TileBuffers buffers, in StepRules rules);
}

/// <inheritdoc/>
internal sealed unsafe class StepKernel<S, V> : StepKernel
    where S : ISimd<V>
    where V : struct
{
    public override double ComputeTile(in TileWork work)
    {
        double loss = TileModel<S, V>.Forward(in work);
        TileModel<S, V>.Backward(in work);
        RowUpdates<S, V>.OfTile(in work);
        work.Buffers.Prefetch.Rest();
        return loss;
    }

    public override void UpdateDensePiece(DenseBlock dense, int piece, int chunks, in UpdateRule rule) =>
        DenseUpdates<S, V>.Piece(dense, piece, chunks, in rule);

    public override void UpdateDeferredUsers(StepMemory memory, GroupedBatch batch, int start, int end, TileBuffers buffers, in StepRules rules) =>
        RowUpdates<S, V>.Deferred(batch.DeferredUsers, start, end, memory.User(0), memory.UserGradients, batch.Weights, buffers, memory.Layout, in rules);

    public override void UpdateDeferredItems(StepMemory memory, GroupedBatch batch, int start, int end, TileBuffers buffers, in StepRules rules) =>
        RowUpdates<S, V>.Deferred(batch.DeferredItems, start, end, memory.Item(0), memory.ItemGradients, batch.Weights, buffers, memory.Layout, in rules);

    public override void UpdatePools(StepMemory memory, GroupedBatch batch, int start, int end, TileBuffers buffers, in StepRules rules) =>
        PoolUpdates<S, V>.Deferred(memory, batch.Pools!, start, end, buffers, rules.Gmf);
}
