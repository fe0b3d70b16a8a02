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
/// It exists three times, for W, m and v, and once for the gradient of each chunk. W_l is also stored transposed,
/// [inputs, outputs].
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

        int layers = shape.Layers.Count;
        Widths = shape.PaddedWidths();
        HashStarts = shape.HashStarts();
        HeadMlpStart = GmfWidth;
        HeadBiasStart = HeadMlpStart + Widths[^1];
        (WeightStarts, BiasStarts, TransposedStarts) = (new int[layers + 1], new int[layers + 1], new int[layers + 1]);
        int next = HeadBiasStart + Padding.Lanes, transposed = 0;
        for (int l = 1; l <= layers; l++)
        {
            int size = checked(Widths[l] * Widths[l - 1]);
            (WeightStarts[l], BiasStarts[l], TransposedStarts[l]) = (next, checked(next + size), transposed);
            next = checked(next + size + Widths[l]);
            transposed += size;
        }

        (DenseSize, TransposedSize) = (next, transposed);
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

    /// <summary>Where W_l starts in the dense block, for l from 1.</summary>
    public int[] WeightStarts { get; }

    public int[] BiasStarts { get; }

    public int[] TransposedStarts { get; }

    public int DenseSize { get; }

    public int TransposedSize { get; }

    /// <inheritdoc cref="NetworkShape.HashStarts"/>
    public int[] HashStarts { get; }
}
