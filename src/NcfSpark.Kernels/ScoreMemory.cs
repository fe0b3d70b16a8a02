namespace NcfSpark.Kernels;

/// <summary>What all users are scored with: the items in blocks, the layers, the head.</summary>
internal sealed unsafe class ScoreMemory : IDisposable
{
    private readonly AlignedArray<float> items, network;
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
        layerStarts = new long[Widths.Length];
        for (int l = 1; l < Widths.Length; l++)
        {
            layerStarts[l] = headStart;
            headStart += WeightGroups.Size(Widths[l], Widths[l - 1]);
        }

        network = new(headStart + (Widths.Length == 0 ? 0 : Widths[^1]));
    }

    public ScoreShape Shape { get; }

    /// <summary>What logits can reach; null where it is not known, or does not pay.</summary>
    public ItemBounds? Bounds { get; set; }

    public int[] Widths { get; }

    /// <summary>The item of each place, rising.</summary>
    public int[] ItemIndexes { get; }

    public int Blocks { get; }

    /// <summary>h, unpadded.</summary>
    public float* Head => network.Start + headStart;

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
        items.Dispose();
        Bounds?.Dispose();
        network.Dispose();
    }
}
