using NcfSpark.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// The user encoder over histories, as autograd sees it; <see cref="UserHistoryShape"/> has the same.
/// <code>
/// h = factor · Σ_k share_k y_k     x = [y_1; …; y_L; h; p; r]     u = p + h + V_2 drop(relu(V_1 x + c_1)) + c_2
/// </code>
/// p: the user's own embedding; y_k: the k-th latest item, from a table of its own; r: <see cref="TemporalFeatures"/>, if
/// the model uses them. Without an MLP u is p + h.
/// </summary>
/// <param name="layers">V_1 and c_1, V_2 and c_2; empty without an MLP.</param>
internal sealed class UserHistoryEncoder(ModelOptions options, (Parameter Weight, Parameter Bias)[] layers)
{
    /// <summary>u [B, E] of B users.</summary>
    public Tensor Forward(Tensor own_BE, PoolRows pool)
    {
        Tensor pooled_BE = (pool.Shares_BK.unsqueeze(2) * pool.Items_BKE).sum(1) * tensor((float)options.History.Factor);
        Tensor user_BE = own_BE.Plus(pooled_BE);
        if (layers is not [var hidden, var output]) return user_BE;
        Tensor latest = pool.Items_BKE.narrow(1, 0, options.UserMlp.Lags).reshape(own_BE.shape[0], options.UserMlp.Lags * options.EmbeddingSize);
        Tensor z_BW = hidden.Bias.addmm(
            cat([latest, pooled_BE, own_BE, .. pool.Temporal_BF is { } temporal_BF ? [temporal_BF] : Array.Empty<Tensor>()], dim: 1), hidden.Weight.t()).relu();
        if (pool.Dropout_BW is { } mask) z_BW = z_BW * mask;
        return user_BE.Plus(output.Bias.addmm(z_BW, output.Weight.t()));
    }

    /// <summary>The pools of B users that the weights hold, for scoring.</summary>
    /// <param name="table">y, the rows of items in pools.</param>
    public PoolRows PoolsOf(Tensor users_B, UserPools? pools, Parameter table)
    {
        if (pools is null) throw new InvalidOperationException("The model has a user history, but its weights have no pools (ModelWeights.Pools).");
        float[][] shares = PoolShares.Of(pools.Length, options.History.Decay);
        int count = (int)users_B.shape[0];
        long[] items_BK = new long[count * pools.Length];
        float[] shares_BK = new float[items_BK.Length], temporal_BF = new float[options.HasTemporalFeatures ? count * TemporalFeatures.Count : 0];
        for (int b = 0; b < count; b++)
        {
            int user = (int)users_B[b].item<long>();
            ReadOnlySpan<int> pool = pools[user];
            if (options.HasTemporalFeatures)
            {
                TemporalFeatureBits.Unpack(pools.TemporalFeatures_U[user], temporal_BF.AsSpan(b * TemporalFeatures.Count, TemporalFeatures.Count));
            }

            for (int k = 0; k < pool.Length; k++) (items_BK[b * pools.Length + k], shares_BK[b * pools.Length + k]) = (pool[k], shares[pool.Length][k]);
        }

        Tensor weight_BK = tensor(shares_BK).reshape(count, pools.Length), present = weight_BK.sign().unsqueeze(2);
        Tensor rows_NE = table.index_select(0, tensor(items_BK));
        Tensor? features_BF = options.HasTemporalFeatures ? tensor(temporal_BF).reshape(count, TemporalFeatures.Count) : null;
        return new PoolRows(rows_NE.reshape(count, pools.Length, options.EmbeddingSize) * present, weight_BK, features_BF);
    }
}
