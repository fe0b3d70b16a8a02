namespace NcfSpark.Kernels;

/// <summary>What all users are scored with: the items in blocks, the layers, the head.</summary>
internal sealed unsafe class ScoreMemory : IDisposable
{
    private readonly AlignedArray<float> items, network;
    private readonly Lazy<AlignedArray<float>> rows;
    private readonly int blockSize;
    private readonly long[] layerStarts;
    private readonly long headStart;

    /// <param name="shape">What a score is made of.</param>
    /// <param name="itemIndexes">The items that are scored, rising.</param>
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

    /// <summary>The item of each place, rising.</summary>
    public int[] ItemIndexes { get; }

    public int Blocks { get; }

    /// <summary>An item's place; below 0 where it is not scored.</summary>
    public int PlaceOf(int item) => (uint)item < (uint)ItemIndexes.Length && ItemIndexes[item] == item ? item : Array.BinarySearch(ItemIndexes, item); // mostly all are scored

    /// <summary>h, unpadded.</summary>
    public float* Head => network.Start + headStart;

    /// <summary>Numbers of an item: v_i, then g_i.</summary>
    public int RowSize => blockSize / ItemBlock.Items;

    /// <summary>The items once more, each in one piece: in a block its numbers lie in as many cache lines. Made for the first who asks, once all are set.</summary>
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
