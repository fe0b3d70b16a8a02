namespace NcfSpark.Core;

/// <summary>
/// Gives every item a score for a user; the higher, the better the match. All that evaluation and scoring know of a model or a baseline.
/// Safe to call from several threads at once. A pair's score does not depend on what else is in the call.
/// </summary>
public interface IScorer
{
    int ItemCount { get; }

    /// <summary>Scores of all items for some users.</summary>
    /// <param name="scores_BN">Receives the scores, a row of <see cref="ItemCount"/> for each user.</param>
    void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN);
}
