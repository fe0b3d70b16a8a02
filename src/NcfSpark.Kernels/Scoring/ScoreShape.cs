namespace NcfSpark.Kernels;

/// <summary>
/// The formula of a score, arranged so that whatever depends on the user alone or on the item alone is computed once
/// for each:
/// <code>
/// logit(u, i) = a_u + u · v_i + h · y_L      y_1 = relu(f_u + g_i)      y_l = relu(W_l y_(l-1) + b_l), l from 2      score = 1 / (1 + e^-logit)
/// </code>
/// For NeuMF, u is the user's GMF embedding times the head's weights and v_i the item's GMF embedding. f_u + g_i is the
/// MLP's first layer, W_1 [p'; q'] + b_1 = (W_1u p' + b_1) + W_1i q', so that a pair costs one addition there instead of
/// a row of products. GMF and MF have no layers: their score is a dot product. A bias of each item is one more number of
/// v_i, multiplied by 1 in u.
/// </summary>
public sealed record ScoreShape
{
    /// <summary>Length of u and v_i; 0 if there are none.</summary>
    public int VectorSize { get; init; }

    /// <summary>Widths of the MLP's layers, the first included; empty without an MLP.</summary>
    public IReadOnlyList<int> Widths { get; init; } = [];

    /// <summary>Whether a score is the logit itself instead of a probability: for cosines.</summary>
    public bool ScoreIsLogit { get; init; }

    /// <summary>Length of f_u and g_i.</summary>
    public int FirstWidth => Widths.Count == 0 ? 0 : Widths[0];

    /// <summary>Floating-point operations for one pair: two for each number of u, of W_2 … and of h.</summary>
    public double FlopPerPair =>
        2.0 * (VectorSize + Widths.Zip(Widths.Skip(1), (inputs, outputs) => (double)inputs * outputs).Sum() + (Widths.Count == 0 ? 0 : Widths[^1]));
}
