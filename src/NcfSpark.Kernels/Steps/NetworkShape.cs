namespace NcfSpark.Kernels;

/// <summary>
/// The model that a fused step trains: encoders of user and item, and the interaction of their vectors.
/// <code>
/// user encoder   embedding       u = p                                       (p, p', b_u: a row of the user)
///                history         u = p + pool of the items just before       <see cref="UserHistoryShape"/>
/// item encoder   embedding       q                                           (q, q', b_i: a row of the item)
/// interaction    dot             logit = u · q + b0                          h fixed at 1
///                gmf             logit = h · (u ∘ q) + b0
///                mlp             logit = h · y_L + b0
///                neumf           logit = h · [u ∘ q; y_L] + b0
///                    y_l = dropout_l(relu(W_l y_(l-1) + b_l))      y_0 = dropout_0([p'; q'])
/// </code>
/// With <see cref="Biases"/> each logit also has + b_u + b_i. If <see cref="EmbeddingRelu"/> is set, embeddings have
/// ReLU.
/// </summary>
public sealed record NetworkShape
{
    /// <summary>How a user's history enters u; null for the user's embedding alone.</summary>
    public UserHistoryShape? History { get; init; }

    /// <summary>Length of p, u and q; 0 for no GMF part.</summary>
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
