namespace NcfSpark.Kernels;

/// <summary>
/// What the items' logits can reach at most for a user, from few numbers of each, where a score is a dot product. With it, blocks of items whose bounds lie below the worst
/// of a user's K best so far are passed over, and the K best are exactly those of scoring everything.
/// <code>
/// v_i ≈ Σ_j c_ij e_j + r_i     u ≈ Σ_j d_j e_j + s     e_1 … e_M: axes along which the items differ most     c_ij = e_j · v_i, d_j = e_j · u
/// logit(u, i) = a + u · v_i  ≤  a + Σ_j d_j c_ij + |s| |r_i| + slack     slack = 2^-23 (2 K + 4 M + 32) (|a| + |u| max |v|)
/// </code>
/// Proof. For orthonormal axes u · v_i = Σ_j d_j c_ij + s · r_i exactly, and s · r_i ≤ |s| |r_i| (Cauchy and Schwarz). What remains is rounding, ε = 2^-24 an operation. Axes are orthonormal to
/// within 10^-12 in doubles, c, d, |r| and |s| are computed in doubles and rounded once: together below 6 ε |u| |v|. A sum of n products in floats, each rounded twice at most, is off by at most
/// 2 n ε / (1 - 2 n ε) times the sum of their sizes: for the bound n = M + 2 and the sizes are at most |a| + 2 |u| |v| (Σ_j |d_j c_ij| ≤ |d| |c_i|, and both are at most |u| |v|); for the logit n = K + 1 and
/// they are at most |a| + |u| |v|. All in all below ε (4 M + 2 K + 16) (|a| + |u| |v|) for K below 10^5, half the slack. Where a number is infinite or none, so is the bound, and nothing is passed over.
/// Axes come from a sample of the items, since any will do: better ones only give tighter bounds. Measured on trained models: README.
/// </summary>
internal sealed unsafe class ItemBounds : IDisposable
{
    private const int SampledItems = 2048, Iterations = 6;

    private readonly int size;
    private readonly double[][] axes_MK;
    private readonly double largest; // max |v|
    private readonly AlignedArray<float> blocks;
    private long tested, skipped;

    public ItemBounds(ScoreMemory memory)
    {
        size = memory.Shape.VectorSize;
        axes_MK = Axes(memory, AxesOf(size));
        blocks = new((long)memory.Blocks * Rows * ItemBlock.Items);
        double[] largestOfBlock = new double[memory.Blocks];
        Parallel.For(0, memory.Blocks, block =>
        {
            double[] vector_K = new double[size];
            for (int lane = 0; lane < Math.Min(ItemBlock.Items, memory.ItemIndexes.Length - block * ItemBlock.Items); lane++)
            {
                ReadVector(memory, block, lane, vector_K);
                largestOfBlock[block] = Math.Max(largestOfBlock[block], Norm(vector_K)); // NaN stays
                float* at = Block(block) + lane;
                foreach (double[] axis in axes_MK)
                {
                    *at = (float)TakeOff(axis, vector_K);
                    at += ItemBlock.Items;
                }

                *at = (float)Norm(vector_K);
            }
        });
        foreach (double norm in largestOfBlock) largest = Math.Max(largest, norm);
    }

    /// <summary>M + 1: c and |r|.</summary>
    public int Rows => axes_MK.Length + 1;

    /// <summary>Whether it is worth looking at bounds: false once too few blocks were passed over for it. What is found does not depend on it.</summary>
    public bool Pays { get; private set; } = true;

    /// <summary>The share of groups that were passed over so far.</summary>
    public double PassedOver => tested == 0 ? 0 : (double)skipped / tested;

    public static int AxesOf(int size) => Math.Max(2, size / 8);

    /// <summary>Rows of 32 floats: c_1 … c_M and |r| of a block's items.</summary>
    public float* Block(int block) => blocks.Start + (nint)block * Rows * ItemBlock.Items;

