using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>
/// The weights of one model, by the names of its tensors. U users, I items, E = EmbeddingSize, M = MlpEmbeddingSize.
/// Parts that a kind of model does not have are null.
/// <code>
/// user_gmf.weight [U, E]      item_gmf.weight [I, E]     user_mlp.weight [U, M]    item_mlp.weight [I, M]
/// user_bias.weight [U, 1]     item_bias.weight [I, 1]    head.weight [1, E + width of the last layer]    head.bias [1, 1]
/// mlp.l.weight [n, k]         mlp.l.bias [1, n]          for layer l from width k to width n
/// with a user history:        item_history.weight [I, E]
/// with an MLP of width W over L lags in the user encoder:
/// user_layers.0.weight [W, (L + 2) E], or [W, (L + 2) E + 24] with temporal features    user_layers.0.bias [1, W]
/// user_layers.1.weight [E, W]                                                           user_layers.1.bias [1, E]
/// with interactions, widths H = [H_0, …, E] of a user's layers, G = [G_0, …, E] of an item's; user_gmf and item_gmf follow from the others:
/// user_interactions.weight [I, H_0]           user_interactions.l.weight [H_l, H_(l-1)]    user_interactions.l.bias [1, H_l]    l from 1
/// item_interactions.weight [U, G_0]           item_interactions.l.weight [G_l, G_(l-1)]    item_interactions.l.bias [1, G_l]
/// interactions.mean [1, 1]                    the mean rating
/// with attention:             attention.*, as <see cref="AttentionShape.Parameters"/> lists them
/// with features of items:     item_parts.weight [I + F, E + 1]: items' own rows, then those of features, the bias last; item_gmf and item_bias are then
///                             composed of these (<see cref="ItemComposition"/>)
/// </code>
/// </summary>
public sealed class ModelWeights
{
    /// <param name="featureCount">F, if items have features.</param>
    public ModelWeights(ModelOptions options, int userCount, int itemCount, int featureCount = 0)
    {
        (Options, UserCount, ItemCount) = (options, userCount, itemCount);
        if (options.HasItemFeatures) ItemParts = new Weight("item_parts.weight", itemCount + featureCount, options.EmbeddingSize + 1);
        if (options.HasGmf)
        {
            UserGmf = new Weight("user_gmf.weight", userCount, options.EmbeddingSize);
            ItemGmf = new Weight("item_gmf.weight", itemCount, options.EmbeddingSize);
        }

        int headInputs = options.HasGmf ? options.EmbeddingSize : 0;
        if (options.HasMlp)
        {
            UserMlp = new Weight("user_mlp.weight", userCount, options.MlpEmbeddingSize);
            ItemMlp = new Weight("item_mlp.weight", itemCount, options.MlpEmbeddingSize);
            int width = 2 * options.MlpEmbeddingSize;
            MlpLayers = [.. options.MlpLayers.Select((next, l) =>
            {
                var layer = (new Weight($"mlp.{l}.weight", next, width), new Weight($"mlp.{l}.bias", 1, next));
                width = next;
                return layer;
            })];
            headInputs += width;
        }

        if (options.HasBiases)
        {
            UserBias = new Weight("user_bias.weight", userCount, 1);
            ItemBias = new Weight("item_bias.weight", itemCount, 1);
        }

        if (options.HasHistory) ItemHistory = new Weight("item_history.weight", itemCount, options.EmbeddingSize);
        if (options.HasUserMlp)
        {
            (int inputs, int width) =
                ((options.UserMlp.Lags + 2) * options.EmbeddingSize + (options.HasTemporalFeatures ? TemporalFeatures.Count : 0), options.UserMlp.Width);
            UserLayers =
            [
                (new Weight("user_layers.0.weight", width, inputs), new Weight("user_layers.0.bias", 1, width)),
                (new Weight("user_layers.1.weight", options.EmbeddingSize, width), new Weight("user_layers.1.bias", 1, options.EmbeddingSize)),
            ];
        }

        if (options.HasAttention)
        {
            Attention = [.. options.AttentionShape.Parameters.Select(parameter => new Weight(parameter.Name, parameter.Rows, parameter.Columns))];
        }

        if (options.HasInteractions)
        {
            UserInteractions = new EncoderWeights("user_interactions", itemCount, [.. options.Interactions.UserLayers, options.EmbeddingSize]);
            ItemInteractions = new EncoderWeights("item_interactions", userCount, [.. options.Interactions.ItemLayers, options.EmbeddingSize]);
            MeanRating = new Weight("interactions.mean", 1, 1);
        }

        if (options.HasHead) Head = new Weight("head.weight", 1, headInputs); // MF has none, since its score is the dot product itself

        HeadBias = new Weight("head.bias", 1, 1);
        UserTables = [.. new[] { UserGmf, UserMlp, UserBias, ItemInteractions?.Table }.OfType<Weight>()];
        ItemTables = [.. new[] { ItemGmf, ItemMlp, ItemBias, UserInteractions?.Table }.OfType<Weight>()];
        PoolTables = [.. new[] { ItemHistory }.OfType<Weight>()];
        Dense =
        [
            .. Attention, .. UserLayers.Concat(MlpLayers).SelectMany(layer => new[] { layer.Weight, layer.Bias }),
            .. UserInteractions?.Dense ?? [], .. ItemInteractions?.Dense ?? [], .. new[] { MeanRating, Head, HeadBias }.OfType<Weight>(),
        ];
    }

