namespace NcfSpark.Evaluation;

/// <summary>A metric's value with its 95 % interval; without one where none was asked for, or where the metric is no average (coverage).</summary>
public sealed record MetricInterval(double Value, double? Low, double? High);
