namespace NcfSpark.Kernels;

/// <summary>What the parts of a step over histories work on.</summary>
internal readonly unsafe struct UserHistoryWork
{
    /// <summary>
    /// Groups of a chunk: enough rows for the matrix products of the MLP, and little enough that a chunk's rows of items stay in the second-level
    /// cache until they are read again.
    /// </summary>
    public const int ChunkGroups = 32;

    public required UserHistoryShape Shape { get; init; }

    public required UserHistoryMemory Memory { get; init; }

    public required UserHistoryBuffers Buffers { get; init; }

    public required UserHistoryBatch Batch { get; init; }

    /// <summary>All users' items in the order of time.</summary>
    public required int* PastItems { get; init; }

    /// <summary>Where each user's items start there, and after the last user where they end.</summary>
    public required int* PastStarts { get; init; }

    /// <summary>For each of these places the marks of the pool that ends before it, as bits.</summary>
    public required uint* PastFeatureBits { get; init; }

    /// <summary>Samples of a group.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Groups of the batch.</summary>
    public required int Groups { get; init; }

    /// <summary>The rule for rows.</summary>
    public required UpdateRule Rows { get; init; }

    /// <summary>The rule for the dense block.</summary>
    public required UpdateRule Dense { get; init; }

    /// <summary>Where the batch's negatives stand; null for the logistic loss.</summary>
    public NegativeIndex? Negatives { get; init; }

    /// <summary>What is added to the logits of negatives (<see cref="SampledSoftmaxOptions"/>).</summary>
    public float NegativeShift { get; init; }

    /// <summary>Sets of what users with more items than a batch has samples have touched, where a group leaves out all negatives that its user has touched; else null.</summary>
    public ItemSets? Touched { get; init; }

    /// <summary>The group's pool: where it starts, latest first, going back in memory, and of how many items.</summary>
    public int Pool(int group, out int* latest)
    {
        int sample = group * GroupSize, end = Batch.PastEnds[sample];
        latest = PastItems + end - 1;
        return Math.Min(Shape.Length, end - PastStarts[Batch.Users[sample]]);
    }
}