    public ModelOptions Options { get; }

    public int UserCount { get; }

    public int ItemCount { get; }

    public Weight? UserGmf { get; }

    public Weight? ItemGmf { get; }

    public Weight? UserMlp { get; }

    public Weight? ItemMlp { get; }

    public Weight? UserBias { get; }

    public Weight? ItemBias { get; }

    public IReadOnlyList<(Weight Weight, Weight Bias)> MlpLayers { get; } = [];

    /// <summary>What items' vectors and biases are composed of, if they have features.</summary>
    public Weight? ItemParts { get; }

    /// <summary>Number of features of items.</summary>
    public int FeatureCount => ItemParts is null ? 0 : ItemParts.Rows - ItemCount;

    /// <summary>The features of items, for training; scoring needs none, since vectors are composed.</summary>
    public FeatureLists? Features { get; set; }

    /// <summary>The rows of items in users' pools.</summary>
    public Weight? ItemHistory { get; }

    /// <summary>The hidden and the output layer of the user encoder's MLP; empty without one.</summary>
    public IReadOnlyList<(Weight Weight, Weight Bias)> UserLayers { get; } = [];

    /// <summary>The matrices of the attention over a user's items, as its shape lists them; empty without.</summary>
    public IReadOnlyList<Weight> Attention { get; } = [];

    /// <summary>The encoder of users from their rows of the interaction matrix; null without.</summary>
    public EncoderWeights? UserInteractions { get; }

    /// <summary>The encoder of items from their columns, whose table has a row for each user; null without.</summary>
    public EncoderWeights? ItemInteractions { get; }

    /// <summary>The mean rating, which a user without training rows is taken to have given.</summary>
    public Weight? MeanRating { get; }

    /// <summary>The latest items of each user, for scoring; null if the model does not look at them.</summary>
    public UserPools? Pools { get; set; }

    /// <summary>The same weights, whose users are asked about a moment each (<see cref="UserPools.Moments_U"/>). They share memory with these.</summary>
    public ModelWeights Told(long[] moments_U)
    {
        var told = (ModelWeights)MemberwiseClone();
        told.Pools = Pools is { } pools ? pools with { Moments_U = moments_U } : null;
        return told;
    }

    /// <summary>The baseline that serves instead; null where these weights are the model.</summary>
    public ItemWeights? Baseline { get; init; }

    public Weight? Head { get; }

    public Weight HeadBias { get; }

    /// <summary>Tables with a row for each user; a training step touches only the rows in its batch.</summary>
    public IReadOnlyList<Weight> UserTables { get; }

    /// <summary>Tables with a row for each item.</summary>
    public IReadOnlyList<Weight> ItemTables { get; }

    /// <summary>Tables with a row for each item, of which a step uses the rows in its users' pools.</summary>
    public IReadOnlyList<Weight> PoolTables { get; }

    /// <summary>Attention, the MLPs and the head, which every step updates.</summary>
    public IReadOnlyList<Weight> Dense { get; }

    /// <summary>All weights that are not rows of users and not composed of others; workers share these.</summary>
    public IEnumerable<Weight> Shared => [.. ItemParts is null ? ItemTables : [ItemParts], .. PoolTables, .. Dense];

    /// <summary>All weights that are not rows of users: those of the model's shared file.</summary>
    public IEnumerable<Weight> Stored => [.. ItemTables, .. PartTables, .. PoolTables, .. Dense];

    public IEnumerable<Weight> All => [.. UserTables, .. Stored];

    /// <summary>The table that items' vectors are composed of, or none.</summary>
    public IReadOnlyList<Weight> PartTables => ItemParts is null ? [] : [ItemParts];

    /// <summary>
    /// Composes the vectors and biases of all items from their parts, if they have features; those of new items with <see cref="ModelOptions.NewItemBoost"/>.
    /// </summary>
    public void ComposeItems()
    {
        if (ItemParts is null || Features is null) return;
        int size = Options.EmbeddingSize;
        float[] sum = new float[size + 1];
        for (int item = 0; item < ItemCount; item++)
        {
            if (Features.IsTrained[item]) ItemParts.Row(item).CopyTo(sum);
            else Array.Clear(sum);
            float share = FeatureLists.Share(Features[item].Length);
            foreach (int feature in Features[item])
            {
                Span<float> row = ItemParts.Row(ItemCount + feature);
                for (int c = 0; c <= size; c++) sum[c] += share * row[c];
            }

            sum.AsSpan(0, size).CopyTo(ItemGmf!.Row(item));
            ItemBias!.Row(item)[0] = sum[size] + (Features.IsTrained[item] ? 0 : (float)Options.NewItemBoost);
        }
    }

