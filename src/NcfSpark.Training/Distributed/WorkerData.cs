using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>What a worker trains on.</summary>
/// <param name="Set">The rows of its users, by their numbers here (<see cref="WorkerShare"/>).</param>
/// <param name="Validate">Scores an epoch on its users; null where nothing is held out.</param>
public sealed record WorkerData(TrainingSet Set, Func<ModelWeights, ValidationScore>? Validate);

/// <summary>What a validation on some users came to.</summary>
/// <param name="Ndcg">Mean NDCG@10.</param>
/// <param name="Users">Of how many.</param>
public readonly record struct ValidationScore(double Ndcg, long Users);
