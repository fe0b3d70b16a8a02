namespace NcfSpark.Kernels;

/// <summary>
/// Computes users' vectors by attention (<see cref="AttentionShape"/>), for scoring: in plain loops, until vectors take over. Any number of threads may
/// call it at once.
/// </summary>
public sealed class AttentionEncoder(AttentionShape shape, SimdLevel level) : IDisposable
{
    private readonly float[][] parameters = new float[shape.Parameters.Count][];

    public SimdLevel Level => level;

    /// <summary>Sets a matrix, by its place in <see cref="AttentionShape.Parameters"/>.</summary>
    public void Set(int parameter, ReadOnlySpan<float> values) => parameters[parameter] = values.ToArray();

    /// <summary>Writes v of the latest item of one user.</summary>
    /// <param name="items">At least one, oldest first; the latest <see cref="AttentionShape.Length"/> count.</param>
    /// <param name="times">When each was used, in seconds.</param>
    /// <param name="itemRows">q [I, E]</param>
    /// <param name="vector">Receives v, E numbers.</param>
    public void Encode(ReadOnlySpan<int> items, ReadOnlySpan<long> times, ReadOnlySpan<float> itemRows, Span<float> vector)
    {
        int skip = Math.Max(0, items.Length - shape.Length);
        items = items[skip..];
        times = times[skip..];
        int count = items.Length, size = shape.Size, width = size / shape.Heads;
        double[][] x = new double[count][];
        for (int t = 0; t < count; t++)
        {
            x[t] = new double[size];
            int gap = t == 0 ? 0 : TimeBuckets.Of(times[t] - times[t - 1]);
            for (int e = 0; e < size; e++) x[t][e] = Math.Sqrt(size) * itemRows[items[t] * size + e] + parameters[0][gap * size + e];
        }

        long[] at = times.ToArray();
        for (int b = 0; b < shape.Blocks; b++)
        {
            float[] Of(AttentionPart part) => parameters[AttentionShape.IndexOf(b, part)];
            double[][] joined = Array.ConvertAll(x, one => Times(Of(AttentionPart.Input), Normalized(one, Of(AttentionPart.Norm1))));
            for (int t = 0; t < count; t++)
            {
                double[] attended = new double[size];
                for (int h = 0; h < shape.Heads; h++)
                {
                    double[] weights = new double[t + 1];
                    for (int s = 0; s <= t; s++)
                    {
                        for (int d = h * width; d < (h + 1) * width; d++) weights[s] += joined[t][d] * joined[s][size + d];
                        weights[s] = Math.Exp(weights[s] / Math.Sqrt(width) + Of(AttentionPart.Position)[h * shape.Length + t - s]
                            + Of(AttentionPart.Time)[h * TimeBuckets.Count + TimeBuckets.Of(at[t] - at[s])]);
                    }

                    double sum = weights.Sum();
                    for (int s = 0; s <= t; s++)
                    {
                        for (int d = h * width; d < (h + 1) * width; d++) attended[d] += weights[s] / sum * joined[s][2 * size + d];
                    }
                }

                double[] added = Times(Of(AttentionPart.Output), attended);
                for (int e = 0; e < size; e++) x[t][e] += Sigmoid(joined[t][3 * size + e]) * added[e];
            }

            for (int t = 0; t < count; t++)
            {
                double[] all = Times(Of(AttentionPart.Hidden), Normalized(x[t], Of(AttentionPart.Norm2))), u = all[..shape.Hidden];
                double[] added = Times(Of(AttentionPart.Final), [.. u.Select((one, f) => one * Sigmoid(one) * all[shape.Hidden + f])]);
                for (int e = 0; e < size; e++) x[t][e] += Sigmoid(all[2 * shape.Hidden + e]) * added[e];
            }
        }

        double[] last = Normalized(x[^1], parameters[1]);
        for (int e = 0; e < size; e++) vector[e] = (float)last[e];
    }

    public void Dispose()
    {
    }

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));

    private static double[] Times(float[] matrix, double[] x) => [.. Enumerable.Range(0, matrix.Length / x.Length).Select(row =>
    {
        double sum = 0;
        for (int e = 0; e < x.Length; e++) sum += matrix[row * x.Length + e] * x[e];
        return sum;
    })];

    private static double[] Normalized(double[] x, float[] gains)
    {
        double scale = 1 / Math.Sqrt(x.Sum(one => one * one) / x.Length + AttentionShape.Epsilon);
        return [.. x.Select((one, e) => one * scale * gains[e])];
    }
}
