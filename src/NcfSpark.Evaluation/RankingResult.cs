namespace NcfSpark.Evaluation;

/// <summary>A scorer's ranking metrics over the whole catalogue.</summary>
/// <param name="Users">The evaluated users' indexes, rising: those with held-out items, or a sample of them.</param>
/// <param name="Metrics">For each cut-off K hr@K, ndcg@K, recall@K, precision@K, mrr@K and, where lists were asked for, novelty@K; by user as in <paramref name="Users"/>.</param>
/// <param name="Coverage">By name, coverage@K: the share of the catalogue that stands in at least one evaluated user's top K. Empty where lists were not asked for.</param>
public sealed record RankingResult(int[] Users, IReadOnlyList<UserAverage> Metrics, IReadOnlyDictionary<string, double> Coverage)
{
    /// <summary>A metric's value by its name, such as "ndcg@10".</summary>
    public double this[string name] => Coverage.TryGetValue(name, out double coverage) ? coverage : Metrics.Single(metric => metric.Name == name).Value;
}
