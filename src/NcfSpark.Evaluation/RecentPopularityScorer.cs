using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// Popular lately: an item's score for a user is its number of training rows in the window of so many seconds that ends at the user's moment, which is
/// included: score(u, i) = |{rows of i at t: m(u) - window &lt; t ≤ m(u)}|. Exact up to 2^24 of them.
/// </summary>
/// <remarks>
/// Ji et al. 2020, "A re-visit of the popularity baseline in recommender systems": popularity must be counted at the moment that is asked about.
/// </remarks>
internal sealed class RecentPopularityScorer(BaselineRows rows, long window) : IScorer
{
    public int ItemCount => rows.ItemCount;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        for (int b = 0; b < users_B.Length; b++)
        {
            Span<float> scores_N = scores_BN.Slice(b * ItemCount, ItemCount);
            scores_N.Clear();
            long moment = rows.Moments[users_B[b]];
            rows.Counts.AddBetween(moment - window, moment, scores_N);
        }
    }
}
