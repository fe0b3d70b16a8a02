using NcfSpark.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// Neural matrix factorization (He et al. 2017, "Neural Collaborative Filtering", equations 8 to 12), as the definition
/// of the model. It trains every shape, and every faster path is checked against it.
/// <code>
/// gmf    = p ∘ q                                              p, q: the user's and the item's GMF embeddings
/// mlp    = relu(W_L … relu(W_1 [p'; q'] + b_1) … + b_L)       p', q': their MLP embeddings
/// logit  = h · [gmf; mlp] + b                                 neumf; gmf and mlp leave the other part out
/// logit  = p · q + b_user + b_item + b                        mf: no head; the others have b_user + b_item, too, where Biases is set
/// score  = sigmoid(logit)
///
/// p      = p_u + h + V_2 (relu(V_1 x + c_1)) + c_2            with User "history": p_u is the user's embedding,
/// h      = factor · Σ_k share_k y_k                           y_k the k-th latest item before, from a table of its own
/// x      = [y_1; …; y_L; h; p_u; r]                           the last two terms of p if UserMlpWidth is above 0; r: TemporalFeatures, if UserMlpRhythm is set
/// </code>
/// Shapes: B pairs, E = EmbeddingSize, M = MlpEmbeddingSize.
/// The parameters are views of the weights' memory: changing one changes the other.
/// </summary>
public sealed class NeuMFModule : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly ModelOptions options;
    private readonly Dictionary<string, Parameter> parametersByName = [];
    private readonly (Parameter Weight, Parameter Bias)[] mlpLayers;
    private readonly (Parameter Weight, Parameter Bias)[] userLayers;
    private readonly ModelWeights weights;

    public NeuMFModule(ModelWeights weights)
        : base(nameof(NeuMFModule))
    {
        (this.weights, options) = (weights, weights.Options);
        foreach (Weight weight in weights.All)
        {
            var parameter = new Parameter(weight.View(), requires_grad: true);
            parametersByName.Add(weight.Name, parameter);
            register_parameter(weight.Name.Replace('.', '_'), parameter); // Torch forbids dots in the name of a single parameter
        }

        mlpLayers = [.. weights.MlpLayers.Select(layer => (parametersByName[layer.Weight.Name], parametersByName[layer.Bias.Name]))];
        userLayers = [.. weights.UserLayers.Select(layer => (parametersByName[layer.Weight.Name], parametersByName[layer.Bias.Name]))];
    }

    /// <summary>The parameter that is the view of a weight.</summary>
    public Parameter this[Weight weight] => parametersByName[weight.Name];

    /// <summary>Logits of pairs.</summary>
    /// <param name="users_B">User indexes, Int64.</param>
    /// <param name="items_B">Item indexes, Int64.</param>
    /// <returns>Logits [B]; their sigmoid is the score.</returns>
    public override Tensor forward(Tensor users_B, Tensor items_B) => Logits(new EmbeddingRows(name =>
        parametersByName.TryGetValue(name, out Parameter? table)
            ? table.index_select(0, name.StartsWith("user", StringComparison.Ordinal) ? users_B : items_B)
            : null)
        {
            Pool = options.HasHistory ? PoolOf(users_B) : null,
        });

    /// <summary>
    /// Logits of pairs whose embeddings are given, so that a step does not compute gradients of whole tables.
    /// </summary>
    /// <param name="rows">The embeddings of the pairs.</param>
    /// <param name="dropout">For the MLP's input and each of its layers a mask [B, width] of 0 and 1 / (1 - rate), or
    /// null for none.</param>
    public Tensor Logits(EmbeddingRows rows, IReadOnlyList<Tensor?>? dropout = null)
    {
        var parts = new List<Tensor>(2);
        if (options.HasGmf) parts.Add(User(rows) * Activated(rows.ItemGmf_BE!));
        if (options.HasMlp) parts.Add(Mlp(cat([Activated(rows.UserMlp_BM!), Activated(rows.ItemMlp_BM!)], dim: 1), dropout));
        if (!options.HasHead)
        {
            return parts[0].sum(dim: 1, keepdim: true).Plus(rows.UserBias_B1!).Plus(rows.ItemBias_B1!).Plus(parametersByName["head.bias"]).squeeze(1);
        }

        Tensor joined = parts.Count == 1 ? parts[0] : cat(parts, dim: 1);
        Tensor logits_B1 = parametersByName["head.bias"].addmm(joined, parametersByName["head.weight"].t());
        if (options.HasBiases) logits_B1 = logits_B1.Plus(rows.UserBias_B1!).Plus(rows.ItemBias_B1!);
        return logits_B1.squeeze(1);
    }

    /// <summary>
    /// u · q + b_i of the user of each group with the items of all B pairs, without the biases that all items share.
    /// Only for dot products (mf, or gmf with a fixed head).
    /// </summary>
    /// <param name="rows">The embeddings of the pairs; adjacent pairs in a group have the same user.</param>
    /// <param name="groupSize">Pairs of a group.</param>
    /// <returns>[B / groupSize, B]</returns>
    public Tensor SampledLogits(EmbeddingRows rows, int groupSize)
    {
        Tensor users_BE = User(rows), users_GE = users_BE.reshape(users_BE.shape[0] / groupSize, groupSize, users_BE.shape[1]).select(1, 0);
        Tensor logits_GB = users_GE.mm(rows.ItemGmf_BE!.t());
        return rows.ItemBias_B1 is { } biases_B1 ? logits_GB.Plus(biases_B1.t()) : logits_GB;
    }

    /// <summary>
    /// The biases of user and head [B], which a logit has and <see cref="SampledLogits"/> leaves out.
    /// </summary>
    public Tensor SharedBias(EmbeddingRows rows)
    {
        Tensor head = parametersByName["head.bias"].expand(rows.UserGmf_BE!.shape[0], 1);
        return (rows.UserBias_B1 is { } biases_B1 ? head.Plus(biases_B1) : head).squeeze(1);
    }

    private Tensor User(EmbeddingRows rows)
    {
        Tensor own_BE = Activated(rows.UserGmf_BE!);
        if (rows.Pool is not { } pool) return own_BE;
        Tensor pooled_BE = (pool.Shares_BK.unsqueeze(2) * pool.Items_BKE).sum(1) * tensor((float)options.HistoryFactor);
        Tensor user_BE = own_BE.Plus(pooled_BE);
        if (userLayers is not [var hidden, var output]) return user_BE;
        Tensor latest = pool.Items_BKE.narrow(1, 0, options.UserMlpLags).reshape(own_BE.shape[0], options.UserMlpLags * options.EmbeddingSize);
        Tensor z_BW = hidden.Bias.addmm(
            cat([latest, pooled_BE, own_BE, .. pool.Temporal_BF is { } temporal_BF ? [temporal_BF] : Array.Empty<Tensor>()], dim: 1), hidden.Weight.t()).relu();
        if (pool.Dropout_BW is { } mask) z_BW = z_BW * mask;
        return user_BE.Plus(output.Bias.addmm(z_BW, output.Weight.t()));
    }

    // The pools that the weights hold, for scoring.
    private PoolRows PoolOf(Tensor users_B)
    {
        UserPools pools = weights.Pools
            ?? throw new InvalidOperationException("The model has a user history, but its weights have no pools (ModelWeights.Pools).");
        float[][] shares = PoolShares.Of(pools.Length, options.HistoryDecay);
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
        Tensor rows_NE = parametersByName["item_history.weight"].index_select(0, tensor(items_BK));
        Tensor? features_BF = options.HasTemporalFeatures ? tensor(temporal_BF).reshape(count, TemporalFeatures.Count) : null;
        return new PoolRows(rows_NE.reshape(count, pools.Length, options.EmbeddingSize) * present, weight_BK, features_BF);
    }

    private Tensor Mlp(Tensor x, IReadOnlyList<Tensor?>? dropout)
    {
        if (dropout?[0] is { } inputMask) x = x * inputMask;
        for (int l = 0; l < mlpLayers.Length; l++)
        {
            x = mlpLayers[l].Bias.addmm(x, mlpLayers[l].Weight.t()).relu();
            if (dropout?[l + 1] is { } mask) x = x * mask;
        }

        return x;
    }

    private Tensor Activated(Tensor embedding) => options.EmbeddingActivation == "relu" ? embedding.relu() : embedding;
}
