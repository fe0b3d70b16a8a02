namespace NcfSpark.Scoring;

/// <summary>Rows of recommendations by user and rank, a column each.</summary>
/// <param name="Users">Dense user indexes.</param>
/// <param name="Ranks">From 1.</param>
/// <param name="Items">Dense item indexes.</param>
/// <param name="Scores">Probabilities.</param>
/// <param name="Sources">What each rests on: one of <see cref="Source"/>.</param>
public sealed record RecommendationRows(int[] Users, int[] Ranks, int[] Items, float[] Scores, string[] Sources);
