using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>What training by several workers came to.</summary>
/// <param name="ModelDirectory">Holds the kept epoch's model, without ids: <see cref="TrainedModel.SharedFile"/> and each shard's <see cref="TrainedModel.UserFile"/>.</param>
/// <param name="History">Each epoch, in order.</param>
/// <param name="Workers">What each worker did in each epoch.</param>
/// <param name="BestEpoch">From 1: the one that is kept.</param>
public sealed record DistributedResult(string ModelDirectory, IReadOnlyList<EpochRecord> History, IReadOnlyList<WorkerRecord> Workers, int BestEpoch);
