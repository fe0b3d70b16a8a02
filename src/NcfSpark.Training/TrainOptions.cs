using System.ComponentModel.DataAnnotations;
using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>Section Train: how the network is fitted.</summary>
public sealed record TrainOptions : IValidatableObject
{
    /// <summary>
    /// What computes an update. "torch": autograd over the TorchSharp module. "fused": NcfSpark's own kernels, about 10 times faster to the same
    /// mathematics, rounded otherwise. "auto": fused on processors with vectors, otherwise torch.
    /// </summary>
    [AllowedValues("auto", "torch", "fused")]
    public string Step { get; init; } = "auto";

    /// <summary>"stored": the negatives that `prepare` wrote, the same in every epoch. "resampled": drawn afresh each epoch by the same exact rule, which generalises better.</summary>
    [AllowedValues("stored", "resampled")]
    public string Negatives { get; init; } = "stored";

    /// <summary>Negatives drawn for each positive where they are resampled. More is better up to a point, and slower in proportion.</summary>
    [Range(0, 1000)]
    public int NegativesPerPositive { get; init; } = 5;

    /// <summary>Passes over the training rows, at most.</summary>
    [Range(1, 100_000)]
    public int Epochs { get; init; } = 20;

    /// <summary>Samples an update. Larger is faster and needs a higher learning rate.</summary>
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; } = 256;

    /// <summary>Adam's step size.</summary>
    [Range(1e-9, 10.0)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>L2: adds half of this times the squared length of a sample's embeddings to its loss, so only rows that a batch touches are drawn towards 0.</summary>
    [Range(0.0, 100.0)]
    public double Regularization { get; init; }

    /// <summary>Ends training after so many epochs without a better validation NDCG@10, and keeps the best epoch. 0 trains all epochs and keeps the last. Needs Prepare:Validation.</summary>
    [Range(0, 100_000)]
    public int Patience { get; init; }

    /// <summary>How many users are validated on after each epoch; 0 for all. Fewer is faster and noisier.</summary>
    [Range(0, int.MaxValue)]
    public int ValidationUsers { get; init; }

    /// <summary>A checkpoint is written after each epoch, and within an epoch at least this often. A killed run goes on from the last one, to the same bytes.</summary>
    [ResultNeutral]
    [Range(0.001, 10_000.0)]
    public double CheckpointMinutes { get; init; } = 5;

    /// <summary>Threads that train; 0 for all cores. The model is the same with any number.</summary>
    [ResultNeutral]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Seeds the first weights, the order of samples, negatives and dropout. Same seed, same bytes.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Negatives == "resampled" && NegativesPerPositive == 0) yield return new("is 0, so there is nothing to tell positives from: draw at least 1", [nameof(NegativesPerPositive)]);
    }
}
