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

    /// <summary>Whether the model has a GMF part (or MF's dot product).</summary>
    internal bool HasGmf => Kind != "mlp";

    internal bool HasMlp => Kind is "neumf" or "mlp";

    internal bool HasBiases => Biases || Kind == "mf";

    internal bool HasHead => Kind != "mf";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HasMlp && MlpLayers.Length == 0) yield return new($"is empty, but \"{Kind}\" has an MLP: give its widths, such as [64, 32, 16, 8]", [nameof(MlpLayers)]);
        if (MlpLayers.Any(width => width is < 1 or > 65536)) yield return new("has a width that is not between 1 and 65536", [nameof(MlpLayers)]);
        if (Dropout.Any(rate => rate is not (>= 0 and < 1))) yield return new("has a rate that is not between 0 and below 1", [nameof(Dropout)]);
        if (Dropout.Length > MlpLayers.Length + 1) yield return new($"has {Dropout.Length} rates for an input and {MlpLayers.Length} layers", [nameof(Dropout)]);
    }
}
