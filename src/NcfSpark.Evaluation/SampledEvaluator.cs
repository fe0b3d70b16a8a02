using NcfSpark.Data;

namespace NcfSpark.Evaluation;

/// <summary>Ranks each held-out row among its own few candidates, as the NCF paper does, and averages over rows. For comparison with papers; see <see cref="RankingEvaluator"/> for what to decide by.</summary>
/// <param name="test">The held-out rows.</param>
/// <param name="candidates">For each of these rows the items it is ranked among (<see cref="PreparedData.ReadTestCandidates"/>). Rows without any are left out.</param>
/// <param name="cutOffs">The Ks of hr@K and ndcg@K.</param>
/// <param name="userCount">Number of users.</param>
public sealed class SampledEvaluator(InteractionRows test, InteractionLists candidates, int[] cutOffs, int userCount)
{
    /// <summary>Measures a scorer: hr@K and ndcg@K for each cut-off. The result is the same to the bit with any number of threads.</summary>
    public IReadOnlyList<UserAverage> Evaluate(IScorer scorer, int threads, IProgressReporter progress)
    {
        var measure = new SampledMeasure(test, candidates, cutOffs, userCount, scorer.ItemCount);
        ScorePass.Run("ranking sampled candidates", scorer, [measure], threads, progress);
        return measure.Result();
    }
}
