using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>What training came to.</summary>
/// <param name="Weights">Those after <paramref name="BestEpoch"/>.</param>
/// <param name="History">Each epoch, in order.</param>
/// <param name="BestEpoch">From 1: the one with the best validation, or the last where nothing chose.</param>
public sealed record TrainingResult(ModelWeights Weights, IReadOnlyList<EpochRecord> History, int BestEpoch);

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean binary cross entropy of its samples, each at the time when it was trained on, in nats.</param>
/// <param name="ValidationNdcg">NDCG@10 of the validation rows over the whole catalogue after it, where there are any.</param>
/// <param name="Seconds">Time that training took, without validation.</param>
/// <param name="Samples">Samples trained on.</param>
public sealed record EpochRecord(int Epoch, double Loss, double? ValidationNdcg, double Seconds, long Samples);

/// <summary>The loss became infinite or no number; training stopped before the weights were updated with it, and no model was written.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
