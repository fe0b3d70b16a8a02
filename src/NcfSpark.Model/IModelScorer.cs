using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>Computes a model's scores (probabilities): for all items, the best items, or single pairs.</summary>
public interface IModelScorer : IScorer, IDisposable
{
    /// <summary>Finds the best items of each user.</summary>
    /// <param name="excluded">Items to leave out of a user's list.</param>
    /// <param name="lists">Several lists for each user, each with its own size and rule: list p of each is that of user p of <paramref name="users"/>.</param>
    /// <param name="threads">At least 1. Their number does not change the result.</param>
    /// <param name="cancellation">Ends it early.</param>
    void FindBest(
        ReadOnlyMemory<int> users, ExcludedItems excluded, IReadOnlyList<TopLists> lists, int threads, CancellationToken cancellation = default);

    /// <summary>Scores single pairs.</summary>
    void ScorePairs(ReadOnlySpan<int> users_P, ReadOnlySpan<int> items_P, Span<float> scores_P);
}

/// <summary>One that can be asked about somebody as a request describes them.</summary>
public interface ISessionScorer : IModelScorer
{
    /// <summary>Finds the best items of a session, on the calling thread. Any number of threads may call it at once.</summary>
    /// <param name="excluded">Items to leave out, ascending.</param>
    /// <param name="best">Receives the list, in place 0.</param>
    void FindBest(UserSession session, int[] excluded, TopLists best);
}

/// <summary>
/// What scores a model: the fused kernel, whatever trained it. It serves every shape on every processor, and is all
/// that Spark's tasks have (libtorch is not sent there), so `score` gives the same bits here and there. A baseline that serves
/// has a scorer of its own.
/// </summary>
public static class Scorers
{
    /// <summary>Finds one list of each user.</summary>
    public static void FindBest(this IModelScorer scorer, ReadOnlyMemory<int> users, ExcludedItems excluded, TopLists best, int threads,
        CancellationToken cancellation = default) => scorer.FindBest(users, excluded, [best], threads, cancellation);

    public static ISessionScorer Of(ModelWeights weights) => Of(weights, [.. Enumerable.Range(0, weights.ItemCount)]);

    /// <param name="items">The items that are scored, rising.</param>
    public static ISessionScorer Of(ModelWeights weights, ReadOnlySpan<int> items) =>
        weights.Baseline is null ? new FusedScorer(weights, SimdLevels.FromEnvironment(), items) : new BaselineScorer(weights, items.ToArray());
}
