using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

public class SampledEvaluatorTests
{
    private static Dictionary<string, double> Values(InteractionRows test, InteractionLists candidates, int users, IScorer scorer, params int[] cutOffs) =>
        new SampledEvaluator(test, candidates, cutOffs, users).Evaluate(scorer, 1, SilentProgress.Instance)
            .ToDictionary(metric => metric.Name, metric => metric.Value);

    [Fact]
    public void HandWorkedRowsAreAveragedByRowNotByUser()
    {
        // User 0 has two rows: item 0 beats its candidates; item 1 is beaten by one of two. User 1 has one row that is beaten by both.
        InteractionRows test = Logs.Rows((0, 0), (0, 1), (1, 2));
        InteractionLists candidates = Logs.Lists(3, (0, 3), (0, 4), (1, 3), (1, 5), (2, 3), (2, 4));
        var scorer = new TableScorer([9, 5, 0, 4, 3, 6], [0, 0, 1, 2, 2, 0]);
        Dictionary<string, double> values = Values(test, candidates, 2, scorer, 1, 2);
        Assert.Equal(1.0 / 3, values["hr@1"], 12);
        Assert.Equal(2.0 / 3, values["hr@2"], 12);
        Assert.Equal((1 + 1 / Math.Log2(3)) / 3, values["ndcg@2"], 12);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(float.NaN)]
    public void ConstantAndNanScorersNeverHit(float score)
    {
        float[] row = [score, score, score];
        Assert.Equal(0, Values(Logs.Rows((0, 0)), Logs.Lists(1, (0, 1), (0, 2)), 1, new TableScorer(row), 2)["hr@2"]);
    }

    [Fact]
    public void RowsWithoutCandidatesAreLeftOut()
    {
        Dictionary<string, double> values = Values(Logs.Rows((0, 0), (0, 1)), Logs.Lists(2, (1, 2)), 1, new TableScorer([0, 0, 5]), 1);
        Assert.Equal(0, values["hr@1"]);
    }

    [Fact]
    public void TheOrderOfCandidatesChangesNothing()
    {
        EvaluationData data = Logs.Random(40, 50, 0.2, 3, candidates: 9, seed: 4);
        int[] rows = [.. Enumerable.Range(0, data.Test.Count).SelectMany(row => data.TestCandidates[row].ToArray().Select(_ => row))];
        InteractionLists reversed = InteractionLists.FromRows(data.Test.Count, [.. rows.Reverse()], [.. data.TestCandidates.Items.Reverse()]);
        TableScorer scorer = TableScorer.Random(40, 50, 6, missing: 0.05);
        Assert.Equal(Values(data.Test, data.TestCandidates, 40, scorer, 3, 5), Values(data.Test, reversed, 40, scorer, 3, 5));
    }
}

/// <summary>
/// Ranks each held-out row among its own few candidates, as the NCF paper does, and averages over rows. For comparison
/// with papers; see <see cref="RankingEvaluator"/> for what to decide by.
/// </summary>
/// <param name="candidates">For each of these rows the items it is ranked among
/// (<see cref="PreparedData.ReadTestCandidates"/>). Rows without any are left out.</param>
internal sealed class SampledEvaluator(InteractionRows test, InteractionLists candidates, int[] cutOffs, int userCount)
{
    /// <summary>Measures a scorer: hr@K and ndcg@K for each cut-off. The result is the same to the bit with any number of threads.</summary>
    public IReadOnlyList<PerUserMetric> Evaluate(IScorer scorer, int threads, IProgressReporter progress)
    {
        var measure = new SampledMeasure(test, candidates, cutOffs, userCount, scorer.ItemCount);
        ScorePass.Run("ranking sampled candidates", scorer, [measure], threads, progress);
        return measure.Result();
    }
}
