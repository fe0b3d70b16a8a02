using System.ComponentModel.DataAnnotations;

namespace NcfSpark.Model;

/// <summary>Section Model: which network.</summary>
public sealed record ModelOptions : IValidatableObject
{
    /// <summary>
    /// "neumf": GMF beside an MLP, joined in one linear head (He et al. 2017). "gmf": the product of embeddings and the head alone.
    /// "mlp": the MLP and the head alone. "mf": the dot product of embeddings, with a bias for each user and item.
    /// </summary>
    [AllowedValues("neumf", "gmf", "mlp", "mf")]
    public string Kind { get; init; } = "neumf";

    /// <summary>Length of a user's and an item's embedding in GMF and MF. Larger fits more and overfits sooner.</summary>
    [Range(1, 4096)]
    public int EmbeddingSize { get; init; } = 32;

    /// <summary>Length of a user's and of an item's embedding in the MLP, which sees both side by side.</summary>
    [Range(1, 4096)]
    public int MlpEmbeddingSize { get; init; } = 32;

    /// <summary>Widths of the MLP's layers, from the first after the embeddings to the last before the head, such as [64, 32, 16, 8]. All have ReLU.</summary>
    public int[] MlpLayers { get; init; } = [];

    /// <summary>Rates of dropout on the MLP's input and after its first, second, … layer; those not named have none. [0.25, 0.25, 0.25] as in the AWS sample.</summary>
    public double[] Dropout { get; init; } = [];

    /// <summary>"none", or "relu" on every embedding: the AWS sample's one-hot Dense layer, whose bias, one for all rows, is part of the rows here.</summary>
    [AllowedValues("none", "relu")]
    public string EmbeddingActivation { get; init; } = "none";

    /// <summary>Standard deviation of the embeddings at the start. The NCF paper has 0.01; MF often learns faster from 0.1.</summary>
    [Range(0.0, 10.0)]
    public double EmbeddingInit { get; init; } = 0.01;

    /// <summary>Whether each user and item has a bias, added to the logit. It takes popularity off the embeddings; 1 number more a row. "mf" always has them.</summary>
    public bool Biases { get; init; }

    /// <summary>
    /// Whether the head's weights of the GMF part are trained, as in the paper. Fixed at 1, GMF is a plain dot product: embeddings get their whole gradient
    /// from the start, which recommends better, but they cannot be weighed against each other. "mf" always has them fixed.
    /// </summary>
    public bool TrainedGmfHead { get; init; } = true;

    /// <summary>
    /// "embedding": a user is a row of their own, as published. "history": to that row a pool of the items just before is added, from a table of its own,
    /// which tells far better what comes next, and serves users who were not trained on. It needs timestamps that mean something.
    /// </summary>
    [AllowedValues("embedding", "history")]
    public string User { get; init; } = "embedding";

    /// <summary>How many items a user's pool holds, at most. More costs time; beyond about 20 it gains nothing at the usual decay. Only with User "history".</summary>
    [Range(1, 1000)]
    public int HistoryLength { get; init; } = 20;

    /// <summary>The k-th latest item of the pool counts e^(-(k - 1) / HistoryDecay), and all together 1: smaller looks at the very latest, larger further back.</summary>
    [Range(0.01, 1e6)]
    public double HistoryDecay { get; init; } = 3;

    /// <summary>What the pool is multiplied by. Larger learns faster from few passes, and overfits sooner.</summary>
    [Range(0.001, 100.0)]
    public double HistoryFactor { get; init; } = 2;

    /// <summary>
    /// Width of an MLP over the user's side (latest items, pool and embedding), whose output is added to it; 0 for none. It recommends better where there is much
    /// data, takes several times as long to train, and costs nothing to score: a score stays a dot product.
    /// </summary>
    [Range(0, 65536)]
    public int UserMlpWidth { get; init; }

    /// <summary>How many of the latest items that MLP sees one by one; at most HistoryLength.</summary>
    [Range(0, 1000)]
    public int UserMlpLags { get; init; } = 3;

    /// <summary>
    /// Whether that MLP also sees how the latest items came, by their times: at once or after a pause, how many of one second, and of one session. It tells who is
    /// working through a list from who comes back, and needs times to the second. Nothing of the moment of asking is in it.
    /// </summary>
    public bool UserMlpRhythm { get; init; }

    /// <summary>The rate of dropout on that MLP's hidden layer, against learning by heart.</summary>
    [Range(0.0, 0.99)]
    public double UserMlpDropout { get; init; } = 0.3;

    /// <summary>Whether the model has a GMF part (or MF's dot product).</summary>
    internal bool HasGmf => Kind != "mlp";

    internal bool HasMlp => Kind is "neumf" or "mlp";

    internal bool HasBiases => Biases || Kind == "mf";

    internal bool HasHead => Kind != "mf";

    /// <summary>Whether a user's GMF embedding takes in the items just before.</summary>
    public bool HasHistory => User == "history";

    internal bool HasUserMlp => HasHistory && UserMlpWidth > 0;

    /// <summary>Whether a user's side takes in the marks of <see cref="TemporalFeatures"/>.</summary>
    public bool HasTemporalFeatures => HasUserMlp && UserMlpRhythm;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HasMlp && MlpLayers.Length == 0) yield return new($"is empty, but \"{Kind}\" has an MLP: give its widths, such as [64, 32, 16, 8]", [nameof(MlpLayers)]);
        if (MlpLayers.Any(width => width is < 1 or > 65536)) yield return new("has a width that is not between 1 and 65536", [nameof(MlpLayers)]);
        if (Dropout.Any(rate => rate is not (>= 0 and < 1))) yield return new("has a rate that is not between 0 and below 1", [nameof(Dropout)]);
        if (Dropout.Length > MlpLayers.Length + 1) yield return new($"has {Dropout.Length} rates for an input and {MlpLayers.Length} layers", [nameof(Dropout)]);
        if (HasHistory && Kind == "mlp") yield return new("is \"history\", which adds to the embeddings of GMF and MF; Kind \"mlp\" has none", [nameof(User)]);
        if (HasHistory && EmbeddingActivation != "none") yield return new("is \"history\", whose sum of embeddings takes no EmbeddingActivation: set that to \"none\"", [nameof(User)]);
        if (HasUserMlp && UserMlpLags > HistoryLength) yield return new($"is {UserMlpLags}, but the pool holds HistoryLength {HistoryLength} items", [nameof(UserMlpLags)]);
    }
}
