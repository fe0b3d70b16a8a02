using NcfSpark.Evaluation;

namespace NcfSpark.Benchmarks;

/// <summary>What serving a model that has seen everything gains on the next night.</summary>
/// <param name="UserNights">Users with interactions between a night and the next, summed over nights.</param>
/// <param name="Measured">NDCG@10 of the models that were measured, averaged over them.</param>
/// <param name="Refit">NDCG@10 of those trained again on everything.</param>
/// <param name="Popularity">NDCG@10 of popularity.</param>
/// <param name="GainLow">The lower end of the 95 % interval of the gain, paired by user and night.</param>
/// <param name="GainHigh">The upper end.</param>
internal sealed record RefitFigures(int UserNights, double Measured, double Refit, double Popularity, double GainLow, double GainHigh);
