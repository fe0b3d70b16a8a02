using NcfSpark.Kernels;

namespace NcfSpark.Model.Tests;

/// <summary>Users' vectors, compared with the formula computed one number at a time.</summary>
public sealed class UserVectorsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(33)]
    public void VectorsAreThoseOfTheFormulaWhoeverElseIsAskedFor(int width)
    {
        ModelWeights weights = Models.Random(Models.History(NetworkKind.Mf, width) with { EmbeddingSize = 19 }, users: 70, items: 30);
        int size = weights.UserGmf!.Columns;
        int[] users = [.. Enumerable.Range(0, 70).Reverse(), 3, 3];
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            using var vectors = new UserVectors(weights, level);
            float[] all = new float[users.Length * (size + 2)], alone = new float[size];
            vectors.Write(users, all, size + 2);
            for (int t = 0; t < users.Length; t++)
            {
                vectors.Write([users[t]], alone, size);
                Assert.Equal(alone, all.AsSpan(t * (size + 2), size).ToArray());
                (double[] expected, double[] magnitudes) = Expected(weights, users[t]);
                for (int e = 0; e < size; e++) Assert.Equal(expected[e], alone[e], 1e-6 * magnitudes[e]);
            }
        }
    }

    [Fact]
    public void NoMemoryIsAllocatedForAUser()
    {
        ModelWeights weights = Models.Random(Models.History(NetworkKind.Mf, 8), users: 64, items: 30);
        using var vectors = new UserVectors(weights, SimdLevels.Best);
        int[] users = [.. Enumerable.Range(0, 64)];
        float[] all = new float[64 * 5];
        vectors.Write(users, all, 5);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int call = 0; call < 100; call++) vectors.Write(users, all, 5);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * 64); // a node of the bag for a call of 64 users
    }

    // The vector, and for each of its numbers the sum of the absolute values that it was added up from.
    private static (double[] Vector, double[] Magnitudes) Expected(ModelWeights weights, int user)
    {
        ReadOnlySpan<int> pool = weights.Pools![user];
        float[][] shares = PoolShares.Of(weights.Options.History.Length, weights.Options.History.Decay);
        int size = weights.UserGmf!.Columns, lags = weights.Options.UserMlp.Lags;
        double[] h = new double[size], x = new double[(lags + 2) * size + TemporalFeatures.Count],
            p = [.. weights.UserGmf.Row(user).ToArray().Select(value => (double)value)];
        for (int k = 0; k < pool.Length; k++)
        {
            for (int e = 0; e < size; e++) h[e] += weights.Options.History.Factor * shares[pool.Length][k] * weights.ItemHistory!.Row(pool[k])[e];
            for (int e = 0; e < size && k < lags; e++) x[k * size + e] = weights.ItemHistory!.Row(pool[k])[e];
        }

        double[] v = [.. p.Zip(h, (own, pooled) => own + pooled)], sizes = [.. p.Zip(h, (own, pooled) => Math.Abs(own) + Math.Abs(pooled))];
        if (weights.UserLayers is not [var hidden, var output]) return (v, sizes);
        h.CopyTo(x, lags * size);
        p.CopyTo(x, (lags + 1) * size);
        uint features = weights.Pools.TemporalFeatures_U[user];
        for (int k = 0; k < TemporalFeatures.Count; k++) x[(lags + 2) * size + k] = (features >> k) & 1;
        double[] z = [.. Enumerable.Range(0, hidden.Weight.Rows)
            .Select(n => Math.Max(0, hidden.Bias.Values[n] + hidden.Weight.Row(n).ToArray().Zip(x, (w, value) => w * value).Sum()))];
        double[] y = new double[size];
        for (int e = 0; e < size; e++)
        {
            y[e] = output.Bias.Values[e] + output.Weight.Row(e).ToArray().Zip(z, (w, one) => w * one).Sum();
            sizes[e] += Math.Abs(output.Bias.Values[e]) + output.Weight.Row(e).ToArray().Zip(z, (w, one) => Math.Abs(w) * one).Sum();
        }

        return ([.. v.Zip(y, (one, other) => one + other)], sizes);
    }
}
