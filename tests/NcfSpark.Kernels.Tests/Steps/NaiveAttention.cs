namespace NcfSpark.Kernels.Tests;

/// <summary>The equations of <see cref="AttentionShape"/> and <see cref="SharedSoftmax{S, V}"/> as plain loops in double precision.</summary>
internal sealed class NaiveAttention(AttentionShape shape, UserHistories past, long[] times, int items)
{
    private readonly int size = shape.Size;

    /// <summary>q [items, E], then the biases, then the matrices in their order.</summary>
    public double[] ItemRows { get; } = Fill(items * shape.Size, 1, 0.4);

    public double[] ItemBiases { get; } = Fill(items, 2, 0.5);

    public double[][] Matrices { get; } =
    [
        .. shape.Parameters.Select((p, i) =>
            Fill(p.Rows * p.Columns, 10 + i, p.Start == AttentionStart.Uniform ? 0.25 : 0.5, p.Start == AttentionStart.One ? 1 : 0)),
    ];

    /// <summary>Mean loss of the tokens of a batch, times its users.</summary>
    /// <param name="key">Of the batch: draws who is told the moments.</param>
    public double Loss(int[] users, int[] negatives, ulong key, ulong dropoutKey, bool exceptTouched = true)
    {
        double loss = 0;
        int tokens = 0, row = 0, used = 0; // rows as passes number them: each user's rounded up to 8
        double shift = Math.Log((double)items / negatives.Length);
        foreach (int user in users)
        {
            int[] all = past.Items[past.Starts[user]..EndOf(user)];
            int count = Math.Min(all.Length - 1, shape.Length), first = EndOf(user) - 1 - count;
            long[]? moments = ToldUsers.IsTold(key, used, shape.Told) ? times[(first + 1)..(first + 1 + count)] : null;
            double[][] vectors = Encode(past.Items[first..(first + count)], times[first..(first + count)], moments, row, dropoutKey);
            for (int t = 0; t < count; t++)
            {
                double positive = Score(vectors[t], past.Items[first + t + 1]), sum = Math.Exp(positive);
                foreach (int n in negatives.Where(n => exceptTouched ? !all.Contains(n) : n != past.Items[first + t + 1]))
                {
                    sum += Math.Exp(Score(vectors[t], n) + shift);
                }

                loss += Math.Log(sum) - positive;
            }

            (tokens, used) = (tokens + count, used + 1);
            row += (count + 7) / 8 * 8;
        }

        return loss / tokens * used;
    }

    /// <summary>v of each token.</summary>
    /// <param name="moments">Those that are asked about; null: they are not told.</param>
    /// <param name="firstRow">Number of the first token for dropout.</param>
    /// <param name="dropoutKey">Null for no dropout.</param>
    public double[][] Encode(int[] tokens, long[] at, long[]? moments, int firstRow, ulong? dropoutKey)
    {
        double[][] x = [.. tokens.Select((item, t) => Sum(
            Enumerable.Range(0, size).Select(k => Math.Sqrt(size) * ItemRows[item * size + k]),
            Sum(Row(0, t == 0 ? 0 : TimeBuckets.Of(at[t] - at[t - 1]), size),
                Row(shape.MomentIndex, moments is null ? TimeBuckets.Count : TimeBuckets.Of(moments[t] - at[t]), size))))];
        x = Drop(x, 0, firstRow, dropoutKey);
        for (int b = 0; b < shape.Blocks; b++)
        {
            double[][] n = [.. x.Select(row => Normalized(row, Of(b, AttentionPart.Norm1)))];
            double[][] input = Layer(n, Of(b, AttentionPart.Input));
            double[][] added = Drop(Layer(Attend(input, at, b), Of(b, AttentionPart.Output)), 1 + 2 * b, firstRow, dropoutKey);
            x = [.. x.Select((row, t) => Gated(row, input[t][(3 * size)..], added[t]))];
            double[][] hidden = Layer([.. x.Select(row => Normalized(row, Of(b, AttentionPart.Norm2)))], Of(b, AttentionPart.Hidden));
            int f = shape.Hidden;
            double[][] units = [.. hidden.Select(row => Enumerable.Range(0, f).Select(k => row[k] * Sigmoid(row[k]) * row[f + k]).ToArray())];
            added = Drop(Layer(units, Of(b, AttentionPart.Final)), 2 + 2 * b, firstRow, dropoutKey);
            x = [.. x.Select((row, t) => Gated(row, hidden[t][(2 * f)..], added[t]))];
        }

        return [.. x.Select(row => Normalized(row, Matrices[1]))];
    }

