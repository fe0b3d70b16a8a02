namespace NcfSpark.Training.Distributed;

/// <summary>Where training stands, for the server.</summary>
internal sealed record ServerPosition
{
    /// <summary>The epoch that is under way, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Its rounds that are done.</summary>
    public int Round { get; init; }

    /// <summary>Each worker's sum of losses of that epoch.</summary>
    public required double[] LossSums { get; init; }

    /// <summary>Each worker's samples of that epoch.</summary>
    public required long[] Samples { get; init; }

    /// <summary>What each worker spent on that epoch.</summary>
    public required WorkerTimes[] Times { get; init; }

    /// <summary>Seconds spent on that epoch.</summary>
    public double Seconds { get; init; }

    /// <summary>Finished epochs.</summary>
    public IReadOnlyList<EpochRecord> Epochs { get; init; } = [];

    /// <summary>What each worker did in each of them.</summary>
    public IReadOnlyList<WorkerRecord> Workers { get; init; } = [];

    /// <summary>The start of an epoch.</summary>
    public static ServerPosition AtStart(int epoch, int workers) => new()
    {
        Epoch = epoch,
        LossSums = new double[workers],
        Samples = new long[workers],
        Times = [.. Enumerable.Repeat(WorkerTimes.Zero, workers)],
    };
}
