namespace NcfSpark.Kernels;

/// <summary>The data that the kernels of a <see cref="UserHistoryStep"/> work on.</summary>
internal readonly unsafe struct UserHistoryWork
{
    /// <summary>
    /// Groups of a chunk: enough rows for the matrix products of the MLP, and few enough that the item rows of a chunk
    /// stay in the second-level cache until they are read again.
    /// </summary>
    public const int ChunkGroups = 32;

    public required UserHistoryShape Shape { get; init; }

    public required UserHistoryMemory Memory { get; init; }

    public required UserHistoryBuffers Buffers { get; init; }

    public required UserHistoryBatch Batch { get; init; }

    /// <summary>All users' items in the order of time.</summary>
    public required int* PastItems { get; init; }

    /// <summary>Where each user's items start there, and as the last entry where they end.</summary>
    public required int* PastStarts { get; init; }

    /// <summary>For each position there the temporal features of the pool that ends before it, as bits.</summary>
    public required uint* PastFeatureBits { get; init; }

    /// <summary>Samples of a group.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Groups of the batch.</summary>
    public required int Groups { get; init; }

    /// <summary>The rule for rows.</summary>
    public required UpdateRule Rows { get; init; }

    /// <summary>The rule for the dense block.</summary>
    public required UpdateRule Dense { get; init; }

    /// <summary>The positions of the batch's negatives; null for the logistic loss.</summary>
    public NegativeIndex? Negatives { get; init; }

    /// <summary>Added to the logits of negatives (<see cref="SampledSoftmaxOptions"/>).</summary>
    public float NegativeShift { get; init; }

    /// <summary>
    /// Sets of the items of users with many items, if a group leaves out all negatives that its user has seen; else
    /// null.
    /// </summary>
    public ItemSets? Touched { get; init; }

    /// <summary>The number of items in the group's pool. Item k of the pool is latest[-k].</summary>
    public int Pool(int group, out int* latest)
    {
        int sample = group * GroupSize, end = Batch.PastEnds[sample];
        latest = PastItems + end - 1;
        return Math.Min(Shape.Length, end - PastStarts[Batch.Users[sample]]);
    }
}
