using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>Section Model: which network.</summary>
public sealed record ModelOptions : IValidatableObject
{
    /// <summary>
    /// The network. "mf" (default): matrix factorization, the dot product of a user's and an item's embedding, with a bias for
    /// each user and item; best on the logs measured here, and fastest. "neumf": GMF beside an MLP, joined in one linear layer,
    /// the head (He et al. 2017). "gmf": the weighted product of embeddings alone. "mlp": the MLP alone. "cosine": the cosine of
    /// a user's and an item's vector; with User "interactions", deep matrix factorization (Xue et al. 2017).
    /// </summary>
    public NetworkKind Kind { get; init; } = NetworkKind.Mf;

    /// <summary>
    /// Length of a user's and an item's embedding in MF and GMF, in numbers. Longer ones learn more from much data, overfit
    /// sooner on little, and take proportionally more time and memory.
    /// </summary>
    [Range(1, 4096)]
    public int EmbeddingSize { get; init; } = 128;

    /// <summary>
    /// Length of a user's and of an item's embedding in the MLP, which takes the two side by side. Only with Kind "neumf" and
    /// "mlp".
    /// </summary>
    [Range(1, 4096)]
    public int MlpEmbeddingSize { get; init; } = 32;

    /// <summary>
    /// Widths of the MLP's layers, from the first after the embeddings to the last before the head. All have ReLU. Only with Kind
    /// "neumf" and "mlp".
    /// </summary>
    public int[] MlpLayers { get; init; } = [64, 32, 16, 8];

    /// <summary>
    /// Rates of dropout (the share of values set to 0 in training, against overfitting) on the MLP's input and after its first,
    /// second, … layer. Layers that are not named have none. Try [0.25, 0.25, 0.25] where NeuMF fits training rows much better
    /// than validation rows.
    /// </summary>
    public double[] Dropout { get; init; } = [];

    /// <summary>
    /// Function applied to every embedding: "none" (default), or "relu", which reproduces the AWS sample, whose embeddings are
    /// one-hot Dense layers with ReLU.
    /// </summary>
    public Activation EmbeddingActivation { get; init; } = Activation.None;

    /// <summary>
    /// Standard deviation of the embeddings before training. MF learns faster from 0.1 (default); the NCF paper has 0.01 for
    /// NeuMF.
    /// </summary>
    [Range(0.0, 10.0)]
    public double EmbeddingInit { get; init; } = 0.1;

    /// <summary>
    /// Whether each user and each item has a bias, a number added to its scores, so that embeddings need not learn popularity.
    /// Kind "mf" always has them.
    /// </summary>
    public bool Biases { get; init; }

    /// <summary>
    /// Whether the head's weights of the GMF part are trained, as in the NCF paper. false fixes them at 1, which makes GMF a
    /// plain dot product: its embeddings get their whole gradient from the start, which recommends better. Kind "mf" always has
    /// them fixed.
    /// </summary>
    public bool TrainedGmfHead { get; init; } = true;

    /// <summary>
    /// How a user is represented. "history" (default): the user's embedding plus a weighted mean (the pool) of embeddings of the
    /// items used just before, from a table of its own. It predicts the next item much better, and serves users who were not
    /// trained on; it needs times. "attention": a transformer over the items used before, in the order of time: best on long
    /// sequences, and slower to train; it needs Kind "mf", Train:Loss "softmax" and times. "embedding": the user's embedding
    /// alone, as published; for logs without times. "interactions": an MLP over the user's row of the interaction matrix, and one over
    /// each item's column; it goes with Kind "cosine".
    /// </summary>
    public UserEncoderKind User { get; init; } = UserEncoderKind.History;

    /// <summary>
    /// How an item is represented. "embedding" (default): by an embedding of its own. "features": by its own embedding plus those
    /// of its features (Input:ItemFeatures), so that an item without interactions is ranked by what it is like. It needs Kind
    /// "mf", User "history", and rows that plain descent updates (Train:Embeddings:Optimizer "sgd").
    /// </summary>
    public ItemEncoderKind Item { get; init; }

    /// <summary>
    /// Share of items whose own embedding is left out in a step, with Item "features", so that features learn to stand alone.
    /// More helps new items, and costs known ones a little.
    /// </summary>
    [Range(0.0, 0.99)]
    public double OwnDropout { get; init; } = 0.1;

    /// <summary>
    /// Added to the score (log-odds) of an item without interactions, with Item "features". Most items are little used, so what
    /// features say of a new one alone keeps it from all lists, and nobody finds out. 0: as features say. More lists new items
    /// more often, at the cost of known ones.
    /// </summary>
    [Range(-20.0, 20.0)]
    public double NewItemBoost { get; init; } = 1.5;

