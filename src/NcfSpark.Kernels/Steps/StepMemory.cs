namespace NcfSpark.Kernels;

/// <summary>
/// The memory of a NeuMF step: all weights with their optimizer slots, and the gradients that outlive a tile.
/// </summary>
internal sealed unsafe class StepMemory : IDisposable
{
    private readonly AlignedArray<float> users, items, weights, firstMoments, secondMoments, transposed, chunkGradients, userGradients, itemGradients, zeros;

    private readonly long record; // floats: W, m and v
    private readonly float* firstUser;
    private readonly float* firstItem;

    public StepMemory(PackedLayout layout, int userCount, int itemCount, int batchSize)
    {
        Layout = layout;
        record = 3L * layout.RowWidth;
        (users, items) = (new(userCount * record), new(itemCount * record));
        firstUser = users.Start;
        firstItem = items.Start;
        (weights, firstMoments, secondMoments, transposed) = (new(layout.DenseSize), new(layout.DenseSize), new(layout.DenseSize), new(layout.TransposedSize));
        chunkGradients = new((long)GroupedBatch.ChunksOf((batchSize + Tile.Samples - 1) / Tile.Samples) * layout.DenseSize);
        (userGradients, itemGradients) = (new((long)batchSize * layout.RowWidth), new((long)batchSize * layout.RowWidth));
        zeros = new(Math.Max(layout.Widths.Max(), layout.RowWidth));
    }

    public PackedLayout Layout { get; }

    public float* Weights => weights.Start;

    public float* FirstMoments => firstMoments.Start;

    public float* SecondMoments => secondMoments.Start;

    public float* Transposed => transposed.Start;

    /// <summary>Gradients of deferred rows, by the sample's position in the grouped batch.</summary>
    public float* UserGradients => userGradients.Start;

    public float* ItemGradients => itemGradients.Start;

    /// <summary>As many zeros as the widest row.</summary>
    public float* Zeros => zeros.Start;

    public float* User(int user) => firstUser + user * record;

    public float* Item(int item) => firstItem + item * record;

    public float* ChunkGradient(int chunk) => chunkGradients.Start + (long)chunk * Layout.DenseSize;

    public void Dispose()
    {
        AlignedArray<float>[] all = [users, items, weights, firstMoments, secondMoments, transposed, chunkGradients, userGradients, itemGradients, zeros];
        foreach (AlignedArray<float> array in all) array.Dispose();
    }
}
