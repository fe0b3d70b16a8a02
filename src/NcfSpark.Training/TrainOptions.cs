using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json.Serialization;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>Section Train: how the network is fitted.</summary>
public sealed record TrainOptions : IValidatableObject
{
    /// <summary>
    /// What computes a training step. "auto" (default): "fused" on processors with vector instructions, otherwise "torch".
    /// "fused": NcfSpark's own kernels, about 10 times faster; results differ from those of "torch" in rounding only. "torch":
    /// TorchSharp, to compare with.
    /// </summary>
    public StepChoice Step { get; init; } = StepChoice.Auto;

    /// <summary>
    /// Where negatives come from. "resampled" (default): drawn anew in each epoch among items that the user has not used.
    /// "uniform": drawn anew among all items; better only together with RecencyScale. "popularity": drawn anew among all items,
    /// in proportion to a power of their popularity (NegativePopularity). "popularity-untouched": by that power among items that
    /// the user has not used; with Model:User "history" a little better than "resampled", and a little slower. "stored": those
    /// that `prepare` wrote (Prepare:NegativesPerPositive), the same in every epoch, as published samples have it.
    /// </summary>
    public NegativeSource Negatives { get; init; } = NegativeSource.Resampled;

    /// <summary>
    /// Power of an item's popularity by which negatives are drawn, for Negatives "popularity" and "popularity-untouched": 0 draws
    /// all items equally often, 1 as often as they are used. 0.25 was best on MovieLens 1M.
    /// </summary>
    [Range(0.0, 2.0)]
    public double NegativePopularity { get; init; } = 0.25;

    /// <summary>
    /// Number of negatives drawn for each positive, unless Negatives is NegativeSource.Stored. More recommend better up to a point; training
    /// time grows in proportion.
    /// </summary>
    [Range(0, 1000)]
    public int NegativesPerPositive { get; init; } = 8;

    /// <summary>
    /// What training minimises. "softmax" (default): each positive is compared with the negatives of its whole batch, which puts
    /// better items at the top of lists; time and memory of a sample grow with BatchSize, and scores are only roughly
    /// probabilities. "logistic": each sample by itself, which gives probabilities; needed for Model:User "embedding", for other
    /// kinds than "mf", and for Negatives "stored".
    /// </summary>
    public LossKind Loss { get; init; } = LossKind.Softmax;

    /// <summary>
    /// Number of negatives that the softmax stands for. null (default): those actually in the batch. The number of items in the
    /// catalogue favours the very top of long lists; fewer favour telling an item from a few others. With Model:User
    /// "attention" it is the number that is drawn for a step, and null is 2,048; the whole catalogue if that is smaller.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? SoftmaxNegatives { get; init; }

    /// <summary>
    /// Number of passes over the training rows; with Patience, the most. Large logs need fewer (3 on a million rows), small ones
    /// more.
    /// </summary>
    [Range(1, 100_000)]
    public int Epochs { get; init; } = 10;

