namespace NcfSpark.Kernels;

/// <summary>
/// The model of a <see cref="UserHistoryStep"/> in memory: padded rows of users and items, which have no moments since
/// plain descent updates them, and the dense block.
/// </summary>
internal sealed unsafe class UserHistoryMemory : IDisposable
{
    private readonly AlignedArray<float> users, items, userBiases, itemBiases;
    private AlignedArray<float>? parts, partBiases; // own rows of items, then of features
    private readonly int userCount, itemCount;

    /// <param name="composed">Most items of a batch, where vectors are composed of parts, for a batch alone; else null.</param>
    public UserHistoryMemory(PackedLayout layout, UserHistories histories, int userCount, int itemCount, int chunks, int? composed)
    {
        (Layout, Width, this.userCount, this.itemCount) = (layout, layout.GmfWidth, userCount, itemCount);
        int rows = Math.Min(itemCount, composed ?? itemCount);
        (users, items, userBiases, itemBiases) = (new((long)userCount * Width), new((long)rows * Width), new(userCount), new(rows));
        Dense = new DenseBlock(layout, chunks);
        Encoder = new UserHistoryEncoder(layout, histories, itemCount, moments: false) { Dense = Dense };
    }

    public PackedLayout Layout { get; }

    public DenseBlock Dense { get; }

    public UserHistoryEncoder Encoder { get; }

    /// <summary>Padded length of a row.</summary>
    public int Width { get; }

    public bool HasBiases => Layout.Shape.Biases;

    public float* Users => users.Start;

    /// <summary>Rows of items, by the numbers of <see cref="UserHistoryWork.ItemRows"/>.</summary>
    public float* Items => items.Start;

    public float* UserBiases => userBiases.Start;

    public float* ItemBiases => itemBiases.Start;

    public float HeadBias => Dense.Weights[Layout.HeadBiasStart];

    /// <summary>A chunk's gradient of the head's bias.</summary>
    public ref float HeadBiasGradient(int chunk) => ref Dense.ChunkGradient(chunk)[Layout.HeadBiasStart];

    /// <summary>Keeps the parts of items' vectors, of which a batch's are composed.</summary>
    public ItemComposition Compose(FeatureLists features, int capacity, double ownDropout)
    {
        int rows = itemCount + features.Count;
        (parts, partBiases) = (new((long)rows * Width), new(rows));
        return new ItemComposition(
            features, [(new(Items, Width, Width), new(parts.Start, Width, Width)), (new(ItemBiases, 1, 1), new(partBiases.Start, 1, 1))], capacity, ownDropout,
            compact: true);
    }

    public void AddTo(ParameterTables tables)
    {
        if (parts is not null)
        {
            (int rows, int size) = ((int)partBiases!.Length, Layout.Shape.GmfSize);
            tables.Add(ModelPart.ItemParts, [new(parts.Start, Width, 0, rows, size, 0, size + 1), new(partBiases.Start, 1, 0, rows, 1, size, size + 1)]);
        }

        else
        {
            tables.Add(ModelPart.ItemGmf, [new(Items, Width, 0, itemCount, Layout.Shape.GmfSize)]);
            tables.Add(ModelPart.ItemBias, [new(ItemBiases, 1, 0, itemCount, 1)]);
        }

        tables.Add(ModelPart.UserGmf, [new(Users, Width, 0, userCount, Layout.Shape.GmfSize)]);
        tables.Add(ModelPart.UserBias, [new(UserBiases, 1, 0, userCount, 1)]);
        Encoder.AddTo(tables);
        Dense.AddTo(tables);
    }

    public void Dispose()
    {
        IDisposable[] all = [users, items, userBiases, itemBiases, Encoder, Dense];
        foreach (IDisposable one in all) one.Dispose();
        parts?.Dispose();
        partBiases?.Dispose();
    }
}
