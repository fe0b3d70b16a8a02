namespace NcfSpark.Kernels;

/// <summary>
/// Rows of packed arrays are padded with zeros to whole vectors of the widest instruction set, 16 floats, which is also
/// a cache line. So the layout is the same for every instruction set. Padding stays 0: whatever it is multiplied with
/// gives 0, and so does its gradient.
/// Example: 5 → 16, 16 → 16, 40 → 48, 0 → 0.
/// </summary>
public static class Padding
{
    /// <summary>Widths are padded to multiples of this.</summary>
    public const int Lanes = 16;

    /// <summary>The width, rounded up.</summary>
    public static int Padded(int width) => (width + Lanes - 1) / Lanes * Lanes;
}
