using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The items that all positives of a batch compete with: K distinct ones of N, drawn uniformly, or all N.
/// Their rows are copied together, once as they are and once transposed in panels of 64 items.
/// </summary>
internal sealed unsafe class SharedNegatives : IDisposable
{
    /// <summary>Items of a panel: as many columns as a matrix product computes at once.</summary>
    public const int Panel = 64;

    private readonly AlignedArray<float> values;
    private readonly int width;

    /// <param name="count">K, at most the number of items.</param>
    /// <param name="width">E.</param>
    public SharedNegatives(int count, int width)
    {
        (Count, this.width) = (count, width);
        Padded = (count + Panel - 1) / Panel * Panel;
        values = new(2L * Padded * width + Padded);
    }

    public int Count { get; }

    /// <summary>K rounded up to whole panels; the items beyond K have rows of 0 and a share of 0.</summary>
    public int Padded { get; }

    /// <summary>From one row of logits to the next: no power of two, whose columns would share few sets of a cache.</summary>
    public int LogitStride => Padded + Padding.Lanes;

    /// <summary>[K, E]</summary>
    public float* Rows => values.Start;

    /// <summary>For each panel [E, 64].</summary>
    public float* Panels => values.Start + (long)Padded * width;

    /// <summary>Bias and shift of each; far below anything beyond K.</summary>
    public float* Start => values.Start + 2L * Padded * width;

    /// <summary>Copies the rows of these items.</summary>
    /// <param name="records">Rows of all items: E numbers, then the bias.</param>
    /// <param name="shift">Added to every logit: log(N / K).</param>
    public void Gather(int* items, float* records, int stride, float shift)
    {
        for (int n = 0; n < Padded; n++)
        {
            float* panel = Panels + (long)(n / Panel) * Panel * width + n % Panel;
            if (n >= Count)
            {
                Start[n] = AttentionWeights.Masked;
                continue;
            }

            float* row = records + (long)items[n] * stride, to = Rows + (long)n * width;
            for (int k = 0; k < width; k++) panel[k * Panel] = to[k] = row[k];
            Start[n] = row[width] + shift;
        }
    }

    public void Dispose() => values.Dispose();
}

/// <summary>What the softmax needs of each row of a pass, as named in <see cref="SoftmaxTile"/>; the logits are those of a tile.</summary>
internal unsafe struct SoftmaxRows
{
    public float** Positives;
    public int* ExcludedStarts, ExcludedEnds;
    public float* PositiveGradients, Logits;
}

/// <summary>A tile of users' vectors for <see cref="SharedSoftmax{S, V}"/>.</summary>
internal unsafe struct SoftmaxTile
{
    /// <summary>Rows of a tile: its logits with 2,048 negatives are a quarter of a megabyte.</summary>
    public const int RowsAtOnce = 32;

    /// <summary>A multiple of 8, at most <see cref="RowsAtOnce"/>.</summary>
    public int Rows;

    /// <summary>u, E a row.</summary>
    public float* Users;

    /// <summary>For each row the record (E numbers, then the bias) of its positive; null for a row without one.</summary>
    public float** Positives;

    /// <summary>For each row which negatives its user has used: Excluded[ExcludedStarts[row]] … up to ExcludedEnds[row].</summary>
    public int* Excluded, ExcludedStarts, ExcludedEnds;

    /// <summary>Rows of <see cref="SharedNegatives.LogitStride"/>.</summary>
    public float* Logits;

    /// <summary>Receives the gradient of u.</summary>
    public float* UserGradients;

    /// <summary>Receives for each row the gradient of its positive's logit.</summary>
    public float* PositiveGradients;

    /// <summary>Has the gradients of the negatives' rows [Padded, E] and biases [Padded] added.</summary>
    public float* NegativeGradients, BiasGradients;

    /// <summary>Factor of each row's loss in the gradient.</summary>
    public float Weight;

    public float* Zeros;
}

