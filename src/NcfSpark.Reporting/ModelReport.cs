namespace NcfSpark.Reporting;

/// <summary>The network and how its training went.</summary>
/// <param name="Network">The layers, each after those it reads.</param>
/// <param name="Curve">One point an epoch, in order.</param>
/// <param name="BestEpoch">The epoch whose weights were kept, or null where it is not known.</param>
/// <param name="ValidationMetric">What <see cref="EpochPoint.Validation"/> is, such as "ndcg@10".</param>
public sealed record ModelReport(IReadOnlyList<NetworkLayer> Network, IReadOnlyList<EpochPoint> Curve, int? BestEpoch, string ValidationMetric = "ndcg@10")
{
    /// <summary>Trainable numbers of the whole network.</summary>
    public long Parameters => Network.Sum(layer => layer.Parameters);

    /// <summary>What each worker did in each epoch, where several trained through a parameter server.</summary>
    public IReadOnlyList<WorkerPoint> Workers { get; init; } = [];
}

/// <summary>A box of the network's drawing.</summary>
/// <param name="Name">Its name, unique in the network, such as "user_gmf".</param>
/// <param name="Kind">What it is, such as "Embedding" or "Dense + ReLU".</param>
/// <param name="Inputs">Names of the layers it reads; none for an input.</param>
/// <param name="InputShape">Shape of what comes in for one sample, such as "64"; "" for an input.</param>
/// <param name="OutputShape">Shape of what goes out for one sample, such as "32".</param>
/// <param name="Parameters">Trainable numbers.</param>
/// <param name="Notes">More in a few words, such as "dropout 0.25", or "".</param>
public sealed record NetworkLayer(
    string Name, string Kind, IReadOnlyList<string> Inputs, string InputShape, string OutputShape, long Parameters, string Notes = "");

/// <summary>What an epoch of training came to.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean training loss.</param>
/// <param name="Validation">The validation metric, where it was measured.</param>
/// <param name="Seconds">How long it took, where that is to be told; null keeps the report free of the machine's pace.</param>
public sealed record EpochPoint(int Epoch, double Loss, double? Validation, double? Seconds);