    /// <summary>Whether every weight is finite.</summary>
    public bool IsFinite => All.All(weight => AllFinite(weight.Values)) && Baseline?.IsFinite != false;

    /// <summary>
    /// Initial weights: embeddings normal with standard deviation <see cref="ModelOptions.EmbeddingInit"/>, and so all
    /// layers of interactions, as published; biases 0, other layers uniform within sqrt(6 / (inputs + outputs)) (Glorot
    /// and Bengio 2010; the default of Keras, which the AWS sample uses). A head of GMF that is not trained is 1.
    /// Attention begins as its shape says, and with it users' own rows at 0: they are what is left to say of a user
    /// beside their items.
    /// </summary>
    /// <param name="numberOf">Only for a part of all users: the index among all users of the user of a row. Each row
    /// then starts as it does when all users are present.</param>
    /// <param name="features">The features of items, if they have some: their rows start at 0.</param>
    public static ModelWeights Initialize(
        ModelOptions options, int userCount, int itemCount, long seed, Func<int, int>? numberOf = null, FeatureLists? features = null)
    {
        var weights = new ModelWeights(options, userCount, itemCount, features?.Count ?? 0) { Features = features };
        bool derived = options.HasInteractions;
        Weight?[] random =
        [
            options.HasAttention || derived ? null : weights.UserGmf, derived ? null : weights.ItemGmf, weights.UserMlp, weights.ItemMlp, weights.ItemHistory,
            .. weights.UserInteractions?.All ?? [], .. weights.ItemInteractions?.All ?? [],
        ];
        foreach (Weight table in random.OfType<Weight>())
        {
            RandomStream stream = RandomStream.Named(seed, table.Name);
            bool isUsers = weights.UserTables.Contains(table);
            Parallel.For(0, table.Rows, row =>
            {
                long place = (long)(isUsers && numberOf is not null ? numberOf(row) : row) * table.Columns;
                foreach (ref float value in table.Row(row)) value = (float)(options.EmbeddingInit * stream.Normal(place++));
            });
        }

        if (weights.ItemParts is { } parts)
        {
            for (int item = 0; item < itemCount; item++) weights.ItemGmf!.Row(item).CopyTo(parts.Row(item));
        }

        foreach (Weight layer in weights.UserLayers.Concat(weights.MlpLayers).Select(layer => layer.Weight).Append(weights.Head).OfType<Weight>())
        {
            SetUniform(layer, seed, Math.Sqrt(6.0 / (layer.Rows + layer.Columns)));
        }

        if (options.HasAttention)
        {
            foreach ((Weight weight, AttentionParameter parameter) in weights.Attention.Zip(options.AttentionShape.Parameters))
            {
                if (parameter.Start == AttentionStart.One) weight.Values.Fill(1);
                if (parameter.Start == AttentionStart.Uniform) SetUniform(weight, seed, Math.Sqrt(3.0 / weight.Columns));
            }
        }

        if (weights.Head is not null && options.HasGmf && !options.TrainedGmfHead) weights.Head.Values[..options.EmbeddingSize].Fill(1);
        return weights;
    }

    /// <summary>The layers of an encoder of interactions: a table of its first layer, and weight and bias of each further one.</summary>
    public sealed class EncoderWeights
    {
        internal EncoderWeights(string name, int columns, int[] widths)
        {
            Table = new Weight($"{name}.weight", columns, widths[0]);
            Layers = [.. Enumerable.Range(1, widths.Length - 1).Select(l =>
                (new Weight($"{name}.{l}.weight", widths[l], widths[l - 1]), new Weight($"{name}.{l}.bias", 1, widths[l])))];
        }

        public Weight Table { get; }

        public IReadOnlyList<(Weight Weight, Weight Bias)> Layers { get; }

        internal IEnumerable<Weight> Dense => Layers.SelectMany(layer => new[] { layer.Weight, layer.Bias });

        internal IEnumerable<Weight> All => [Table, .. Dense];
    }

    private static void SetUniform(Weight weight, long seed, double limit)
    {
        RandomStream stream = RandomStream.Named(seed, weight.Name);
        Span<float> values = weight.Values;
        for (int i = 0; i < values.Length; i++) values[i] = (float)(limit * (2 * stream.Unit(i) - 1));
    }

    private static bool AllFinite(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value)) return false;
        }

        return true;
    }
}