    private int EndOf(int user) => user + 1 < past.Starts.Length ? past.Starts[user + 1] : past.Items.Length;

    private double[][] Attend(double[][] input, long[] at, int b)
    {
        int d = size / shape.Heads;
        double[][] outputs = [.. input.Select(_ => new double[size])];
        for (int h = 0; h < shape.Heads; h++)
        {
            for (int t = 0; t < input.Length; t++)
            {
                double[] shares = new double[t + 1];
                for (int s = 0; s <= t; s++)
                {
                    double logit = 0;
                    for (int k = h * d; k < (h + 1) * d; k++) logit += input[t][k] * input[s][size + k];
                    shares[s] = Math.Exp(logit / Math.Sqrt(d) + Of(b, AttentionPart.Position)[h * shape.Length + t - s]
                        + Of(b, AttentionPart.Time)[h * TimeBuckets.Count + TimeBuckets.Of(at[t] - at[s])]);
                }

                for (int s = 0; s <= t; s++)
                {
                    for (int k = h * d; k < (h + 1) * d; k++) outputs[t][k] += shares[s] / shares.Sum() * input[s][2 * size + k];
                }
            }
        }

        return outputs;
    }

    private double[][] Drop(double[][] rows, int site, int firstRow, ulong? key)
    {
        if (key is not { } there || shape.Dropout == 0) return rows;
        (uint dropped, float scale) = (DropoutHash.Dropped(shape.Dropout), DropoutHash.KeptScale(shape.Dropout));
        return [.. rows.Select((row, t) =>
        {
            uint counter = (uint)(((firstRow + t) * (1 + 2 * shape.Blocks) + site) * DropoutHash.HashCount(size));
            return row.Select((value, lane) => DropoutHash.IsKept(there, counter, lane, dropped) ? scale * value : 0).ToArray();
        })];
    }

    private double Score(double[] vector, int item) => Enumerable.Range(0, size).Sum(k => vector[k] * ItemRows[item * size + k]) + ItemBiases[item];

    private double[] Of(int block, AttentionPart part) => Matrices[AttentionShape.IndexOf(block, part)];

    private double[] Row(int matrix, int row, int columns) => Matrices[matrix][(row * columns)..((row + 1) * columns)];

    private static double[][] Layer(double[][] rows, double[] matrix)
    {
        int inputs = rows[0].Length;
        return [.. rows.Select(row => Enumerable.Range(0, matrix.Length / inputs).Select(n =>
        {
            double sum = 0;
            for (int k = 0; k < inputs; k++) sum += row[k] * matrix[n * inputs + k];
            return sum;
        }).ToArray())];
    }

    private static double[] Normalized(double[] row, double[] gain)
    {
        double root = Math.Sqrt(row.Sum(value => value * value) / row.Length + AttentionShape.Epsilon);
        return [.. row.Select((value, k) => value / root * gain[k])];
    }

    private static double[] Gated(double[] x, double[] gate, double[] added) => [.. x.Select((value, k) => value + Sigmoid(gate[k]) * added[k])];

    private static double[] Sum(IEnumerable<double> a, double[] b) => [.. a.Zip(b, (one, other) => one + other)];

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    // Rounded to floats, so that the step starts from the very same values.
    private static double[] Fill(int count, int seed, double scale, double mean = 0) =>
        [.. Enumerable.Range(0, count).Select(i => (double)(float)(mean + scale * Numbers.At(i, seed)))];
}
