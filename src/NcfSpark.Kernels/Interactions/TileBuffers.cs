namespace NcfSpark.Kernels;

/// <summary>
/// One thread's buffers for the tile that it computes. Row j of an array belongs to sample j of the tile.
/// </summary>
internal sealed unsafe class TileBuffers : IDisposable
{
    private readonly AlignedArray<float> floats;
    private readonly AlignedArray<nint> prefetched = new(2 * Tile.Samples);
    private readonly AlignedArray<nint> rows = new(3 * Tile.Samples);
    private readonly AlignedArray<float>? encoded;
    private readonly AlignedArray<RowUpdate> updates = new(2 * Tile.Samples);

    public TileBuffers(PackedLayout layout, UserHistoryEncoder? encoder)
    {
        long wide = layout.Widths.Sum();
        floats = new(Tile.Samples * (2 * wide + layout.Widths[0] + 2L * layout.RowWidth + 4) + 2 * layout.RowWidth + Padding.Lanes);
        float* next = floats.Start;
        float* Take(long size)
        {
            float* taken = next;
            next += size;
            return taken;
        }

        activations = new float*[layout.Widths.Length];
        deltas = new float*[layout.Widths.Length];
        for (int l = 0; l < layout.Widths.Length; l++)
        {
            activations[l] = Take(Tile.Samples * layout.Widths[l]);
            deltas[l] = Take(Tile.Samples * layout.Widths[l]);
        }

        InputGate = Take(Tile.Samples * layout.Widths[0]);
        UserGradients = Take((Tile.Samples + 1L) * layout.RowWidth);
        ItemGradients = Take(Tile.Samples * layout.RowWidth);
        Logits = Take(Tile.Samples);
        LogitGradients = Take(Tile.Samples);
        Losses = Take(Tile.Samples);
        RowWeights = Take(Tile.Samples + 1);
        UserRows = (float**)rows.Start;
        ItemRows = UserRows + Tile.Samples;
        Updates = updates.Start;
        Prefetch = new PrefetchList(prefetched.Start, layout.RowWidth);
        UserVectors = UserRows;
        if (encoder is null) return;
        UserVectors = ItemRows + Tile.Samples;
        encoded = new(2L * Tile.Samples * (encoder.Width + encoder.Inputs + encoder.Hidden));
        next = encoded.Start;
        Encoded = new EncoderRows
        {
            Encoder = encoder,
            Users = Take(Tile.Samples * encoder.Width),
            UserGradients = Take(Tile.Samples * encoder.Width),
            Inputs = Take(Tile.Samples * encoder.Inputs),
            InputGradients = Take(Tile.Samples * encoder.Inputs),
            Hidden = Take(Tile.Samples * encoder.Hidden),
            HiddenGradients = Take(Tile.Samples * encoder.Hidden),
        };
    }

    private readonly float*[] activations;
    private readonly float*[] deltas;

    /// <summary>The records of the tile's users and items.</summary>
    public float** UserRows { get; }

    public float** ItemRows { get; }

    /// <summary>Each sample's user vector: the user's record, or what the encoder over histories made of it.</summary>
    public float** UserVectors { get; }

    /// <summary>The rows of that encoder, one for each run of the tile.</summary>
    public EncoderRows Encoded { get; }

    /// <summary>Factors by which dropout and ReLU multiplied the MLP's input.</summary>
    public float* InputGate { get; }

    /// <summary>
    /// Each sample's gradient for its user's row, laid out like the row. One extra row holds what is added to the first
    /// sample of the next tile.
    /// </summary>
    public float* UserGradients { get; }

    public float* ItemGradients { get; }

    public float* Logits { get; }

    public float* LogitGradients { get; }

    public float* Losses { get; }

    /// <summary>
    /// The summed weight of the samples in each row of <see cref="UserGradients"/>, the extra row included.
    /// </summary>
    public float* RowWeights { get; }

    /// <summary>The rows to update: at most a user's and an item's for each sample.</summary>
    public RowUpdate* Updates { get; }

    /// <summary>The records of the thread's next tile.</summary>
    public PrefetchList Prefetch;

    /// <summary>y_l, and y_0 the MLP's input.</summary>
    public float* Activation(int layer) => activations[layer];

    /// <summary>The gradient for layer l's sums before ReLU.</summary>
    public float* Delta(int layer) => deltas[layer];

    public void Dispose()
    {
        floats.Dispose();
        encoded?.Dispose();
        prefetched.Dispose();
        rows.Dispose();
        updates.Dispose();
    }
}
