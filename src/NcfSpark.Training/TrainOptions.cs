using System.ComponentModel.DataAnnotations;
using System.Net;
using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;

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

    /// <summary>
    /// "stored": the negatives that `prepare` wrote, the same in every epoch. "resampled": drawn afresh each epoch by the same exact rule, which generalises better.
    /// "uniform": drawn afresh over all items, also those that the user has seen; best with RecencyScale, worse without. "popularity": the same in
    /// proportion to a power of the items' popularity, which tells apart what is popular and moves unpopular items less. "popularity-untouched": by that power,
    /// but never what the user has touched, as "resampled": with User "history" better than that, over whole catalogues most, and a little slower.
    /// </summary>
    [AllowedValues("stored", "resampled", "uniform", "popularity", "popularity-untouched")]
    public string Negatives { get; init; } = "stored";

    /// <summary>The power for Negatives "popularity" and "popularity-untouched": 0 is uniform, 1 as often as items are used. 0.25 was best on MovieLens 1M, 0.75 too much.</summary>
    [Range(0.0, 2.0)]
    public double NegativePopularity { get; init; } = 0.25;

    /// <summary>Negatives drawn for each positive where they are drawn afresh. More is better up to a point, and slower in proportion.</summary>
    [Range(0, 1000)]
    public int NegativesPerPositive { get; init; } = 5;

    /// <summary>
    /// "logistic": each sample by itself, which gives probabilities. "softmax": each positive against the negatives of its whole batch, which recommends clearly
    /// better where lists are short, whole catalogues most; time a sample and memory grow with BatchSize, but not with the number of a user's rows, and scores are
    /// only roughly probabilities.
    /// For Model:User "history", with negatives drawn afresh.
    /// </summary>
    [AllowedValues("logistic", "softmax")]
    public string Loss { get; init; } = "logistic";

    /// <summary>
    /// As how many the negatives of a batch count in Loss "softmax"; 0 for as many as there are. The number of items stands for the whole catalogue and favours the
    /// very top of long lists; fewer favour telling an item from a few others.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int SoftmaxNegatives { get; init; }

    /// <summary>Passes over the training rows, at most.</summary>
    [Range(1, 100_000)]
    public int Epochs { get; init; } = 20;

    /// <summary>Samples an update. Larger is faster and needs a higher learning rate.</summary>
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; } = 256;

    /// <summary>
    /// "adam", on the gradient of a batch's mean loss: needs little tuning. "sgd", plain descent on the gradient of its summed loss: moves rarely seen rows
    /// less and frequent ones more, and can recommend better, but diverges where the rate is too high for the batch.
    /// </summary>
    [AllowedValues("adam", "sgd")]
    public string Optimizer { get; init; } = "adam";

    /// <summary>The optimizer's step size. Higher learns faster, up to where it no longer settles.</summary>
    [Range(1e-9, 10.0)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>"constant", or "linear": the rates fall to 0 over all Epochs, which settles better and needs the number of epochs to be right.</summary>
    [AllowedValues("constant", "linear")]
    public string LearningRateSchedule { get; init; } = "constant";

    /// <summary>L2: adds half of this times the squared length of a sample's embeddings to its loss, so only rows that a batch touches are drawn towards 0.</summary>
    [Range(0.0, 100.0)]
    public double Regularization { get; init; }

    /// <summary>Decoupled decay: an update first shrinks the rows that it touches by this times the learning rate, whatever their gradients; with Adam it acts more evenly than L2.</summary>
    [Range(0.0, 100.0)]
    public double WeightDecay { get; init; }

    /// <summary>The optimizer of GMF embeddings and biases, "same" as the others or its own: a dot product and an MLP like different ones.</summary>
    [AllowedValues("same", "adam", "sgd")]
    public string GmfOptimizer { get; init; } = "same";

    /// <summary>The learning rate of GMF embeddings and biases; 0 for that of the others.</summary>
    [Range(0.0, 10.0)]
    public double GmfLearningRate { get; init; }

    /// <summary>The L2 of GMF embeddings and biases; -1 for that of the others.</summary>
    [Range(-1.0, 100.0)]
    public double GmfRegularization { get; init; } = -1;

    /// <summary>The decay of GMF embeddings and biases; -1 for that of the others.</summary>
    [Range(-1.0, 100.0)]
    public double GmfWeightDecay { get; init; } = -1;

    /// <summary>
    /// Weighs a positive, its negatives and their L2 by RecencyFloor + (1 - RecencyFloor) · e^(-r / RecencyScale), where r counts the user's later training
    /// interactions; over all positives the mean is made 1. 0 weighs all the same. About 10 fits what comes next much better, and what was long ago worse.
    /// </summary>
    [Range(0.0, 1e6)]
    public double RecencyScale { get; init; }

    /// <summary>What the oldest interactions still weigh, of 1. Only with RecencyScale.</summary>
    [Range(0.0, 1.0)]
    public double RecencyFloor { get; init; } = 0.05;

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

    /// <summary>
    /// Into how many workers training spreads. Each has the users of its shards (s mod Workers), so at most Prepare:Shards; items and layers are shared through a parameter server.
    /// With 1 there is nothing to share; as a thread it needs no server, as a process or task it has one, to the same model. More workers train more samples a second, to a slightly different model.
    /// </summary>
    [Range(1, 65_536)]
    public int Workers { get; init; } = 1;

    /// <summary>"threads": workers are threads of this process. "processes": processes of this machine, which may be lost and come back.
    /// "spark": a task each of the Spark that --master or --remote names. The model is the same.</summary>
    [ResultNeutral]
    [AllowedValues("threads", "processes", "spark")]
    public string Where { get; init; } = "threads";

    /// <summary>How often an epoch the workers' changes are combined. More keeps closer to one worker, and moves more bytes. Only with several Workers.</summary>
    [Range(1, 100_000)]
    public int RoundsPerEpoch { get; init; } = 10;

    /// <summary>
    /// What the server makes of the workers' mean change. "nesterov": a step along it with momentum, which follows one worker epoch by epoch. "average": the
    /// mean itself, some epochs behind. Only with several Workers.
    /// </summary>
    [AllowedValues("nesterov", "average")]
    public string OuterStep { get; init; } = "nesterov";

    /// <summary>The step size of OuterStep "nesterov". Higher moves faster, up to where it no longer settles. DiLoCo has 0.7 with a momentum of 0.9, which lags more in the first epochs.</summary>
    [Range(0.001, 10.0)]
    public double OuterLearningRate { get; init; } = 1;

    /// <summary>The momentum of OuterStep "nesterov": how much of the earlier rounds' changes is followed once more.</summary>
    [Range(0.0, 0.999)]
    public double OuterMomentum { get; init; } = 0.8;

    /// <summary>How values travel between workers and server. "fp32": as they are. "fp16": changes rounded to 16 bits, half the bytes and a slightly different model.</summary>
    [AllowedValues("fp32", "fp16")]
    public string Wire { get; init; } = "fp32";

    /// <summary>How often in a row, without a checkpoint between, a worker may be lost before training ends. Each time all go back to the last checkpoint.</summary>
    [ResultNeutral]
    [Range(0, 1_000_000)]
    public int WorkerAttempts { get; init; } = 5;

    /// <summary>A worker of which nothing is heard for so long is lost, and a new attempt starts; a worker that hears nothing from the server for so long ends itself.</summary>
    [ResultNeutral]
    [Range(1.0, 86_400.0)]
    public double WorkerTimeoutSeconds { get; init; } = 30;

    /// <summary>Who keeps the others waiting for so long, in a round, a validation or a checkpoint, hangs or is too slow: a new attempt starts. It must exceed the longest of these.</summary>
    [ResultNeutral]
    [Range(1.0, 86_400.0)]
    public double RoundTimeoutSeconds { get; init; } = 1800;

    /// <summary>So long all workers have to come, with their rows read, before training is given up.</summary>
    [ResultNeutral]
    [Range(1.0, 86_400.0)]
    public double RegistrationSeconds { get; init; } = 600;

    /// <summary>Where the server listens for workers of other processes: address and port, 0 for a free one. Other machines need an address that they reach.</summary>
    [ResultNeutral]
    public string ServerAddress { get; init; } = "127.0.0.1:0";

    /// <summary>Host and port at which workers of other processes reach the server, where that is not ServerAddress: a published port of a container, or a service's name. "" for ServerAddress.</summary>
    [ResultNeutral]
    public string ServerReachedAt { get; init; } = "";

    /// <summary>With several Workers, a checkpoint is also written every so many rounds; 0 leaves it to CheckpointMinutes.</summary>
    [ResultNeutral]
    [Range(0, 1_000_000)]
    public int CheckpointRounds { get; init; }

    /// <summary>Threads that train, divided among the workers of this machine; 0 for all cores. The model is the same with any number.</summary>
    [ResultNeutral]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Seeds the first weights, the order of samples, negatives and dropout. Same seed, same bytes.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    /// <summary>Whether negatives drawn afresh are never what the user has touched.</summary>
    internal bool AvoidsTouched => Negatives is "resampled" or "popularity-untouched";

    /// <summary>The softmax, where it is the loss. Where nothing is drawn that the user has touched, a batch's negatives hold to the same rule.</summary>
    internal SampledSoftmaxOptions? Softmax => Loss == "softmax" ? new(AvoidsTouched, SoftmaxNegatives) : null;

    /// <summary>Why these options train a model by the Torch step wherever that is; null where processors with vectors take the fused step.</summary>
    public string? WhyTorch(ModelOptions model) =>
        Step == "torch" ? "Train:Step is \"torch\""
        : Step == "auto" && model.HasHistory && FusedHistoryStep.NotCovered(model, this) is { } uncovered ? $"the fused step does not cover this model with a history: {uncovered}"
        : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Negatives != "stored" && NegativesPerPositive == 0) yield return new("is 0, so there is nothing to tell positives from: draw at least 1", [nameof(NegativesPerPositive)]);
        if (Loss == "softmax" && Negatives == "stored") yield return new("is \"softmax\", which needs negatives drawn afresh: set Train:Negatives to \"resampled\"", [nameof(Loss)]);
        if (ServerReachedAt.Length > 0 && (!Uri.TryCreate($"http://{ServerReachedAt}", UriKind.Absolute, out Uri? reached) || !ServerReachedAt.Contains(':', StringComparison.Ordinal) || reached.Port <= 0 || reached.PathAndQuery != "/")) yield return new("is not a host with a port, such as \"trainer.example.org:7070\"", [nameof(ServerReachedAt)]);
        if (!IPEndPoint.TryParse(ServerAddress, out _)) yield return new("is not an address with a port, such as \"127.0.0.1:0\" or \"10.0.0.5:7070\"", [nameof(ServerAddress)]);
    }
}
