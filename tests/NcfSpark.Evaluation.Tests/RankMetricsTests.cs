namespace NcfSpark.Evaluation.Tests;

public class RankMetricsTests
{
    [Fact]
    public void HandWorkedHitsAtRanks1And3Of3HeldOut()
    {
        // Ranks from 1: 2 and 4; K = 5. Gain 1/log2(3) + 1/log2(5); ideal 1/log2(2) + 1/log2(3) + 1/log2(4).
        RankMetrics metrics = RankMetrics.At(5, [1, 3], heldOutCount: 3);
        Assert.Equal(1, metrics.HitRate);
        Assert.Equal((1 / Math.Log2(3) + 1 / Math.Log2(5)) / (1 + 1 / Math.Log2(3) + 0.5), metrics.Ndcg, 12);
        Assert.Equal(0.498, metrics.Ndcg, 3);
        Assert.Equal(2.0 / 3, metrics.Recall, 12);
        Assert.Equal(0.4, metrics.Precision, 12);
        Assert.Equal(0.5, metrics.ReciprocalRank, 12);
    }

    [Fact]
    public void RankKIsNoHitAtK() => Assert.Equal(new RankMetrics(0, 0, 0, 0, 0), RankMetrics.At(3, [3, 4], heldOutCount: 2));

    [Fact]
    public void FirstPlacesArePerfectEvenWhereMoreIsHeldOutThanFits()
    {
        RankMetrics metrics = RankMetrics.At(2, [0, 1, 2], heldOutCount: 10);
        Assert.Equal(1, metrics.Ndcg, 12);
        Assert.Equal(0.2, metrics.Recall, 12);
        Assert.Equal(1, metrics.Precision, 12);
    }

    [Fact]
    public void NoMetricExceedsOneAndEachRisesAsARankImproves()
    {
        for (int rank = 1; rank < 10; rank++)
        {
            RankMetrics worse = RankMetrics.At(10, [rank], 1), better = RankMetrics.At(10, [rank - 1], 1);
            Assert.All(better.Values.Zip(worse.Values), pair => Assert.InRange(pair.First, pair.Second, 1));
            Assert.True(better.Ndcg > worse.Ndcg);
        }
    }
}
