namespace NcfSpark.Kernels;

/// <summary>
/// The user encoder that adds the items that a user had just before to the user's own embedding. These items are the
/// user's pool, y_1 the latest:
/// <code>
/// h = factor · Σ_k share_k y_k     x = [y_1; …; y_L; h; p; r]     u = p + h + V_2 drop(relu(V_1 x + c_1)) + c_2
/// </code>
/// Without an MLP u is p + h. r: temporal features of the pool, each 0 or 1. p, y, h and u have one length,
/// <see cref="NetworkShape.GmfSize"/>.
/// </summary>
public sealed record UserHistoryShape
{
    /// <summary>The most items of a pool.</summary>
    public required int Length { get; init; }

    /// <summary>
    /// For each number of items from 0 to Length the share of each, latest first. The shares add up to 1.
    /// </summary>
    public required float[][] Shares { get; init; }

    /// <summary>Factor of the pool.</summary>
    public required float Factor { get; init; }

    /// <summary>Width of the MLP's hidden layer; 0 for no MLP.</summary>
    public int Hidden { get; init; }

    /// <summary>How many of the latest items the MLP sees one by one.</summary>
    public int Lags { get; init; }

    /// <summary>How many temporal features of a pool the MLP sees, at most 32.</summary>
    public int TemporalFeatureCount { get; init; }

    /// <summary>Rate of dropout on the hidden layer.</summary>
    public double Dropout { get; init; }
}

/// <summary>
/// Temporal features of a pool (<see cref="UserHistoryShape.TemporalFeatureCount"/>), stored as the bits of a number.
/// </summary>
public static class TemporalFeatureBits
{
    /// <summary>
    /// Writes the bits as numbers, 0 or 1, the lowest bit first. Example: 5 in four numbers is 1, 0, 1, 0.
    /// </summary>
    public static void Unpack(uint bits, Span<float> values)
    {
        for (int k = 0; k < values.Length; k++) values[k] = (bits >> k) & 1;
    }
}
