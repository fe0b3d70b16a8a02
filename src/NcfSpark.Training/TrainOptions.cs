using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json.Serialization;
using NcfSpark.Data;
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
    [AllowedValues("auto", "torch", "fused")]
    public string Step { get; init; } = "auto";

    /// <summary>
    /// Where negatives come from. "resampled" (default): drawn anew in each epoch among items that the user has not used.
    /// "uniform": drawn anew among all items; better only together with RecencyScale. "popularity": drawn anew among all items,
    /// in proportion to a power of their popularity (NegativePopularity). "popularity-untouched": by that power among items that
    /// the user has not used; with Model:User "history" a little better than "resampled", and a little slower. "stored": those
    /// that `prepare` wrote (Prepare:NegativesPerPositive), the same in every epoch, as published samples have it.
    /// </summary>
    [AllowedValues("stored", "resampled", "uniform", "popularity", "popularity-untouched")]
    public string Negatives { get; init; } = "resampled";

    /// <summary>
    /// Power of an item's popularity by which negatives are drawn, for Negatives "popularity" and "popularity-untouched": 0 draws
    /// all items equally often, 1 as often as they are used. 0.25 was best on MovieLens 1M.
    /// </summary>
    [Range(0.0, 2.0)]
    public double NegativePopularity { get; init; } = 0.25;

    /// <summary>
    /// Number of negatives drawn for each positive, unless Negatives is "stored". More recommend better up to a point; training
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
    [AllowedValues("logistic", "softmax")]
    public string Loss { get; init; } = "softmax";

    /// <summary>
    /// Number of negatives that the softmax stands for. 0 (default): those actually in the batch. The number of items in the
    /// catalogue favours the very top of long lists; fewer favour telling an item from a few others.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int SoftmaxNegatives { get; init; }

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
    /// The optimizer of the MLPs and of their embeddings. "adam" (default), on the mean loss of a batch: needs little tuning.
    /// "sgd", plain descent on the summed loss of a batch: can recommend better, and diverges where the learning rate is too high
    /// for the batch.
    /// </summary>
    [AllowedValues("adam", "sgd")]
    public string Optimizer { get; init; } = "adam";

    /// <summary>The optimizer's step size. Higher rates learn faster, up to the point where the loss no longer falls.</summary>
    [Range(1e-9, 10.0)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>
    /// How learning rates change. "linear" (default): they fall to 0 over all Epochs, so the number of epochs matters.
    /// "constant": they stay.
    /// </summary>
    [AllowedValues("constant", "linear")]
    public string LearningRateSchedule { get; init; } = "linear";

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

    /// <summary>
    /// The optimizer of the embeddings of MF and GMF and of biases: "sgd" (default; best for a dot product), "adam", or "same",
    /// which is Optimizer. Its rate, L2 and decay are the next three settings.
    /// </summary>
    [AllowedValues("same", "adam", "sgd")]
    public string GmfOptimizer { get; init; } = "sgd";

    /// <summary>Learning rate of the embeddings of MF and GMF and of biases. 0: LearningRate.</summary>
    [Range(0.0, 10.0)]
    public double GmfLearningRate { get; init; } = 0.05;

    /// <summary>
    /// Regularization of the embeddings of MF and GMF and of biases. -1: Regularization. Small logs need more (0.03 on a hundred
    /// thousand rows), large ones less (0.005 on a million).
    /// </summary>
    [Range(-1.0, 100.0)]
    public double GmfRegularization { get; init; } = 0.01;

    /// <summary>WeightDecay of the embeddings of MF and GMF and of biases. -1 (default): WeightDecay.</summary>
    [Range(-1.0, 100.0)]
    public double GmfWeightDecay { get; init; } = -1;

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

    /// <summary>
    /// Number of rounds in an epoch. At the end of a round the workers' changes are combined. More rounds keep closer to one
    /// worker's result, and send more bytes. Only with several Workers.
    /// </summary>
    [Range(1, 100_000)]
    public int RoundsPerEpoch { get; init; } = 10;

    /// <summary>
    /// The server's optimizer, which applies the workers' mean change at the end of a round. "nesterov" (default): a step with
    /// momentum, which learns as fast as one worker. "average": the mean itself, which needs some epochs more. Only with several
    /// Workers.
    /// </summary>
    public OuterOptimizer OuterOptimizer { get; init; } = OuterOptimizer.Nesterov;

    /// <summary>
    /// Step size of OuterOptimizer "nesterov". Higher values learn faster, up to the point where the loss no longer falls. DiLoCo
    /// has 0.7 with a momentum of 0.9.
    /// </summary>
    [Range(0.001, 10.0)]
    public double OuterLearningRate { get; init; } = 1;

    /// <summary>Momentum of OuterOptimizer "nesterov": the share of earlier rounds' changes that is applied again in each round.</summary>
    [Range(0.0, 0.999)]
    public double OuterMomentum { get; init; } = 0.8;

    /// <summary>
    /// Precision of values that are sent between workers and server. "fp32" (default): exact. "fp16": changes are rounded to 16
    /// bits, which halves the bytes and gives a slightly different model; for slow networks.
    /// </summary>
    public WirePrecision WirePrecision { get; init; } = WirePrecision.Fp32;

    /// <summary>
    /// Number of times in a row, without a checkpoint between, that a worker may be lost before training fails. Each time all
    /// workers restart from the last checkpoint.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 1_000_000)]
    public int WorkerAttempts { get; init; } = 5;

    /// <summary>
    /// Time in seconds without a message after which a worker counts as lost and is started again, and after which a worker that
    /// receives nothing from the server ends. Raise it on networks with longer pauses.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1.0, 86_400.0)]
    public double WorkerTimeoutSeconds { get; init; } = 30;

    /// <summary>
    /// Time in seconds that one worker may keep the others waiting, in a round, a validation or a checkpoint, before it counts as
    /// lost. It must exceed the longest of these: raise it for very long rounds.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1.0, 86_400.0)]
    public double RoundTimeoutSeconds { get; init; } = 1800;

    /// <summary>
    /// Time in seconds that workers have to start and to read their rows before training fails. Raise it where Spark waits for
    /// free executors.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(1.0, 86_400.0)]
    public double RegistrationSeconds { get; init; } = 600;

    /// <summary>
    /// Address and port at which the server accepts workers of other processes; port 0 is any free one. Workers on other machines
    /// need an address of this machine that they reach.
    /// </summary>
    [ExcludeFromFingerprint]
    public string ServerAddress { get; init; } = "127.0.0.1:0";

    /// <summary>
    /// Host and port at which workers reach the server, if it differs from ServerAddress (for example a published port of a
    /// container). "" (default): ServerAddress.
    /// </summary>
    [ExcludeFromFingerprint]
    public string ServerReachedAt { get; init; } = "";

    /// <summary>
    /// Number of rounds after which a checkpoint is written, besides those of CheckpointMinutes. 0 (default): none besides. Only
    /// with several Workers.
    /// </summary>
    [ExcludeFromFingerprint]
    [Range(0, 1_000_000)]
    public int CheckpointRounds { get; init; }

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
    internal bool AvoidsTouched => Negatives is "resampled" or "popularity-untouched";

    /// <summary>
    /// The softmax, where it is the loss. Where nothing is drawn that the user has touched, a batch's negatives hold to the same
    /// rule.
    /// </summary>
    internal SampledSoftmaxOptions? Softmax => Loss == "softmax" ? new(AvoidsTouched, SoftmaxNegatives) : null;

    /// <summary>Why these options train a model by the Torch step wherever that is; null where processors with vectors take the fused step.</summary>
    public string? WhyTorch(ModelOptions model) =>
        Step == "torch" ? "Train:Step is \"torch\""
        : Step == "auto" && model.HasHistory && FusedTrainingStep.NotCovered(this) is { } uncovered ? $"the fused step does not cover this model with a history: {uncovered}"
        : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Negatives != "stored" && NegativesPerPositive == 0) yield return new("is 0, so there is nothing to tell positives from: draw at least 1", [nameof(NegativesPerPositive)]);
        if (Loss == "softmax" && Negatives == "stored") yield return new("is \"softmax\", which needs negatives drawn afresh: set Train:Negatives to \"resampled\"", [nameof(Loss)]);
        if (ServerReachedAt.Length > 0 && (!Uri.TryCreate($"http://{ServerReachedAt}", UriKind.Absolute, out Uri? reached) || !ServerReachedAt.Contains(':', StringComparison.Ordinal) || reached.Port <= 0 || reached.PathAndQuery != "/")) yield return new("is not a host with a port, such as \"trainer.example.org:7070\"", [nameof(ServerReachedAt)]);
        if (!IPEndPoint.TryParse(ServerAddress, out _)) yield return new("is not an address with a port, such as \"127.0.0.1:0\" or \"10.0.0.5:7070\"", [nameof(ServerAddress)]);
    }
}

/// <summary>Where workers run.</summary>
[JsonConverter(typeof(SettingTextConverter<Placement>))]
public enum Placement
{
    Threads,
    Processes,
    Spark,
}

/// <summary>What the server applies to the workers' mean change.</summary>
[JsonConverter(typeof(SettingTextConverter<OuterOptimizer>))]
public enum OuterOptimizer
{
    Nesterov,
    Average,
}

/// <summary>The precision of values between workers and server.</summary>
[JsonConverter(typeof(SettingTextConverter<WirePrecision>))]
public enum WirePrecision
{
    Fp32,
    Fp16,
}
