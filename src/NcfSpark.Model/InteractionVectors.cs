using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// The encoder of rows of the interaction matrix (Xue et al. 2017), as autograd sees it and, for one row, over plain memory:
/// <code>
/// y_0 = Σ_c Y[row, c] T[c]      y_l = relu(W_l y_(l-1) + b_l)      v = y_L / |y_L|, 0 where y_L is 0
/// </code>
/// </summary>
internal static class InteractionVectors
{
    /// <summary>v [R, E].</summary>
    /// <param name="rows_RC">Rows of the matrix.</param>
    public static Tensor Of(Tensor rows_RC, Parameter table, (Parameter Weight, Parameter Bias)[] layers)
    {
        Tensor y = rows_RC.mm(table);
        foreach ((Parameter weight, Parameter bias) in layers) y = bias.addmm(y, weight.t()).relu();
        return nn.functional.normalize(y, p: 2, dim: 1, eps: 1e-20);
    }

    /// <summary>Writes v of a row that has one value at each of some columns; 0 where there are none.</summary>
    public static void Write(ModelWeights.EncoderWeights encoder, ReadOnlySpan<int> columns, float value, Span<float> vector)
    {
        vector.Clear();
        if (columns.IsEmpty) return;
        float[] y = new float[encoder.Table.Columns];
        foreach (int column in columns)
        {
            ReadOnlySpan<float> row = encoder.Table.Row(column);
            for (int k = 0; k < y.Length; k++) y[k] += value * row[k];
        }

        foreach ((Weight weight, Weight bias) in encoder.Layers)
        {
            float[] next = new float[weight.Rows];
            for (int n = 0; n < next.Length; n++) next[n] = Math.Max(0, bias.Values[n] + Dot(weight.Row(n), y));
            y = next;
        }

        float length = MathF.Sqrt(Dot(y, y));
        for (int k = 0; k < y.Length && length > 0; k++) vector[k] = y[k] / length;
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Vector<float> sums = Vector<float>.Zero;
        ReadOnlySpan<Vector<float>> left = MemoryMarshal.Cast<float, Vector<float>>(a), right = MemoryMarshal.Cast<float, Vector<float>>(b);
        for (int v = 0; v < left.Length; v++) sums += left[v] * right[v];
        float sum = Vector.Sum(sums);
        for (int k = left.Length * Vector<float>.Count; k < a.Length; k++) sum += a[k] * b[k];
        return sum;
    }
}
