namespace NcfSpark.Kernels;

/// <summary>
/// The user encoder over histories (<see cref="UserHistoryShape"/>) in memory: users' items in the order of time, the
/// table of items in pools, and the encoder's part of the dense block.
/// </summary>
internal sealed unsafe class UserHistoryEncoder : IDisposable
{
    private readonly AlignedArray<int> items, starts;
    private readonly AlignedArray<uint> featureBits;
    private readonly AlignedArray<float> table, coefficients;
    private readonly PackedLayout layout;
    private readonly int itemCount;

    /// <param name="moments">Whether rows of the table have moments, W | m | v, or only weights.</param>
    public UserHistoryEncoder(PackedLayout layout, UserHistories histories, int itemCount, bool moments)
    {
        (this.layout, this.itemCount, Shape) = (layout, itemCount, layout.Shape.History!);
        ArgumentOutOfRangeException.ThrowIfNotEqual(histories.FeatureBits.Length, Shape.TemporalFeatureCount == 0 ? 0 : histories.Items.Length);
        Width = layout.GmfWidth;
        RowStep = moments ? 3 * Width : Width;
        if (layout.UserLayers is [var hidden, _]) (Inputs, Hidden, Lags) = (hidden.Inputs, hidden.Outputs, Shape.Lags);
        (items, starts, featureBits) = (new(histories.Items.Length), new(histories.Starts.Length + 1), new(histories.FeatureBits.Length));
        histories.Items.CopyTo(items.Span);
        histories.Starts.CopyTo(starts.Span);
        histories.FeatureBits.CopyTo(featureBits.Span);
        starts.Span[^1] = histories.Items.Length;
        (table, coefficients) = (new((long)itemCount * RowStep), new((Shape.Length + 1) * Shape.Length));
        for (int count = 0; count <= Shape.Length; count++)
        {
            for (int k = 0; k < count; k++) Coefficients(count)[k] = Shape.Factor * Shape.Shares[count][k];
        }
    }

    public UserHistoryShape Shape { get; }

    /// <summary>The block that holds the MLP.</summary>
    public DenseBlock Dense { get; set; } = null!;

    /// <summary>V_1 and V_2.</summary>
    public DenseLayer HiddenLayer => layout.UserLayers[0];

    public DenseLayer OutputLayer => layout.UserLayers[1];

    /// <summary>Padded length of the vectors.</summary>
    public int Width { get; }

    /// <summary>Floats from row to row of the table.</summary>
    public int RowStep { get; }

    /// <summary>Padded inputs of the MLP; 0 without one.</summary>
    public int Inputs { get; }

    /// <summary>Padded width of the hidden layer; 0 without an MLP.</summary>
    public int Hidden { get; }

    /// <summary>How many of the latest items the MLP sees one by one; 0 without an MLP.</summary>
    public int Lags { get; }

    /// <summary>Users' items, one user after the other.</summary>
    public int* Items => items.Start;

    /// <summary>Where each user's items start, and as the last entry where they end.</summary>
    public int* Starts => starts.Start;

    /// <summary>The table's first row.</summary>
    public float* Table => table.Start;

    /// <summary>The number of items in the pool of a user, of whose items those before <paramref name="end"/> count.</summary>
    /// <param name="latest">Item k of the pool, from 0, is latest[-k].</param>
    public int Pool(int user, int end, out int* latest)
    {
        latest = Items + end - 1;
        return Math.Min(Shape.Length, end - Starts[user]);
    }

    /// <summary>factor · share_k for a pool of this many items.</summary>
    public float* Coefficients(int count) => coefficients.Start + count * Shape.Length;

    /// <summary>The temporal features of the pool that ends here, as bits.</summary>
    public uint Features(int end) => featureBits.Start[end];

    public void AddTo(ParameterTables tables) =>
        tables.Add(ModelPart.ItemHistory, [new(Table, RowStep, RowStep == Width ? 0 : Width, itemCount, layout.Shape.GmfSize)]);

    public void Dispose()
    {
        IDisposable[] all = [items, starts, featureBits, table, coefficients];
        foreach (IDisposable one in all) one.Dispose();
    }
}

/// <summary>All users' items in the order of time, one user after the other.</summary>
/// <param name="Starts">Where each user's items start.</param>
/// <param name="FeatureBits">For each position of <paramref name="Items"/> the temporal features of the pool that ends
/// before it, as bits; empty if the shape has none.</param>
public sealed record UserHistories(int[] Items, int[] Starts, uint[] FeatureBits);

/// <summary>
/// Some users' vectors on their way through the encoder and back: G rows of each array. What is not named in
/// <see cref="UserHistoryShape"/> is not there without an MLP.
/// </summary>
internal unsafe struct EncoderRows
{
    public UserHistoryEncoder Encoder;

    /// <summary>G, at most 32.</summary>
    public int Count;

    /// <summary>u [G, width]</summary>
    public float* Users;

    /// <summary>du [G, width]; without an MLP also the gradient of p and h.</summary>
    public float* UserGradients;

    /// <summary>x [G, inputs]</summary>
    public float* Inputs;

    /// <summary>dx [G, inputs]. Its parts for h and p include what reaches them directly, not through the MLP.</summary>
    public float* InputGradients;

    /// <summary>The hidden layer after dropout [G, hidden].</summary>
    public float* Hidden;

    /// <summary>The gradient before its ReLU [G, hidden].</summary>
    public float* HiddenGradients;

    /// <summary>The number of each row's group in the batch, which decides dropout.</summary>
    public int* Groups;

    public ulong DropoutKey;

    /// <summary>The chunk's gradient of the dense block.</summary>
    public float* DenseGradient;

    /// <summary>Whether the gradient is stored instead of added.</summary>
    public bool First;
}
