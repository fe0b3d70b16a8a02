using NcfSpark.Data;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>A model's probabilities, in each way in which they are asked for.</summary>
public interface IModelScorer : IScorer, IDisposable
{
    /// <summary>Finds the best items of users.</summary>
    /// <param name="users">User indexes.</param>
    /// <param name="excluded">Items that a user is not given.</param>
    /// <param name="best">Receives them, with the user at place p of <paramref name="users"/> at place p.</param>
    /// <param name="threads">At least 1. Their number does not change what comes out.</param>
    /// <param name="cancellation">Ends it early.</param>
    void FindBest(ReadOnlyMemory<int> users, ExcludedItems excluded, TopLists best, int threads, CancellationToken cancellation = default);

    /// <summary>Scores of single pairs.</summary>
    /// <param name="users_P">User indexes.</param>
    /// <param name="items_P">Item indexes.</param>
    /// <param name="scores_P">Receives the probabilities.</param>
    void ScorePairs(ReadOnlySpan<int> users_P, ReadOnlySpan<int> items_P, Span<float> scores_P);
}
