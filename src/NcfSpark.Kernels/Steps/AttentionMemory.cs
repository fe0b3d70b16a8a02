namespace NcfSpark.Kernels;

/// <summary>
/// The parameters of a model with attention, and the gradients of a batch. A row of items is q (E numbers), the bias,
/// and zeros up to a whole vector; a record is W | m | v of it.
/// </summary>
internal sealed unsafe class AttentionMemory : IDisposable
{
    private readonly AlignedArray<float> items, chunkGradients, eventGradients;

    public AttentionMemory(AttentionShape shape, int itemCount, int users, SharedNegatives negatives)
    {
        (Shape, RowWidth) = (shape, shape.Size + Padding.Lanes);
        Weights = new(shape, slots: 3);
        items = new(3L * RowWidth * itemCount);
        ChunkSize = Weights.Size + (long)negatives.Padded * (shape.Size + 1);
        (NegativesStart, BiasesStart) = (Weights.Size, Weights.Size + negatives.Padded * shape.Size);
        chunkGradients = new(AttentionBatch.MostChunks * ChunkSize);
        eventGradients = new((long)users * (shape.Length + 1) * RowWidth);
        ItemCount = itemCount;
    }

    public AttentionShape Shape { get; }

    public int ItemCount { get; }

    public AttentionWeights Weights { get; }

    /// <summary>Floats of an item's row.</summary>
    public int RowWidth { get; }

    /// <summary>Floats of a record.</summary>
    public int Stride => 3 * RowWidth;

    public float* Items => items.Start;

    /// <summary>Of each event of the batch, a row.</summary>
    public float* EventGradients => eventGradients.Start;

    /// <summary>Floats of a chunk's gradient: the matrices, the negatives' rows, the negatives' biases.</summary>
    public long ChunkSize { get; }

    public int NegativesStart { get; }

    public int BiasesStart { get; }

    public float* ChunkGradient(int chunk) => chunkGradients.Start + chunk * ChunkSize;

    public void AddTo(ParameterTables tables)
    {
        tables.Add(ModelPart.ItemGmf, [new(Items, Stride, RowWidth, ItemCount, Shape.Size)]);
        tables.Add(ModelPart.ItemBias, [new(Items + Shape.Size, Stride, RowWidth, ItemCount, 1)]);
        IReadOnlyList<AttentionParameter> parameters = Shape.Parameters;
        for (int p = 0; p < parameters.Count; p++)
        {
            (int rows, int columns) = (parameters[p].Rows, parameters[p].Columns);
            tables.Add(ModelPart.Attention, [new(Weights.Values + Weights.StartOf(p), columns, Weights.Size, rows, columns)], p);
        }
    }

    public void Dispose()
    {
        Weights.Dispose();
        foreach (AlignedArray<float> one in new[] { items, chunkGradients, eventGradients }) one.Dispose();
    }
}

/// <summary>A batch that a step with attention is at.</summary>
internal struct AttentionWork
{
    public AttentionMemory Memory;
    public AttentionBatch Batch;
    public SharedNegatives Negatives;
    public ulong DropoutKey;

    /// <summary>For the rows of items, and for the matrices.</summary>
    public UpdateRule Rows, Dense;
}
