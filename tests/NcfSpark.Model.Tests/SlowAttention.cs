using NcfSpark.Kernels;

namespace NcfSpark.Model.Tests;

/// <summary>The equations of <see cref="AttentionShape"/> in plain loops of doubles: what everything else is compared with.</summary>
internal static class SlowAttention
{
    /// <summary>v of each item of a user, oldest first.</summary>
    /// <param name="moment">What is asked about after the last item; null: no moment is told.</param>
    public static double[][] VectorsOf(ModelWeights weights, int[] items, long[] times, long? moment = null)
    {
        AttentionShape shape = weights.Options.AttentionShape;
        (items, times) = (items[Math.Max(0, items.Length - shape.Length)..], times[Math.Max(0, items.Length - shape.Length)..]);
        float[][] parameters = [.. weights.Attention.Select(weight => weight.Values.ToArray())];
        float[] itemRows = weights.ItemGmf!.Values.ToArray();
        int count = items.Length, size = shape.Size, width = size / shape.Heads;
        double[][] x = new double[count][];
        for (int t = 0; t < count; t++)
        {
            x[t] = new double[size];
            int gap = t == 0 ? 0 : TimeBuckets.Of(times[t] - times[t - 1]);
            int asked = moment is null ? TimeBuckets.Count : TimeBuckets.Of((t + 1 < count ? times[t + 1] : moment.Value) - times[t]);
            for (int e = 0; e < size; e++)
            {
                x[t][e] = Math.Sqrt(size) * itemRows[items[t] * size + e] + parameters[0][gap * size + e] + parameters[^1][asked * size + e];
            }
        }

        for (int b = 0; b < shape.Blocks; b++)
        {
            float[] norm1 = parameters[2 + 8 * b], input = parameters[3 + 8 * b], position = parameters[4 + 8 * b], time = parameters[5 + 8 * b];
            float[] output = parameters[6 + 8 * b], norm2 = parameters[7 + 8 * b], hidden = parameters[8 + 8 * b], final = parameters[9 + 8 * b];
            double[][] joined = Array.ConvertAll(x, one => Times(input, Normalized(one, norm1)));
            for (int t = 0; t < count; t++)
            {
                double[] attended = new double[size];
                for (int h = 0; h < shape.Heads; h++)
                {
                    double[] shares = new double[t + 1];
                    for (int s = 0; s <= t; s++)
                    {
                        for (int d = h * width; d < (h + 1) * width; d++) shares[s] += joined[t][d] * joined[s][size + d];
                        shares[s] = Math.Exp(shares[s] / Math.Sqrt(width) + position[h * shape.Length + t - s]
                            + time[h * TimeBuckets.Count + TimeBuckets.Of(times[t] - times[s])]);
                    }

                    double sum = shares.Sum();
                    for (int s = 0; s <= t; s++)
                    {
                        for (int d = h * width; d < (h + 1) * width; d++) attended[d] += shares[s] / sum * joined[s][2 * size + d];
                    }
                }

                double[] added = Times(output, attended);
                for (int e = 0; e < size; e++) x[t][e] += Sigmoid(joined[t][3 * size + e]) * added[e];
            }

            for (int t = 0; t < count; t++)
            {
                double[] all = Times(hidden, Normalized(x[t], norm2)), u = all[..shape.Hidden];
                double[] added = Times(final, [.. u.Select((one, f) => one * Sigmoid(one) * all[shape.Hidden + f])]);
                for (int e = 0; e < size; e++) x[t][e] += Sigmoid(all[2 * shape.Hidden + e]) * added[e];
            }
        }

        return Array.ConvertAll(x, one => Normalized(one, parameters[1]));
    }

    /// <summary>A user's vector: v of their latest item, if there is one, plus their own row.</summary>
    public static double[] VectorOf(ModelWeights weights, int user)
    {
        int[] items = [.. weights.Pools![user].ToArray().Reverse()];
        double[] own = [.. weights.UserGmf!.Row(user).ToArray().Select(value => (double)value)];
        if (items.Length == 0) return own;
        double[][] vectors = VectorsOf(weights, items, [.. weights.Pools.TimesOf(user).ToArray().Reverse()], weights.Pools.MomentOf(user));
        return [.. own.Zip(vectors[^1], (p, v) => p + v)];
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
