namespace NcfSpark.Kernels;

/// <summary>
/// Matrix factorization whose users are their own embedding and a pool of the items just before:
/// <code>
/// h = factor · Σ_k share_k y_k     x = [y_1; …; y_L; h; p; r]     u = p + h + V_2 drop(relu(V_1 x + c_1)) + c_2
/// logit = u · q + b + b_u + b_i
/// </code>
/// Without an MLP u is p + h. r: marks of the pool, each 0 or 1.
/// </summary>
public sealed record UserHistoryShape
{
    /// <summary>Length of the embeddings p, q and y.</summary>
    public required int Size { get; init; }

    /// <summary>Most items of a pool.</summary>
    public required int Length { get; init; }

    /// <summary>For each number of items from 0 to Length what each counts, latest first; together 1.</summary>
    public required float[][] Shares { get; init; }

    /// <summary>What the pool is multiplied by.</summary>
    public required float Factor { get; init; }

    /// <summary>Whether users and items have a bias.</summary>
    public bool Biases { get; init; }

    /// <summary>Width of the MLP's hidden layer; 0 for no MLP.</summary>
    public int Hidden { get; init; }

    /// <summary>How many of the latest items the MLP sees one by one.</summary>
    public int Lags { get; init; }

    /// <summary>How many marks of a pool the MLP sees, at most 32.</summary>
    public int TemporalFeatureCount { get; init; }

    /// <summary>Rate of dropout on the hidden layer.</summary>
    public double Dropout { get; init; }
}
