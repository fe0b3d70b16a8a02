namespace NcfSpark.Model;

/// <summary>
/// The vector that stands for a user in GMF and MF, from plain memory:
/// <code>
/// h = factor · Σ_k share_k y_k              y_k: row of item_history for the k-th latest item
/// x = [y_1; …; y_L; h; p]                   p: the user's own embedding
/// v = p + h + V_2 relu(V_1 x + c_1) + c_2   the last two terms where there is an MLP; without a history v = p
/// </code>
/// </summary>
internal sealed class UserVectors(ModelWeights weights)
{
    private readonly float[][] shares = weights.ItemHistory is null ? [] : PoolShares.Of(weights.Options.HistoryLength, weights.Options.HistoryDecay);

    /// <summary>Writes the user's vector [E].</summary>
    public void Write(int user, Span<float> vector)
    {
        weights.UserGmf!.Row(user).CopyTo(vector);
        if (weights.ItemHistory is not { } table) return;
        ReadOnlySpan<int> pool = weights.Pools is { } pools ? pools[user] : [];
        float[] pooled = new float[vector.Length];
        for (int k = 0; k < pool.Length; k++)
        {
            float share = (float)weights.Options.HistoryFactor * shares[pool.Length][k];
            ReadOnlySpan<float> row = table.Row(pool[k]);
            for (int e = 0; e < pooled.Length; e++) pooled[e] += share * row[e];
        }

        for (int e = 0; e < pooled.Length; e++) vector[e] += pooled[e];
        if (weights.UserLayers is [var hidden, var output])
        {
            float[] x = new float[hidden.Weight.Columns], z = new float[hidden.Weight.Rows];
            int lags = weights.Options.UserMlpLags, size = vector.Length;
            for (int k = 0; k < Math.Min(lags, pool.Length); k++) table.Row(pool[k]).CopyTo(x.AsSpan(k * size));
            pooled.CopyTo(x, lags * size);
            weights.UserGmf.Row(user).CopyTo(x.AsSpan((lags + 1) * size));
            for (int n = 0; n < z.Length; n++) z[n] = Math.Max(0, hidden.Bias.Values[n] + Dot(hidden.Weight.Row(n), x));
            for (int e = 0; e < size; e++) vector[e] += output.Bias.Values[e] + Dot(output.Weight.Row(e), z);
        }
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