    /// <summary>Writes d and |s| of a user.</summary>
    /// <returns>a and the slack.</returns>
    public float Fill(float bias, ReadOnlySpan<float> vector_K, Span<float> bounds_M1)
    {
        Span<double> rest_K = size <= 512 ? stackalloc double[size] : new double[size];
        for (int k = 0; k < size; k++) rest_K[k] = vector_K[k];
        double norm = Norm(rest_K);
        for (int m = 0; m < axes_MK.Length; m++) bounds_M1[m] = (float)TakeOff(axes_MK[m], rest_K);
        bounds_M1[^1] = (float)Norm(rest_K);
        double slack = Math.ScaleB((2.0 * size) + (4.0 * axes_MK.Length) + 32, -23) * (Math.Abs(bias) + norm * largest);
        return (float)(bias + slack);
    }

    /// <summary>Counts groups of 8 users that met a block: below a third passed over, the bounds cost more than they save.</summary>
    public void Count(long groupsTested, long groupsSkipped)
    {
        const long Enough = 20_000;
        long all = Interlocked.Add(ref tested, groupsTested), passed = Interlocked.Add(ref skipped, groupsSkipped);
        if (all > Enough && passed < all / 3) Pays = false;
    }

    public void Dispose() => blocks.Dispose();

    // Orthogonal iteration on Σ v vᵀ over a sample.
    private static double[][] Axes(ScoreMemory memory, int count)
    {
        int size = memory.Shape.VectorSize, items = memory.ItemIndexes.Length, step = Math.Max(1, items / SampledItems);
        double[][] products_KK = [.. Enumerable.Range(0, size).Select(_ => new double[size])];
        double[] vector_K = new double[size];
        for (int place = 0; place < items; place += step)
        {
            ReadVector(memory, place / ItemBlock.Items, place % ItemBlock.Items, vector_K);
            for (int k = 0; k < size; k++)
            {
                double[] row = products_KK[k];
                for (int l = 0; l < size; l++) row[l] += vector_K[k] * vector_K[l];
            }
        }

        double[][] axes = [.. Enumerable.Range(0, size).OrderByDescending(k => products_KK[k][k]).Take(count).Select(k => products_KK[k].ToArray())];
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            MakeOrthonormal(axes);
            if (iteration < Iterations - 1) axes = Array.ConvertAll(axes, axis => Array.ConvertAll(products_KK, row => Dot(row, axis)));
        }

        return axes;
    }

    // Gram and Schmidt, twice: once leaves what cancellation left over. An axis that is nothing but that, or no number, becomes 0, which is no axis and no harm.
    private static void MakeOrthonormal(double[][] axes)
    {
        for (int m = 0; m < axes.Length; m++)
        {
            double before = Norm(axes[m]);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int other = 0; other < m; other++) TakeOff(axes[other], axes[m]);
                double norm = Norm(axes[m]);
                double factor = norm > 1e-9 * before && double.IsFinite(norm) ? 1 / norm : 0;
                for (int k = 0; k < axes[m].Length; k++) axes[m][k] = factor == 0 ? 0 : axes[m][k] * factor;
                before = 1;
            }
        }
    }

    private static void ReadVector(ScoreMemory memory, int block, int lane, double[] vector_K)
    {
        float* at = memory.Block(block) + lane;
        for (int k = 0; k < vector_K.Length; k++, at += ItemBlock.Items) vector_K[k] = *at;
    }

    // Takes a vector's part along an axis off it, and gives its length.
    private static double TakeOff(double[] axis, Span<double> vector)
    {
        double along = Dot(axis, vector);
        for (int k = 0; k < vector.Length; k++) vector[k] -= along * axis[k];
        return along;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int k = 0; k < a.Length; k++) sum += a[k] * b[k];
        return sum;
    }

    private static double Norm(ReadOnlySpan<double> vector) => Math.Sqrt(Dot(vector, vector));
}
