using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>All settings of a worker. The server sends them when the worker registers, so it needs no configuration of its own.</summary>
public sealed record WorkerSetup
{
    public required ModelOptions Model { get; init; }

    public required TrainOptions Train { get; init; }

    /// <summary>Number of shards that `prepare` dealt the users into.</summary>
    public required int Shards { get; init; }

    /// <summary>Number of users, of all workers.</summary>
    public required int UserCount { get; init; }

    public required int ItemCount { get; init; }

    /// <summary>The features of items; null where the model has none.</summary>
    public FeatureLists? Features { get; init; }

    /// <summary>Whether held-out items are never drawn as negatives.</summary>
    public bool AvoidHeldOut { get; init; }

    /// <summary>Whether held-out rows are trained on, too: the training of what is served, after the model was measured.</summary>
    public bool TrainsOnHeldOut { get; init; }

    /// <summary>Number of negatives drawn for each of those rows; 0 where negatives are drawn afresh each epoch.</summary>
    public int HeldOutNegatives { get; init; }

    /// <summary>Whether epochs are validated: something is held out for it.</summary>
    public bool Validates { get; init; }

    /// <summary>The run directory of the server, in which prepared/ stands, where a worker has not been told another.</summary>
    public string RunDirectory { get; init; } = "";

    /// <summary>The fingerprint of the prepared rows that all must have.</summary>
    public string Prepared { get; init; } = "";

    /// <summary>Number of threads of this worker.</summary>
    public int Threads { get; init; } = 1;
}
