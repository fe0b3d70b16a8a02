namespace NcfSpark.Kernels;

/// <summary>
/// The memory of a <see cref="FusedStep"/>: all weights with their optimizer slots, and the gradients that outlive a
/// tile.
/// </summary>
internal sealed unsafe class StepMemory : IDisposable
{
    private readonly AlignedArray<float> users, items, userGradients, itemGradients;
    private readonly AlignedArray<float>? poolGradients;

    private readonly long record; // floats: W, m and v
    private readonly float* firstUser;
    private readonly float* firstItem;
    private readonly int userCount, itemCount, poolGradientSize;

    /// <param name="batchSize">Samples of a batch, at most, in whole tiles.</param>
    /// <param name="encoder">The user encoder over histories; null for the user's embedding alone.</param>
    /// <param name="runs">Runs of a batch (<see cref="GroupedPools"/>), at most.</param>
    public StepMemory(PackedLayout layout, int userCount, int itemCount, int batchSize, UserHistoryEncoder? encoder, int runs)
    {
        (Layout, Encoder, this.userCount, this.itemCount) = (layout, encoder, userCount, itemCount);
        record = 3L * layout.RowWidth;
        (users, items) = (new(userCount * record), new(itemCount * record));
        firstUser = users.Start;
        firstItem = items.Start;
        Dense = new DenseBlock(layout, GroupedBatch.ChunksOf(batchSize / Tile.Samples));
        (userGradients, itemGradients) = (new((long)batchSize * layout.RowWidth), new((long)batchSize * layout.RowWidth));
        if (encoder is null) return;
        encoder.Dense = Dense;
        poolGradientSize = (encoder.Lags + 1) * encoder.Width;
        poolGradients = new((long)runs * poolGradientSize);
    }

    public PackedLayout Layout { get; }

    public DenseBlock Dense { get; }

    public UserHistoryEncoder? Encoder { get; }

    public float* Weights => Dense.Weights;

    /// <summary>Gradients of deferred rows, by the sample's position in the grouped batch.</summary>
    public float* UserGradients => userGradients.Start;

    public float* ItemGradients => itemGradients.Start;

    public float* User(int user) => firstUser + user * record;

    public float* Item(int item) => firstItem + item * record;

    /// <summary>The gradients [dy_1; …; dy_L; dh] of a run: what the MLP sees of its latest items, and its pool.</summary>
    public float* PoolGradient(int run) => poolGradients!.Start + (long)run * poolGradientSize;

    public void AddTo(ParameterTables tables)
    {
        NetworkShape shape = Layout.Shape;
        tables.Add(ModelPart.UserGmf, Rows(User(0), userCount, 0, shape.GmfSize));
        tables.Add(ModelPart.UserMlp, Rows(User(0), userCount, Layout.MlpStart, shape.MlpSize));
        tables.Add(ModelPart.ItemGmf, Rows(Item(0), itemCount, 0, shape.GmfSize));
        tables.Add(ModelPart.ItemMlp, Rows(Item(0), itemCount, Layout.MlpStart, shape.MlpSize));
        if (shape.Biases)
        {
            tables.Add(ModelPart.UserBias, Rows(User(0), userCount, Layout.BiasStart, 1));
            tables.Add(ModelPart.ItemBias, Rows(Item(0), itemCount, Layout.BiasStart, 1));
        }

        Encoder?.AddTo(tables);
        Dense.AddTo(tables);
    }

    public void Dispose()
    {
        foreach (AlignedArray<float> array in new[] { users, items, userGradients, itemGradients }) array.Dispose();
        poolGradients?.Dispose();
        Encoder?.Dispose();
        Dense.Dispose();
    }

    private PackedMatrix[] Rows(float* table, int count, int start, int size) => [new(table + start, record, Layout.RowWidth, count, size)];
}
