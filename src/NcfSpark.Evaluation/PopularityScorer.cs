using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// The baseline that knows nobody: an item's score is its number of training interactions, or what they weigh, for every user. Exact up to 2^24 of them.
/// </summary>
/// <param name="scores_N">By item.</param>
public sealed class PopularityScorer(float[] scores_N) : IScorer
{
    public PopularityScorer(int[] itemInteractions)
        : this(Array.ConvertAll(itemInteractions, count => (float)count))
    {
    }

    public int ItemCount => scores_N.Length;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        for (int b = 0; b < users_B.Length; b++) scores_N.CopyTo(scores_BN.Slice(b * ItemCount, ItemCount));
    }
}

/// <summary>
/// A model as it serves: users without training interactions, about whom it knows nothing, get the popularity list.
/// </summary>
/// <param name="history">By user the training items.</param>
/// <param name="popularity_N">The scores of that list.</param>
public sealed class ServedScorer(IScorer model, InteractionLists history, float[] popularity_N) : IScorer
{
    public int ItemCount => model.ItemCount;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        model.ScoreAll(users_B, scores_BN);
        for (int b = 0; b < users_B.Length; b++)
        {
            if (history[users_B[b]].IsEmpty) popularity_N.CopyTo(scores_BN.Slice(b * ItemCount, ItemCount));
        }
    }
}