    /// <summary>The pool of a user's latest items. Only with User "history".</summary>
    public HistoryOptions History { get; init; } = new();

    /// <summary>The MLP over a user's latest items, pool and embedding. Only with User "history".</summary>
    public UserMlpOptions UserMlp { get; init; } = new();

    /// <summary>The transformer over a user's items. Only with User "attention".</summary>
    public AttentionOptions Attention { get; init; } = new();

    /// <summary>The MLPs over rows and columns of the interaction matrix. Only with User "interactions".</summary>
    public InteractionsOptions Interactions { get; init; } = new();

    /// <summary>Whether the model has a GMF part (or MF's dot product).</summary>
    internal bool HasGmf => Kind != NetworkKind.Mlp;

    internal bool HasMlp => Kind is NetworkKind.Neumf or NetworkKind.Mlp;

    internal bool HasBiases => Biases || Kind == NetworkKind.Mf;

    internal bool HasHead => Kind is not (NetworkKind.Mf or NetworkKind.Cosine);

    /// <summary>Whether a score is the cosine itself, and no probability by a logit.</summary>
    public bool ScoreIsCosine => Kind == NetworkKind.Cosine;

    /// <summary>Whether users and items are encoded from the interaction matrix.</summary>
    public bool HasInteractions => User == UserEncoderKind.Interactions;

    /// <summary>Whether an item's vector is made of its own row and those of its features.</summary>
    public bool HasItemFeatures => Item == ItemEncoderKind.Features;

    /// <summary>Whether a user's GMF embedding takes in the items just before.</summary>
    public bool HasHistory => User == UserEncoderKind.History;

    /// <summary>Whether a transformer reads what a user did before.</summary>
    public bool HasAttention => User == UserEncoderKind.Attention;

    /// <summary>Whether the model can be told the moment that it is asked about.</summary>
    public bool HasMoment => HasAttention && Attention.Told > 0;

    /// <summary>Whether the order of a user's items is an input, so that times are needed.</summary>
    public bool NeedsTimes => HasHistory || HasAttention;

    /// <summary>Whether a user is scored by their latest items, or can be.</summary>
    public bool HasPast => NeedsTimes || HasInteractions;

    /// <summary>The most items of a user that scoring looks at; only with <see cref="HasPast"/>.</summary>
    public int PastLength => HasAttention ? Attention.Length : HasInteractions ? Interactions.Length : History.Length;

    /// <summary>The transformer as the kernels know it; only with <see cref="HasAttention"/>.</summary>
    internal AttentionShape AttentionShape => new()
    {
        Size = EmbeddingSize,
        Heads = Attention.Heads,
        Blocks = Attention.Blocks,
        Length = Attention.Length,
        Dropout = Attention.Dropout,
        Told = Attention.Told,
    };

    internal bool HasUserMlp => HasHistory && UserMlp.Width > 0;

    /// <summary>Whether a user's side takes in the marks of <see cref="Model.TemporalFeatures"/>.</summary>
    public bool HasTemporalFeatures => HasUserMlp && UserMlp.TemporalFeatures;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HasMlp && MlpLayers.Length == 0)
        {
            yield return new($"is empty, but \"{SettingText.Of(Kind)}\" has an MLP: give its widths, such as [64, 32, 16, 8]", [nameof(MlpLayers)]);
        }

        if (MlpLayers.Any(width => width is < 1 or > 65536)) yield return new("has a width that is not between 1 and 65536", [nameof(MlpLayers)]);
        if (Dropout.Any(rate => rate is not (>= 0 and < 1))) yield return new("has a rate that is not between 0 and below 1", [nameof(Dropout)]);
        if (Dropout.Length > MlpLayers.Length + 1)
        {
            yield return new($"has {Dropout.Length} rates for an input and {MlpLayers.Length} layers", [nameof(Dropout)]);
        }

        if (HasHistory && Kind == NetworkKind.Mlp)
        {
            yield return new("is \"history\", which adds to the embeddings of GMF and MF; Kind \"mlp\" has none", [nameof(User)]);
        }

        if (HasHistory && EmbeddingActivation != Activation.None)
        {
            yield return new("is \"history\", whose sum of embeddings takes no EmbeddingActivation: set that to \"none\"", [nameof(User)]);
        }

        if (HasItemFeatures && (Kind != NetworkKind.Mf || User != UserEncoderKind.History))
        {
            yield return new("is \"features\", which goes with Kind \"mf\" and User \"history\": set both, or set Item to \"embedding\"", [nameof(Item)]);
        }

        if (HasAttention && (Kind != NetworkKind.Mf || EmbeddingActivation != Activation.None))
        {
            yield return new("is \"attention\", which goes with Kind \"mf\" and EmbeddingActivation \"none\": set both", [nameof(User)]);
        }

        if (HasAttention && EmbeddingSize % (Padding.Lanes * Attention.Heads) != 0)
        {
            int multiple = Padding.Lanes * Attention.Heads;
            yield return new(
                $"is {EmbeddingSize}, but with Model:User \"attention\" it is a multiple of {multiple}, {Padding.Lanes} for each of Model:Attention:Heads: "
                + $"set it to {(EmbeddingSize + multiple - 1) / multiple * multiple}", [nameof(EmbeddingSize)]);
        }

        if (HasInteractions != ScoreIsCosine || (HasInteractions && (Biases || EmbeddingActivation != Activation.None)))
        {
            yield return new(
                "\"interactions\" and Kind \"cosine\" go together, with Biases false and EmbeddingActivation \"none\": set all four, or neither of the two",
                [nameof(User)]);
        }

        foreach ((string name, int[] widths) in new[] { ("UserLayers", Interactions.UserLayers), ("ItemLayers", Interactions.ItemLayers) })
        {
            string[] place = [$"{nameof(Interactions)}:{name}"];
            if (widths.Length == 0) yield return new("is empty: give the width of the first layer, such as [512]", place);
            if (widths.Any(width => width is < 1 or > 65536)) yield return new("has a width that is not between 1 and 65536", place);
        }

        if (HasUserMlp && UserMlp.Lags > History.Length)
        {
            yield return new($"is {UserMlp.Lags}, but the pool holds {History.Length} items (Model:History:Length)",
                [$"{nameof(UserMlp)}:{nameof(UserMlp.Lags)}"]);
        }
    }
}

