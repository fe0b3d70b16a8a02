using System.Numerics;
using System.Runtime.InteropServices;

namespace NcfSpark.Model;

/// <summary>
/// The columns of the MLP's first layer that belong to the user or to the item (W_1u or W_1i), transposed [M, H], so
/// that the sums of the inner loop are independent of each other.
/// </summary>
internal sealed class SideLayer
{
    private readonly float[] transposed_MH;

    /// <param name="weight">W_1, [H, 2M].</param>
    /// <param name="start">The first of these columns.</param>
    /// <param name="columns">M.</param>
    public SideLayer(Weight weight, int start, int columns)
    {
        transposed_MH = new float[columns * weight.Rows];
        for (int n = 0; n < weight.Rows; n++)
        {
            ReadOnlySpan<float> row = weight.Row(n).Slice(start, columns);
            for (int k = 0; k < columns; k++) transposed_MH[k * weight.Rows + n] = row[k];
        }
    }

    /// <summary>first += W x, or W relu(x).</summary>
    public void Add(ReadOnlySpan<float> embedding_M, bool relu, Span<float> first_H)
    {
        for (int k = 0; k < embedding_M.Length; k++)
        {
            float x = relu ? Math.Max(embedding_M[k], 0) : embedding_M[k];
            ReadOnlySpan<float> weights_H = transposed_MH.AsSpan(k * first_H.Length, first_H.Length);
            Span<Vector<float>> sums = MemoryMarshal.Cast<float, Vector<float>>(first_H);
            ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(weights_H);
            for (int v = 0; v < sums.Length; v++) sums[v] += vectors[v] * x;
            for (int n = sums.Length * Vector<float>.Count; n < first_H.Length; n++) first_H[n] += weights_H[n] * x;
        }
    }
}
