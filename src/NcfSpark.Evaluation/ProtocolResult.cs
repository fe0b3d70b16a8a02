namespace NcfSpark.Evaluation;

/// <summary>What one protocol measured.</summary>
/// <param name="Users">Users evaluated, over whom intervals are drawn.</param>
/// <param name="Rows">Held-out rows evaluated.</param>
/// <param name="Negatives">Candidates that the rows were compared with in all; 0 where it is the whole catalogue.</param>
/// <param name="Scorers">The model first, then the baselines.</param>
/// <param name="Differences">The model minus each baseline, by the baseline, paired by user.</param>
public sealed record ProtocolResult(int Users, long Rows, long Negatives, IReadOnlyList<ScorerMetrics> Scorers, IReadOnlyList<ScorerMetrics> Differences);

/// <summary>One scorer's metrics.</summary>
/// <param name="Key">The scorer's key in report.json.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Metrics">By name, such as "ndcg@10", in the order in which they are shown; null where the metric has no meaning for the scorer.</param>
public sealed record ScorerMetrics(string Key, string Title, OrderedDictionary<string, MetricInterval?> Metrics);

/// <summary>A metric's value with its 95 % interval; without one where none was asked for, or where the metric is no average (coverage).</summary>
public sealed record MetricInterval(double Value, double? Low, double? High);
