namespace NcfSpark.Kernels;

/// <summary>
/// The matrices of an attention encoder in one block of memory, in the order of <see cref="AttentionShape.Parameters"/>,
/// each starting at a whole vector; and what is derived from them: transposed copies for the forward products, and the
/// position biases in reverse, so that those of one row of logits are adjacent.
/// </summary>
internal sealed unsafe class AttentionWeights : IDisposable
{
    /// <summary>Added to logits of positions that come later, so that their share is 0.</summary>
    public const float Masked = -1e30f;

    private const int Beyond = 2 * Padding.Lanes; // a row is read to the end of its last vector

    private readonly int[] starts;
    private readonly AlignedArray<float> values, derived;
    private readonly int transposedOfBlock;

    /// <param name="slots">1 for the weights alone, 3 with Adam's moments behind them.</param>
    public AttentionWeights(AttentionShape shape, int slots)
    {
        Shape = shape;
        IReadOnlyList<AttentionParameter> parameters = shape.Parameters;
        starts = new int[parameters.Count];
        for (int p = 0; p < starts.Length; p++)
        {
            starts[p] = Size;
            Size += Padding.Padded(parameters[p].Rows * parameters[p].Columns);
        }

        int e = shape.Size;
        transposedOfBlock = 4 * e * e + e * e + (2 * shape.Hidden + e) * e + shape.Hidden * e;
        ReversedLength = Padding.Padded(shape.Length) + Beyond;
        values = new((long)slots * Size);
        derived = new(shape.Blocks * (transposedOfBlock + (long)shape.Heads * ReversedLength));
    }

    public AttentionShape Shape { get; }

    /// <summary>Floats of the block.</summary>
    public int Size { get; }

    /// <summary>Floats of a head's reversed position biases.</summary>
    public int ReversedLength { get; }

    public float* Values => values.Start;

    public float* FirstMoments => values.Start + Size;

    public float* SecondMoments => values.Start + 2L * Size;

    public int GapStart => starts[0];

    public int NormStart => starts[1];

    public int MomentStart => starts[Shape.MomentIndex];

    public int StartOf(int parameter) => starts[parameter];

    public int StartOf(int block, AttentionPart part) => starts[AttentionShape.IndexOf(block, part)];

    public float* Of(int block, AttentionPart part) => Values + StartOf(block, part);

    /// <summary>A layer's matrix [inputs, outputs].</summary>
    public float* Transposed(int block, AttentionPart part)
    {
        int e = Shape.Size;
        float* start = derived.Start + (long)block * transposedOfBlock;
        return part switch
        {
            AttentionPart.Input => start,
            AttentionPart.Output => start + 4 * e * e,
            AttentionPart.Hidden => start + 5 * e * e,
            _ => start + 5 * e * e + (2 * Shape.Hidden + e) * e,
        };
    }

    /// <summary>A head's position biases: entry Length - 1 - distance is that of a distance, and those behind mask.</summary>
    public float* Reversed(int block, int head) =>
        derived.Start + (long)Shape.Blocks * transposedOfBlock + ((long)block * Shape.Heads + head) * ReversedLength;

    /// <summary>Computes what is derived, after the weights changed.</summary>
    public void Derive()
    {
        int e = Shape.Size, f = Shape.Hidden;
        for (int b = 0; b < Shape.Blocks; b++)
        {
            Transpose(b, AttentionPart.Input, 4 * e, e);
            Transpose(b, AttentionPart.Output, e, e);
            Transpose(b, AttentionPart.Hidden, 2 * f + e, e);
            Transpose(b, AttentionPart.Final, e, f);
            for (int h = 0; h < Shape.Heads; h++)
            {
                float* position = Of(b, AttentionPart.Position) + h * Shape.Length, reversed = Reversed(b, h);
                for (int j = 0; j < ReversedLength; j++) reversed[j] = j < Shape.Length ? position[Shape.Length - 1 - j] : Masked;
            }
        }
    }

    public void Dispose()
    {
        values.Dispose();
        derived.Dispose();
    }

    private void Transpose(int block, AttentionPart part, int outputs, int inputs)
    {
        float* weights = Of(block, part), target = Transposed(block, part);
        for (int n = 0; n < outputs; n++)
        {
            for (int k = 0; k < inputs; k++) target[(long)k * outputs + n] = weights[(long)n * inputs + k];
        }
    }
}
