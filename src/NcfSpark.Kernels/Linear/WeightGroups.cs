namespace NcfSpark.Kernels;

/// <summary>
/// A matrix stored for reading eight rows at a time: rows are in groups of 8, and a group holds its 8 biases first and
/// then column after column. Example, 3 rows (outputs) of 2 columns (inputs) with biases b:
/// <code>
/// b0 b1 b2 0 0 0 0 0 | w00 w10 w20 0 0 0 0 0 | w01 w11 w21 0 0 0 0 0
/// </code>
/// A ninth row would begin a second group. This is exactly the order in which <see cref="BatchedGemm{S, V}"/> reads.
/// </summary>
internal static class WeightGroups
{
    /// <summary>Rows of a group: with two vectors each, they are 16 sums (<see cref="BatchedGemm{S, V}"/>).</summary>
    public const int Rows = 8;

    public static int PaddedRows(int rows) => (rows + Rows - 1) / Rows * Rows;

    /// <summary>Number of floats of a matrix.</summary>
    public static long Size(int rows, int columns) => PaddedRows(rows) * (1L + columns);

    /// <summary>Index of the bias of a row; its number in column c is (1 + c) · 8 further on.</summary>
    public static long BiasAt(int row, int columns) => row / Rows * (1L + columns) * Rows + row % Rows;

    /// <summary>Writes a row, all columns.</summary>
    public static unsafe void Set(float* matrix, int row, float bias, ReadOnlySpan<float> values)
    {
        float* at = matrix + BiasAt(row, values.Length);
        *at = bias;
        foreach (float value in values) *(at += Rows) = value;
    }
}
