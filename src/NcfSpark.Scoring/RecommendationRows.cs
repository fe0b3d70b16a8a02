namespace NcfSpark.Scoring;

/// <summary>Rows of recommendations, a column each.</summary>
/// <param name="Users">Users, as they were given to <see cref="Recommender"/>.</param>
/// <param name="Ranks">From 1.</param>
/// <param name="Items">Item indexes.</param>
/// <param name="Scores">Probabilities; for the source `popularity` shares of users.</param>
/// <param name="Sources">See <see cref="Source"/>.</param>
public sealed record RecommendationRows(int[] Users, int[] Ranks, int[] Items, float[] Scores, string[] Sources);
