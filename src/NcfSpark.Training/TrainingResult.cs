using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>What training came to.</summary>
/// <param name="Weights">Those after <paramref name="BestEpoch"/>.</param>
/// <param name="History">Each epoch, in order.</param>
/// <param name="BestEpoch">From 1: the one with the best validation, or the last where nothing chose.</param>
public sealed record TrainingResult(ModelWeights Weights, IReadOnlyList<EpochRecord> History, int BestEpoch);
