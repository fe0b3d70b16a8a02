namespace NcfSpark.Kernels;

/// <summary>The data that all users are scored with: the items in blocks, the layers, the head.</summary>
internal sealed unsafe class ScoreMemory : IDisposable
{
    private readonly AlignedArray<float> items, network;
    private readonly Lazy<AlignedArray<float>> rows;
    private readonly int blockSize;
    private readonly long[] layerStarts;
    private readonly long headStart;

    /// <param name="itemIndexes">Indexes of the items that are scored, ascending.</param>
    public ScoreMemory(ScoreShape shape, ReadOnlySpan<int> itemIndexes)
    {
        (Shape, Widths, ItemIndexes) = (shape, [.. shape.Widths], itemIndexes.ToArray());
        blockSize = checked((shape.VectorSize + shape.FirstWidth) * ItemBlock.Items);
        Blocks = ItemBlock.Count(itemIndexes.Length);
        items = new((long)Blocks * blockSize);
        rows = new(CopyByRow);
        layerStarts = new long[Widths.Length];
        for (int l = 1; l < Widths.Length; l++)
        {
            layerStarts[l] = headStart;
            headStart += WeightGroups.Size(Widths[l], Widths[l - 1]);
        }

        network = new(headStart + (Widths.Length == 0 ? 0 : Widths[^1]));
    }

    public ScoreShape Shape { get; }

    public int[] Widths { get; }

    /// <summary>The item at each position, ascending.</summary>
    public int[] ItemIndexes { get; }

    public int Blocks { get; }

    /// <summary>An item's position; below 0 if it is not scored.</summary>
    // Mostly all are scored.
    public int PlaceOf(int item) => (uint)item < (uint)ItemIndexes.Length && ItemIndexes[item] == item ? item : Array.BinarySearch(ItemIndexes, item);

    /// <summary>h, unpadded.</summary>
    public float* Head => network.Start + headStart;

    /// <summary>Numbers of an item: v_i, then g_i.</summary>
    public int RowSize => blockSize / ItemBlock.Items;

    /// <summary>
    /// A second copy of the items with one contiguous row each, for single pairs: in a block, the numbers of one item
    /// lie in as many cache lines. Made on first use, after all items are set.
    /// </summary>
    public float* Rows => rows.Value.Start;

    public float* Block(int block) => items.Start + (long)block * blockSize;

    /// <summary>W and b of a layer in <see cref="WeightGroups"/>, from layer 1, which is the second.</summary>
    public float* Layer(int layer) => network.Start + layerStarts[layer];

    public void SetItem(int place, ReadOnlySpan<float> vector_K, ReadOnlySpan<float> first_H)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(vector_K.Length, Shape.VectorSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(first_H.Length, Shape.FirstWidth);
        float* at = Block(place / ItemBlock.Items) + place % ItemBlock.Items;
        foreach (float value in vector_K)
        {
            *at = value;
            at += ItemBlock.Items;
        }

        foreach (float value in first_H)
        {
            *at = value;
            at += ItemBlock.Items;
        }
    }

    public void Dispose()
    {
        if (rows.IsValueCreated) rows.Value.Dispose();
        items.Dispose();
        network.Dispose();
    }

    private AlignedArray<float> CopyByRow()
    {
        var copy = new AlignedArray<float>((long)ItemIndexes.Length * RowSize);
        float* to = copy.Start;
        for (int place = 0; place < ItemIndexes.Length; place++)
        {
            float* from = Block(place / ItemBlock.Items) + place % ItemBlock.Items;
            for (int k = 0; k < RowSize; k++) *to++ = from[k * ItemBlock.Items];
        }

        return copy;
    }
}

/// <summary>
/// Neighbouring items that are scored together, one in each lane of a vector. A block is (K + H) rows of 32 floats, v_i
/// in the first K and g_i in the others. Example, K = 2, H = 1, items 0 … 39: block 0 is v[0] of items 0 … 31 | v[1] of
/// the same | g[0] of the same. Block 1 holds items 32 … 39 and 24 lanes of zeros, whose scores are ignored.
/// </summary>
internal static class ItemBlock
{
    /// <summary>
    /// Two of the widest vectors. With embeddings of 32 and layers 64, 32, 16, 8, a block, its layers' outputs and the
    /// weights are 37 KB, close to the size of a first-level cache; the rest comes from the second level in time.
    /// </summary>
    public const int Items = 32;

    public static int Count(int items) => (items + Items - 1) / Items;
}
