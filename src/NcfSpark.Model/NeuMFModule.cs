using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// The definition of the model, composed of a user encoder, an item encoder and an interaction. It trains every shape,
/// and every faster path is checked against it. Kind "neumf" is neural matrix factorization (He et al. 2017, "Neural
/// Collaborative Filtering", equations 8 to 12).
/// <code>
/// score(u, i) = sigmoid(interaction(user encoder(u, pool of u), item encoder(i)))
///
/// user encoder   embedding   u = p                a row of user_gmf;    with EmbeddingActivation "relu", relu of each row
///                history     <see cref="UserHistoryEncoder"/>: u = p + what the user had just before
///                attention   <see cref="UserAttention"/>: u = p + what it makes of the user's latest items and their times
///                interactions   <see cref="InteractionVectors"/>: u = p / |p|, p by an MLP over the user's row of the interaction matrix
/// item encoder   embedding   q                    a row of item_gmf
///                interactions   q / |q|, q by an MLP over the item's column
/// interaction    dot (Kind "mf"), gmf, mlp, neumf: <see cref="Interaction"/>; the MLP's p' and q' are rows of user_mlp and item_mlp
///                cosine      the score itself, without sigmoid
/// </code>
/// Shapes: B pairs, E = EmbeddingSize, M = MlpEmbeddingSize.
/// The parameters are views of the weights' memory: changing one changes the other.
/// </summary>
public sealed class NeuMFModule : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly ModelOptions options;
    private readonly Dictionary<string, Parameter> parametersByName = [];
    private readonly UserHistoryEncoder history;
    private readonly UserAttention? attention;
    private readonly Interaction interaction;
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

        if (options.HasAttention) attention = new UserAttention(options.AttentionShape, [.. weights.Attention.Select(weight => this[weight])]);
        history = new UserHistoryEncoder(options, Layers(weights.UserLayers));
        interaction = new Interaction(weights.Head is { } head ? this[head] : null, this[weights.HeadBias], Layers(weights.MlpLayers));
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
            Pool = options.HasHistory ? history.PoolsOf(users_B, weights.Pools, this[weights.ItemHistory!]) : null,
            Attended_BE = options.HasAttention ? Attended(users_B) : null,
        });

    /// <summary>
    /// Logits of pairs whose embeddings are given, so that a step does not compute gradients of whole tables.
    /// </summary>
    /// <param name="rows">The embeddings of the pairs.</param>
    /// <param name="dropout">For the MLP's input and each of its layers a mask [B, width] of 0 and 1 / (1 - rate), or
    /// null for none.</param>
    public Tensor Logits(EmbeddingRows rows, IReadOnlyList<Tensor?>? dropout = null) => interaction.Logits(
        options.HasGmf ? (User(rows), Activated(rows.ItemGmf_BE!)) : null,
        options.HasMlp ? (Activated(rows.UserMlp_BM!), Activated(rows.ItemMlp_BM!)) : null,
        options.HasBiases ? (rows.UserBias_B1!, rows.ItemBias_B1!) : null,
        dropout);

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

    /// <inheritdoc cref="UserAttention.Forward"/>
    public Tensor Attention(Tensor items_TE, ReadOnlySpan<long> times_T, ReadOnlySpan<long> moments_T, IReadOnlyList<Tensor> dropout) =>
        attention!.Forward(items_TE, times_T, moments_T, dropout);

    // Of the latest items that the weights hold, for scoring.
    private Tensor Attended(Tensor users_B)
    {
        UserPools pools = weights.Pools
            ?? throw new InvalidOperationException("The model looks at users' latest items, but its weights have none (ModelWeights.Pools).");
        return stack(Array.ConvertAll(users_B.data<long>().ToArray(), user =>
        {
            long[] items = [.. pools[(int)user].ToArray().Reverse().Select(item => (long)item)], times = [.. pools.TimesOf((int)user).ToArray().Reverse()];
            long[] moments = pools.MomentOf((int)user) is { } asked && items.Length > 0 ? [.. times[1..], asked] : [];
            return items.Length == 0 ? zeros(options.EmbeddingSize)
                : Attention(this[weights.ItemGmf!].index_select(0, tensor(items)), times, moments, []).select(0, items.Length - 1);
        }));
    }

    /// <summary>Vectors of length 1 [R, E] of rows of the interaction matrix [R, columns]: what user_gmf or, of its columns, item_gmf are.</summary>
    public Tensor Encode(ModelWeights.EncoderWeights encoder, Tensor rows_RC) =>
        InteractionVectors.Of(rows_RC, this[encoder.Table], Layers(encoder.Layers));

    private Tensor User(EmbeddingRows rows)
    {
        Tensor own_BE = Activated(rows.UserGmf_BE!);
        return rows.Pool is { } pool ? history.Forward(own_BE, pool) : rows.Attended_BE is { } attended_BE ? own_BE.Plus(attended_BE) : own_BE;
    }

    private Tensor Activated(Tensor embedding) => options.EmbeddingActivation == Activation.Relu ? embedding.relu() : embedding;

    private (Parameter Weight, Parameter Bias)[] Layers(IEnumerable<(Weight Weight, Weight Bias)> layers) =>
        [.. layers.Select(layer => (this[layer.Weight], this[layer.Bias]))];
}

/// <summary>
/// a + b, safely. TorchSharp 0.107 passes the factor 1 of an addition to native code as a Scalar that it makes for each
/// call and no longer references: a garbage collection at that moment frees it while it is being read ("Expected false
/// to be true" in toFloat). This happened every few minutes of training on a busy machine. Here the factor is made once
/// and kept. The compiler refuses Scalar, + and - on tensors elsewhere (BannedSymbols.txt).
/// </summary>
internal static class TensorAddition
{
#pragma warning disable RS0030 // the one place that may
    private static readonly Scalar One = 1f;

    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);
#pragma warning restore RS0030
}