/// <summary>Group Model:History: the pool of a user's latest items.</summary>
public sealed record HistoryOptions
{
    /// <summary>
    /// Largest number of items in a user's pool. More take more time; beyond about 20 nothing is gained at the default decay.
    /// Only with Model:User "history".
    /// </summary>
    [Range(1, 1000)]
    public int Length { get; init; } = 20;

    /// <summary>
    /// How slowly items of the pool lose weight with age, in items: the k-th latest has the weight e^(-(k - 1) / Decay),
    /// and all weights add up to 1. Smaller values look at the very latest items, larger ones further back.
    /// </summary>
    [Range(0.01, 1e6)]
    public double Decay { get; init; } = 3;

    /// <summary>Factor that the pool is multiplied by. Larger values learn faster from few epochs and overfit sooner.</summary>
    [Range(0.001, 100.0)]
    public double Factor { get; init; } = 2;
}

/// <summary>Group Model:UserMlp: the MLP over a user.</summary>
public sealed record UserMlpOptions
{
    /// <summary>
    /// Width of the hidden layer of an MLP over the user (latest items, pool and embedding), whose output is added to the user's
    /// vector. 0 (default): no such MLP. Try 128 on a million interactions or more: it recommends better there, and training
    /// takes several times as long. Scoring stays as fast.
    /// </summary>
    [Range(0, 65536)]
    public int Width { get; init; }

    /// <summary>Number of latest items that it sees one by one, at most Model:History:Length.</summary>
    [Range(0, 1000)]
    public int Lags { get; init; } = 3;

    /// <summary>
    /// Whether it also sees pauses, bursts and sessions in the times of the latest items, so that a user who works
    /// through a list can be told from one who returns. It needs times to the second. The time of the request is not used.
    /// </summary>
    public bool TemporalFeatures { get; init; }

    /// <summary>
    /// Rate of dropout on its hidden layer (the share of values set to 0 in training). Raise it where validation gets
    /// worse while training gets better.
    /// </summary>
    [Range(0.0, 0.99)]
    public double Dropout { get; init; } = 0.3;
}

/// <summary>The network of <see cref="ModelOptions.Kind"/>.</summary>
[JsonConverter(typeof(SettingTextConverter<NetworkKind>))]
public enum NetworkKind
{
    Mf,
    Gmf,
    Mlp,
    Neumf,
    Cosine,
}

/// <summary>How a user is represented (<see cref="ModelOptions.User"/>).</summary>
[JsonConverter(typeof(SettingTextConverter<UserEncoderKind>))]
public enum UserEncoderKind
{
    Embedding,
    History,
    Attention,
    Interactions,
}

/// <summary>How an item is represented (<see cref="ModelOptions.Item"/>).</summary>
[JsonConverter(typeof(SettingTextConverter<ItemEncoderKind>))]
public enum ItemEncoderKind
{
    Embedding,
    Features,
}

/// <summary>A function that is applied to every embedding.</summary>
[JsonConverter(typeof(SettingTextConverter<Activation>))]
public enum Activation
{
    None,
    Relu,
}
