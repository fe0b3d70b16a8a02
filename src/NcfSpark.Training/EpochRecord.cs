namespace NcfSpark.Training;

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean binary cross entropy of its samples, each at the time when it was trained on, in nats.</param>
/// <param name="ValidationNdcg">NDCG@10 of the validation rows over the whole catalogue after it, where there are any.</param>
/// <param name="Seconds">Time that training took, without validation.</param>
/// <param name="Samples">Samples trained on.</param>
public sealed record EpochRecord(int Epoch, double Loss, double? ValidationNdcg, double Seconds, long Samples);