    /// <summary>
    /// Number of samples (positives and negatives) in a training step. Larger batches are faster and need higher learning rates.
    /// With Model:User "history" it is a multiple of NegativesPerPositive + 1.
    /// </summary>
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; } = 576;

    /// <summary>
    /// Number of users in a training step, with Model:User "attention", which trains on all items of a user at once and not on
    /// BatchSize samples. Fewer make more and noisier updates.
    /// </summary>
    [Range(1, 100_000)]
    public int UsersPerBatch { get; init; } = 32;

    /// <summary>
    /// The optimizer of the MLPs and of their embeddings. "adam" (default), on the mean loss of a batch: needs little tuning.
    /// "sgd", plain descent on the summed loss of a batch: can recommend better, and diverges where the learning rate is too high
    /// for the batch.
    /// </summary>
    public Optimizer Optimizer { get; init; } = Optimizer.Adam;

    /// <summary>The optimizer's step size. Higher rates learn faster, up to the point where the loss no longer falls.</summary>
    [Range(1e-9, 10.0)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>
    /// How learning rates change. "linear" (default): they fall to 0 over all Epochs, so the number of epochs matters.
    /// "constant": they stay.
    /// </summary>
    public LearningRateSchedule LearningRateSchedule { get; init; } = LearningRateSchedule.Linear;

    /// <summary>
    /// Strength of L2 regularization: half of it times the squared length of a sample's embeddings is added to its loss, so only
    /// rows in the batch shrink. Raise it where validation gets worse while training gets better.
    /// </summary>
    [Range(0.0, 100.0)]
    public double Regularization { get; init; }

    /// <summary>
    /// Decoupled weight decay (AdamW): a step first shrinks the rows in the batch by this times the learning rate, whatever their
    /// gradients. An alternative to Regularization that suits Adam better.
    /// </summary>
    [Range(0.0, 100.0)]
    public double WeightDecay { get; init; }

    /// <summary>How the embeddings of MF and GMF and the biases are updated, where that differs from the settings above.</summary>
    public EmbeddingUpdateOptions Embeddings { get; init; } = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.05, Regularization = 0.01 };

    /// <summary>
    /// How slowly interactions lose weight with age, in later interactions of the same user: with r of them, a positive, its
    /// negatives and their L2 have the weight RecencyFloor + (1 - RecencyFloor) · e^(-r / RecencyScale), scaled to a mean of 1. 0
    /// (default): all weigh the same. Try 10 with Model:User "embedding", which then predicts the next item much better.
    /// </summary>
    [Range(0.0, 1e6)]
    public double RecencyScale { get; init; }

    /// <summary>Weight of the oldest interactions, where the latest one has 1. Only with RecencyScale.</summary>
    [Range(0.0, 1.0)]
    public double RecencyFloor { get; init; } = 0.05;

    /// <summary>
    /// Number of epochs without a better validation NDCG@10 after which training ends; the best epoch is kept. 0 (default): all
    /// Epochs are trained, and the last is kept. Needs Prepare:Validation.
    /// </summary>
    [Range(0, 100_000)]
    public int Patience { get; init; }

    /// <summary>Number of users that are validated on after each epoch. 0 (default): all. Fewer are faster, and the figure is less exact.</summary>
    [Range(0, int.MaxValue)]
    public int ValidationUsers { get; init; }

    /// <summary>
    /// Longest time between two checkpoints, in minutes; there is also one after each epoch. A killed run continues from the last
    /// one and ends with the same bytes.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0.001, 10_000.0)]
    public double CheckpointMinutes { get; init; } = 5;

    /// <summary>
    /// Number of workers that train, at most Prepare:Shards. Each has the users of its shards; items and layers are shared
    /// through a parameter server. More workers train more samples a second, to a slightly different model.
    /// </summary>
    [Range(1, 65_536)]
    public int Workers { get; init; } = 1;

    /// <summary>
    /// Where workers run. "threads" (default): in this process. "processes": each in a process of this machine, which is started again if it is lost.
    /// "spark": each in a task of the Spark that --master or --remote names. The model is the same.
    /// </summary>
    [ExcludeFromFingerprint]
    public Placement Placement { get; init; } = Placement.Threads;

    /// <summary>The parameter server, through which several workers share items and layers.</summary>
    public ServerOptions Server { get; init; } = new();

    /// <summary>
    /// Number of threads that train, divided among the workers of this machine. 0 (default): one for each core. The model is the
    /// same with any number.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Seed of the first weights, the order of samples, negatives and dropout. The same seed gives the same bytes.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    /// <summary>Whether negatives drawn afresh are never what the user has touched.</summary>
    internal bool AvoidsTouched => Negatives is NegativeSource.Resampled or NegativeSource.PopularityUntouched;

    /// <summary>
    /// The softmax, where it is the loss. Where nothing is drawn that the user has touched, a batch's negatives hold to the same
    /// rule.
    /// </summary>
    internal SampledSoftmaxOptions? Softmax => Loss == LossKind.Softmax ? new(AvoidsTouched, SoftmaxNegatives ?? 0) : null;

    /// <summary>Whether plain descent without decoupled decay updates rows.</summary>
    public bool HasPlainRows => new UpdateRules(this, totalSteps: 1).Gmf(1) is { Optimizer: Optimizer.Sgd, Decay: 0 };

    /// <summary>Share of all steps in which learning rates rise from 0.</summary>
    internal double WarmUp { get; init; }

    /// <summary>
    /// These options as they hold for a model. With attention, a batch is of users, and Adam updates all parts by one learning
    /// rate, after a warm-up, without which transformers diverge.
    /// </summary>
    internal TrainOptions For(ModelOptions model) => !model.HasAttention ? this
        : this with { BatchSize = UsersPerBatch, Optimizer = Optimizer.Adam, Embeddings = new EmbeddingUpdateOptions(), WarmUp = 0.05 };

    /// <summary>Why these options train a model by the Torch step wherever that is; null where processors with vectors take the fused step.</summary>
    public string? WhyTorch(ModelOptions model) =>
        Step == StepChoice.Torch ? "Train:Step is \"torch\""
        : Step == StepChoice.Auto && model.HasHistory && FusedTrainingStep.NotCovered(this) is { } uncovered
            ? $"the fused step does not cover this model with a history: {uncovered}"
        : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Negatives != NegativeSource.Stored && NegativesPerPositive == 0)
        {
            yield return new("is 0, so there is nothing to tell positives from: draw at least 1", [nameof(NegativesPerPositive)]);
        }

        if (Loss == LossKind.Softmax && Negatives == NegativeSource.Stored)
        {
            yield return new("is \"softmax\", which needs negatives drawn afresh: set Train:Negatives to \"resampled\"", [nameof(Loss)]);
        }

        if (Server.ReachedAt.Length > 0 && !ServerOptions.IsHostAndPort(Server.ReachedAt))
        {
            yield return new("is not a host with a port, such as \"trainer.example.org:7070\"", [$"{nameof(Server)}:{nameof(Server.ReachedAt)}"]);
        }

        if (!IPEndPoint.TryParse(Server.Address, out _))
        {
            yield return new("is not an address with a port, such as \"127.0.0.1:0\" or \"10.0.0.5:7070\"", [$"{nameof(Server)}:{nameof(Server.Address)}"]);
        }
    }
}

