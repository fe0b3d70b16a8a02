namespace NcfSpark.Kernels;

/// <summary>
/// The network that the fused step trains: a product of embeddings (GMF) beside an MLP over their concatenation, joined
/// by one linear head.
/// <code>
/// logit = h · [p ∘ q ; y_L] + b0 (+ b_u + b_i)      y_l = dropout_l(relu(W_l y_(l-1) + b_l))      y_0 = dropout_0([p'; q'])
/// </code>
/// p, q are the GMF embeddings, p', q' those of the MLP; all have ReLU if <see cref="EmbeddingRelu"/> is set.
/// </summary>
public sealed record NetworkShape
{
    /// <summary>Length of p and q; 0 for no GMF part.</summary>
    public int GmfSize { get; init; }

    /// <summary>Length of p' and q'; 0 for no MLP.</summary>
    public int MlpSize { get; init; }

    /// <summary>Widths of the MLP's layers. If empty, the head sees the embeddings themselves.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Rates of dropout on the MLP's input and after each layer. Missing entries are 0.</summary>
    public IReadOnlyList<double> Dropout { get; init; } = [];

    public bool EmbeddingRelu { get; init; }

    /// <summary>Whether each user and item has a bias.</summary>
    public bool Biases { get; init; }

    /// <summary>
    /// Whether the head's weights of the GMF part are trained. Otherwise they keep the values that were set.
    /// </summary>
    public bool TrainedGmfHead { get; init; } = true;

    /// <summary>Padded width of the MLP's input (two embeddings, each padded), then of each layer's output.</summary>
    public int[] PaddedWidths() => [2 * Padding.Padded(MlpSize), .. Layers.Select(Padding.Padded)];

    /// <summary>
    /// Numbering of the hashes that decide dropout: entry l is the number of hashes that a sample needs before layer l
    /// (0 is the input), and the last entry that of all layers. Hash i of layer l of sample j has number j · last + [l]
    /// + i (<see cref="DropoutHash"/>).
    /// </summary>
    public int[] HashStarts()
    {
        int[] widths = PaddedWidths(), starts = new int[widths.Length + 1];
        for (int l = 0; l < widths.Length; l++) starts[l + 1] = starts[l] + (DropoutAt(l) > 0 ? DropoutHash.HashCount(widths[l]) : 0);
        return starts;
    }

    internal double DropoutAt(int layer) => layer < Dropout.Count ? Dropout[layer] : 0;
}
