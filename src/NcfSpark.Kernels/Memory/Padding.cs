namespace NcfSpark.Kernels;

/// <summary>
/// Rows of packed arrays are padded with zeros to whole vectors of the widest kind, 16 floats, which is also a cache line; the layout is the
/// same for every instruction set. A pad stays 0: what is multiplied with it is 0, and so is its gradient.
/// Example: 5 → 16, 16 → 16, 40 → 48, 0 → 0.
/// </summary>
public static class Padding
{
    /// <summary>Floats that widths are padded to.</summary>
    public const int Lanes = 16;

    /// <summary>The width, rounded up.</summary>
    public static int Padded(int width) => (width + Lanes - 1) / Lanes * Lanes;
}
