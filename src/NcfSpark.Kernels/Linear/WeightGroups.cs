namespace NcfSpark.Kernels;

/// <summary>
/// A matrix whose rows are read eight at a time, one number of each: rows in groups of 8, in a group its 8 biases first and then column by
/// column. Example, 3 rows (outputs) of 2 columns (inputs) with biases b:
/// <code>
/// b0 b1 b2 0 0 0 0 0 | w00 w10 w20 0 0 0 0 0 | w01 w11 w21 0 0 0 0 0
/// </code>
/// 9 rows would make a second group after it. In memory order, this is exactly the order in which <see cref="BatchedGemm{S, V}"/> reads.
/// </summary>
internal static class WeightGroups
{
    /// <summary>Rows of a group: with two vectors of items each they are 16 sums (<see cref="BatchedGemm{S, V}"/>).</summary>
    public const int Rows = 8;

    public static int PaddedRows(int rows) => (rows + Rows - 1) / Rows * Rows;

    /// <summary>Floats of a matrix.</summary>
    public static long Size(int rows, int columns) => PaddedRows(rows) * (1L + columns);

    /// <summary>Where the bias of a row lies; its number in column c lies (1 + c) · 8 further on.</summary>
    public static long BiasAt(int row, int columns) => row / Rows * (1L + columns) * Rows + row % Rows;

    /// <summary>Writes a row, all columns.</summary>
    public static unsafe void Set(float* matrix, int row, float bias, ReadOnlySpan<float> values)
    {
        float* at = matrix + BiasAt(row, values.Length);
        *at = bias;
        foreach (float value in values) *(at += Rows) = value;
    }
}