/// <summary>
/// Group Train:Embeddings: how the embeddings of MF and GMF and the biases are updated. The MLP's embeddings and all
/// layers take Train's own settings.
/// </summary>
public sealed record EmbeddingUpdateOptions
{
    /// <summary>Their optimizer: "sgd" (default), best for a dot product, or "adam". null: Train:Optimizer.</summary>
    public Optimizer? Optimizer { get; init; }

    /// <summary>Their learning rate. null: Train:LearningRate.</summary>
    [Range(1e-9, 10.0)]
    public double? LearningRate { get; init; }

    /// <summary>
    /// Strength of their L2 regularization. null: Train:Regularization. Small logs need more (0.03 on a hundred thousand rows), large
    /// ones less (0.005 on a million).
    /// </summary>
    [Range(0.0, 100.0)]
    public double? Regularization { get; init; }

    /// <summary>Their weight decay. null (default): Train:WeightDecay.</summary>
    [Range(0.0, 100.0)]
    public double? WeightDecay { get; init; }
}

/// <summary>Where workers run.</summary>
[JsonConverter(typeof(SettingTextConverter<Placement>))]
public enum Placement
{
    Threads,
    Processes,
    Spark,
}

/// <summary>What computes a training step.</summary>
[JsonConverter(typeof(SettingTextConverter<StepChoice>))]
public enum StepChoice
{
    Auto,
    Torch,
    Fused,
}

/// <summary>Where negatives come from (<see cref="TrainOptions.Negatives"/>).</summary>
[JsonConverter(typeof(SettingTextConverter<NegativeSource>))]
public enum NegativeSource
{
    Stored,
    Resampled,
    Uniform,
    Popularity,
    PopularityUntouched,
}

/// <summary>What training minimises.</summary>
[JsonConverter(typeof(SettingTextConverter<LossKind>))]
public enum LossKind
{
    Logistic,
    Softmax,
}

/// <summary>How learning rates change over all epochs.</summary>
[JsonConverter(typeof(SettingTextConverter<LearningRateSchedule>))]
public enum LearningRateSchedule
{
    Constant,
    Linear,
}
