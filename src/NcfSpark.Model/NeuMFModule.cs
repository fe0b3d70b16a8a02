using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// Neural matrix factorization (He et al. 2017, "Neural Collaborative Filtering", equations 8 to 12), as the definition of the model: what
/// trains any shape, and what every faster path is checked against.
/// <code>
/// gmf    = p ∘ q                                              p, q: the user's and the item's GMF embeddings
/// mlp    = relu(W_L … relu(W_1 [p'; q'] + b_1) … + b_L)       p', q': their MLP embeddings
/// logit  = h · [gmf; mlp] + b                                 neumf; gmf and mlp leave the other part out
/// logit  = p · q + b_user + b_item + b                        mf: no head; the others have b_user + b_item, too, where Biases is set
/// score  = sigmoid(logit)
/// </code>
/// Shapes: B pairs, E = EmbeddingSize, M = MlpEmbeddingSize.
/// The parameters are views of the weights' memory: changing one changes the other.
/// </summary>
public sealed class NeuMFModule : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly ModelOptions options;
    private readonly Dictionary<string, Parameter> parametersByName = [];
    private readonly (Parameter Weight, Parameter Bias)[] mlpLayers;

    public NeuMFModule(ModelWeights weights)
        : base(nameof(NeuMFModule))
    {
        options = weights.Options;
        foreach (Weight weight in weights.All)
        {
            var parameter = new Parameter(weight.View(), requires_grad: true);
            parametersByName.Add(weight.Name, parameter);
            register_parameter(weight.Name.Replace('.', '_'), parameter); // Torch forbids dots in the name of a single parameter
        }

        mlpLayers = [.. weights.MlpLayers.Select(layer => (parametersByName[layer.Weight.Name], parametersByName[layer.Bias.Name]))];
    }

    /// <summary>The parameter that is the view of a weight.</summary>
    public Parameter this[Weight weight] => parametersByName[weight.Name];

    /// <summary>Logits of pairs.</summary>
    /// <param name="users_B">User indexes, Int64.</param>
    /// <param name="items_B">Item indexes, Int64.</param>
    /// <returns>Logits [B]; their sigmoid is the score.</returns>
    public override Tensor forward(Tensor users_B, Tensor items_B) => Logits(new EmbeddingRows(name =>
        parametersByName.TryGetValue(name, out Parameter? table) ? table.index_select(0, name.StartsWith("user", StringComparison.Ordinal) ? users_B : items_B) : null));

    /// <summary>Logits of pairs whose embeddings are given, so that a step need not make gradients of whole tables.</summary>
    /// <param name="rows">The embeddings of the pairs.</param>
    /// <param name="dropout">For the MLP's input and each of its layers a mask [B, width] of 0 and 1 / (1 - rate), or null for none.</param>
    public Tensor Logits(EmbeddingRows rows, IReadOnlyList<Tensor?>? dropout = null)
    {
        var parts = new List<Tensor>(2);
        if (options.HasGmf) parts.Add(Activated(rows.UserGmf_BE!) * Activated(rows.ItemGmf_BE!));
        if (options.HasMlp) parts.Add(Mlp(cat([Activated(rows.UserMlp_BM!), Activated(rows.ItemMlp_BM!)], dim: 1), dropout));
        if (!options.HasHead) return parts[0].sum(dim: 1, keepdim: true).Plus(rows.UserBias_B1!).Plus(rows.ItemBias_B1!).Plus(parametersByName["head.bias"]).squeeze(1);
        Tensor joined = parts.Count == 1 ? parts[0] : cat(parts, dim: 1);
        Tensor logits_B1 = parametersByName["head.bias"].addmm(joined, parametersByName["head.weight"].t());
        if (options.HasBiases) logits_B1 = logits_B1.Plus(rows.UserBias_B1!).Plus(rows.ItemBias_B1!);
        return logits_B1.squeeze(1);
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
