namespace NcfSpark.Kernels;

/// <summary>The data that the kernels of a <see cref="UserHistoryStep"/> work on.</summary>
internal readonly unsafe struct UserHistoryWork
{
    /// <summary>
    /// Groups of a chunk: enough rows for the matrix products of the MLP, and few enough that the item rows of a chunk
    /// stay in the second-level cache until they are read again.
    /// </summary>
    public const int ChunkGroups = 32;

    public required UserHistoryMemory Memory { get; init; }

    public required UserHistoryBuffers Buffers { get; init; }

    public required RawBatch Batch { get; init; }

    /// <summary>By sample the row of its item in the tables of items: the item, or where vectors are composed its place among the batch's.</summary>
    public required int* ItemRows { get; init; }

    /// <summary>Samples of the batch.</summary>
    public required int Samples { get; init; }

    /// <summary>Samples of a group.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Groups of the batch.</summary>
    public required int Groups { get; init; }

    public required ulong DropoutKey { get; init; }

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

    public int Chunks => (Groups + ChunkGroups - 1) / ChunkGroups;

    /// <summary>The number of items in the group's pool. Item k of the pool is latest[-k].</summary>
    public int Pool(int group, out int* latest) =>
        Memory.Encoder.Pool(Batch.Users[group * GroupSize], Batch.PastEnds[group * GroupSize], out latest);

    /// <summary>The rows of a chunk's groups in the user encoder.</summary>
    public EncoderRows Encoded(int chunk)
    {
        int start = chunk * ChunkGroups;
        UserHistoryEncoder encoder = Memory.Encoder;
        return new EncoderRows
        {
            Encoder = encoder,
            Count = Math.Min(ChunkGroups, Groups - start),
            Users = Buffers.Users + (long)start * encoder.Width,
            UserGradients = Buffers.UserGradients + (long)start * encoder.Width,
            Inputs = Buffers.Inputs + (long)start * encoder.Inputs,
            InputGradients = Buffers.InputGradients + (long)start * encoder.Inputs,
            Hidden = Buffers.Hidden + (long)start * encoder.Hidden,
            HiddenGradients = Buffers.HiddenGradients + (long)start * encoder.Hidden,
            Groups = Buffers.GroupNumbers + start,
            DropoutKey = DropoutKey,
            DenseGradient = Memory.Dense.ChunkGradient(chunk),
            First = true,
        };
    }
}