/// <summary>
/// Softmax of each row's positive against negatives that all rows share:
/// <code>
/// loss = log(e^z + Σ_n e^(u · q_n + b_n + shift)) - z     z = u · q + b of the positive; n over the negatives that the user has not used
/// dz = p - 1     dz_n = p_n     du = (p - 1) q + Σ_n p_n q_n     dq_n = Σ_rows p_n u     p: shares of the softmax
/// </code>
/// </summary>
internal static unsafe class SharedSoftmax<S, V>
    where S : ISimd<V>
    where V : struct
{
    /// <returns>The sum of the rows' losses.</returns>
    public static double Compute(in SoftmaxTile tile, SharedNegatives negatives, int width)
    {
        int padded = negatives.Padded, stride = negatives.LogitStride;
        for (int n = 0; n < padded; n += SharedNegatives.Panel)
        {
            Gemm<S, V>.Multiply(
                tile.Users, width, 1, negatives.Panels + (long)n * width, SharedNegatives.Panel, tile.Logits + n, stride, negatives.Start + n, 0,
                tile.Rows, width, SharedNegatives.Panel);
        }

        double loss = 0;
        for (int row = 0; row < tile.Rows; row++) loss += Row(in tile, row, padded, stride, width);
        Gemm<S, V>.Multiply(tile.Logits, stride, 1, negatives.Rows, width, tile.UserGradients, width, tile.Zeros, 0, tile.Rows, padded, width);
        for (int row = 0; row < tile.Rows; row++)
        {
            if (tile.Positives[row] != null) Add(tile.Positives[row], tile.PositiveGradients[row], tile.UserGradients + (long)row * width, width);
        }

        Gemm<S, V>.Multiply(
            tile.Logits, 1, stride, tile.Users, width, tile.NegativeGradients, width, tile.NegativeGradients, width, padded, tile.Rows, width);
        return loss;
    }

    // Replaces the logits of a row by their gradients.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Row(in SoftmaxTile tile, int row, int padded, int stride, int width)
    {
        float* logits = tile.Logits + (long)row * stride, user = tile.Users + (long)row * width, positive = tile.Positives[row];
        if (positive == null)
        {
            new Span<float>(logits, padded).Clear();
            tile.PositiveGradients[row] = 0;
            return 0;
        }

        int* end = tile.Excluded + tile.ExcludedEnds[row];
        for (int* n = tile.Excluded + tile.ExcludedStarts[row]; n < end; n++) logits[*n] = AttentionWeights.Masked;
        V products = default, most = S.Broadcast(AttentionWeights.Masked);
        for (int k = 0; k < width; k += S.Lanes) products = S.MultiplyAdd(S.Load(user + k), S.Load(positive + k), products);
        float logit = S.Sum(products) + positive[width], largest = logit;
        for (int n = 0; n < padded; n += S.Lanes) most = S.Max(S.Load(logits + n), most);
        float* lanes = stackalloc float[Padding.Lanes];
        S.Store(most, lanes);
        for (int k = 0; k < S.Lanes; k++) largest = MathF.Max(largest, lanes[k]);
        V shift = S.Broadcast(largest), sum0 = default, sum1 = default;
        for (int n = 0; n < padded; n += 2 * S.Lanes)
        {
            V first = S.Exp(S.Subtract(S.Load(logits + n), shift)), second = S.Exp(S.Subtract(S.Load(logits + n + S.Lanes), shift));
            S.Store(first, logits + n);
            S.Store(second, logits + n + S.Lanes);
            sum0 = S.Add(sum0, first);
            sum1 = S.Add(sum1, second);
        }

        float own = MathF.Exp(logit - largest), sum = S.Sum(S.Add(sum0, sum1)) + own, share = tile.Weight / sum;
        V scale = S.Broadcast(share);
        for (int n = 0; n < padded; n += S.Lanes)
        {
            V gradient = S.Multiply(S.Load(logits + n), scale);
            S.Store(gradient, logits + n);
            S.Store(S.Add(S.Load(tile.BiasGradients + n), gradient), tile.BiasGradients + n);
        }

        tile.PositiveGradients[row] = own * share - tile.Weight;
        return MathF.Log(sum) + largest - logit;
    }

    private static void Add(float* row, float factor, float* sum, int width)
    {
        V scale = S.Broadcast(factor);
        for (int k = 0; k < width; k += S.Lanes) S.Store(S.MultiplyAdd(S.Load(row + k), scale, S.Load(sum + k)), sum + k);
    }
}
