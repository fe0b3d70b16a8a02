namespace NcfSpark.Kernels;

/// <summary>Marks of a pool (<see cref="UserHistoryShape.TemporalFeatureCount"/>), which are kept as the bits of a number.</summary>
public static class TemporalFeatureBits
{
    /// <summary>The marks as numbers, 0 or 1, from the lowest bit on. Example: 5 in four numbers is 1, 0, 1, 0.</summary>
    public static void Unpack(uint bits, Span<float> values)
    {
        for (int k = 0; k < values.Length; k++) values[k] = (bits >> k) & 1;
    }
}
