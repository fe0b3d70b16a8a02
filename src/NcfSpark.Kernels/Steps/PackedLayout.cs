namespace NcfSpark.Kernels;

/// <summary>
/// Layout of weights and optimizer slots in memory. All widths are padded (<see cref="Padding"/>).
/// <para>
/// A <b>record</b> holds all of one user or item, so that one sample touches two stretches of memory: W | m | v, each
/// with the row's GMF embedding, its MLP embedding and its bias. Example, GMF 5, MLP 3, with biases (a number of floats
/// each):
/// <code>
/// W: gmf 16 (5 used) | mlp 16 (3 used) | bias 16 (1 used) | m: the same 48 | v: the same 48     record 144, RowWidth 48, MlpStart 16, BiasStart 32
/// </code>
/// GMF 32 and MLP 32 without biases have records of 3 · 64 floats, 768 bytes.
/// </para>
/// <para>
/// The <b>dense block</b> holds the head and the layers. Example, GMF 5, MLP 3, layers [7]: the input is p' in lanes
/// 0-15 and q' in lanes 16-31.
/// <code>
/// 0 head of gmf 16 | 16 head of y_1 16 | 32 b0 16 | 48 W_1 [16 outputs, 32 inputs] | 560 b_1 16 | end 576
/// </code>
/// The two layers of the user encoder follow. Example, GMF 5, hidden 7, lags 1, 24 temporal features: V_1 is [16, 80],
/// with input k of part j in column 16 j + k, and feature k in column 48 + k.
/// </para>
/// </summary>
internal sealed class PackedLayout
{
    public PackedLayout(NetworkShape shape)
    {
        Shape = shape;
        (GmfWidth, MlpWidth) = (Padding.Padded(shape.GmfSize), Padding.Padded(shape.MlpSize));
        MlpStart = GmfWidth;
        BiasStart = MlpStart + MlpWidth;
        RowWidth = BiasStart + (shape.Biases ? Padding.Lanes : 0);

        Widths = shape.PaddedWidths();
        HashStarts = shape.HashStarts();
        HeadMlpStart = GmfWidth;
        HeadBiasStart = HeadMlpStart + Widths[^1];
        DenseSize = HeadBiasStart + Padding.Lanes;
        Layers = [.. Enumerable.Range(1, Widths.Length - 1).Select(l => Next(Widths[l - 1], Widths[l]))];
        if (shape.History is not { Hidden: > 0 } history) return;
        int hidden = Padding.Padded(history.Hidden);
        UserLayers = [Next((history.Lags + 2) * GmfWidth + Padding.Padded(history.TemporalFeatureCount), hidden), Next(hidden, GmfWidth)];
    }

    public NetworkShape Shape { get; }

    /// <summary>Floats of W in a record; m and v are as long.</summary>
    public int RowWidth { get; }

    public int GmfWidth { get; }

    public int MlpWidth { get; }

    public int MlpStart { get; }

    public int BiasStart { get; }

    /// <summary>Width of the MLP's input, then of each layer.</summary>
    public int[] Widths { get; }

    public int HeadMlpStart { get; }

    public int HeadBiasStart { get; }

    /// <summary>The MLP's layers: layer l is entry l - 1.</summary>
    public DenseLayer[] Layers { get; }

    /// <summary>The hidden and the output layer of the user encoder, V_1 and V_2; empty without an MLP.</summary>
    public DenseLayer[] UserLayers { get; } = [];

    public IEnumerable<DenseLayer> AllLayers => [.. Layers, .. UserLayers];

    public int DenseSize { get; private set; }

    public int TransposedSize { get; private set; }

    /// <inheritdoc cref="NetworkShape.HashStarts"/>
    public int[] HashStarts { get; }

    private DenseLayer Next(int inputs, int outputs)
    {
        int size = checked(inputs * outputs);
        var layer = new DenseLayer(inputs, outputs, Weight: DenseSize, Bias: checked(DenseSize + size), Transposed: TransposedSize);
        (DenseSize, TransposedSize) = (checked(layer.Bias + outputs), TransposedSize + size);
        return layer;
    }
}

/// <summary>A layer in the dense block: its padded widths, and where its parts start.</summary>
/// <param name="Weight">W [outputs, inputs]</param>
/// <param name="Bias">b [outputs]</param>
/// <param name="Transposed">Wᵀ [inputs, outputs], in <see cref="DenseBlock.Transposed"/>.</param>
internal readonly record struct DenseLayer(int Inputs, int Outputs, int Weight, int Bias, int Transposed);
