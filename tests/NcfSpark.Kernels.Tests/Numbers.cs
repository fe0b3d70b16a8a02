namespace NcfSpark.Kernels.Tests;

/// <summary>Numbers for tests.</summary>
internal static class Numbers
{
    /// <summary>Between -1 and 1.</summary>
    public static AlignedArray<float> Random(int count, int seed)
    {
        var values = new AlignedArray<float>(count);
        for (int i = 0; i < count; i++) values.Span[i] = At(i, seed);
        return values;
    }

    public static float At(int place, int seed) => DropoutHash.Hash((uint)place, (uint)seed, 77) / (float)uint.MaxValue * 2 - 1;

    /// <summary>A number of distinct values below a bound, in random order.</summary>
    public static int[] Distinct(Random draw, int bound, int count)
    {
        var found = new HashSet<int>();
        while (found.Count < count) found.Add(draw.Next(bound));
        return [.. found];
    }

    /// <summary>0 … bound - 1.</summary>
    public static int Below(int place, int seed, int bound) => (int)(DropoutHash.Hash((uint)place, (uint)seed, 99) % (uint)bound);

    /// <summary>The slope of a loss in one weight, by central differences.</summary>
    public static double Slope(double[] weights, int i, Func<double> loss)
    {
        const double Move = 1e-5;
        double before = weights[i];
        weights[i] = before + Move;
        double above = loss();
        weights[i] = before - Move;
        double below = loss();
        weights[i] = before;
        return (above - below) / (2 * Move);
    }
}
