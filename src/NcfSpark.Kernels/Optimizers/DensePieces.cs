namespace NcfSpark.Kernels;

/// <summary>
/// The pieces in which the dense block is updated: piece 0 is the head, the others are bands of 16 outputs of a layer, with their biases.
/// Example, layers 64 and 32: piece 1 is outputs 0-15 of layer 1, piece 5 outputs 0-15 of layer 2, and there are 7.
/// </summary>
internal static class DensePieces
{
    public static int Count(PackedLayout layout) => 1 + layout.Widths.Skip(1).Sum() / Padding.Lanes;

    /// <summary>The layer, from 1, and the first output of a band.</summary>
    public static (int Layer, int Output) Band(PackedLayout layout, int piece)
    {
        (int layer, int output) = (1, (piece - 1) * Padding.Lanes);
        for (; output >= layout.Widths[layer]; layer++) output -= layout.Widths[layer];
        return (layer, output);
    }
}
