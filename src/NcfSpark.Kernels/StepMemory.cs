namespace NcfSpark.Kernels;

/// <summary>What a step reads and changes: all weights with their moments, and the gradients that outlive a tile.</summary>
internal sealed unsafe class StepMemory : IDisposable
{
    private readonly AlignedArray<float> users, items, weights, firstMoments, secondMoments, transposed, chunkGradients, userGradients, itemGradients, zeros;

    public StepMemory(PackedLayout layout, int userCount, int itemCount, int batchSize)
    {
        Layout = layout;
        long record = 3L * layout.RowWidth;
        (users, items) = (new(userCount * record), new(itemCount * record));
        (weights, firstMoments, secondMoments, transposed) = (new(layout.DenseSize), new(layout.DenseSize), new(layout.DenseSize), new(layout.TransposedSize));
        chunkGradients = new((long)GroupedBatch.ChunksOf((batchSize + Tile.Samples - 1) / Tile.Samples) * layout.DenseSize);
        (userGradients, itemGradients) = (new((long)batchSize * layout.RowWidth), new((long)batchSize * layout.RowWidth));
        zeros = new(Math.Max(layout.Widths.Max(), layout.RowWidth));
    }

    public PackedLayout Layout { get; }

    public float* Weights => weights.Pointer;

    public float* FirstMoments => firstMoments.Pointer;

    public float* SecondMoments => secondMoments.Pointer;

    public float* Transposed => transposed.Pointer;

    /// <summary>Gradients of deferred rows, by the sample's place in the grouped batch.</summary>
    public float* UserGradients => userGradients.Pointer;

    public float* ItemGradients => itemGradients.Pointer;

    /// <summary>As many zeros as the widest row.</summary>
    public float* Zeros => zeros.Pointer;

    public float* User(int user) => users.Pointer + user * 3L * Layout.RowWidth;

    public float* Item(int item) => items.Pointer + item * 3L * Layout.RowWidth;

    public float* ChunkGradient(int chunk) => chunkGradients.Pointer + (long)chunk * Layout.DenseSize;

    public void Dispose()
    {
        foreach (AlignedArray<float> array in new[] { users, items, weights, firstMoments, secondMoments, transposed, chunkGradients, userGradients, itemGradients, zeros }) array.Dispose();
    }
}
