using FsCheck.Xunit;

namespace NcfSpark.Evaluation.Tests;

public class TopItemsTests
{
    [Fact]
    public void EqualScoresGoByIndexAndNanGoesLast() =>
        Assert.Equal([3, 0, 4, 1, 2], TopItems.Of([2, float.NegativeInfinity, float.NaN, 7, 2], [], 5));

    [Fact]
    public void BothZerosAreEqual() => Assert.Equal([0, 1, 2], TopItems.Of([-0f, 0f, -0f], [], 3));

    [Fact]
    public void ExcludedItemsAreNotListed() => Assert.Equal([1], TopItems.Of([2, 1, 3], [0, 2], 5));

    [Fact]
    public void NothingIsLeftWhereAllIsExcluded() => Assert.Empty(TopItems.Of([2, 1], [0, 1], 1));

    [Property(MaxTest = 100)]
    public void AgreesWithSorting(int seed, byte k, byte levels)
    {
        float[] scores = new float[300];
        TableScorer.Random(1, 300, seed, levels + 1, missing: seed % 2 == 0 ? 0 : 0.5).ScoreAll([0], scores);
        int[] excluded = [.. Enumerable.Range(0, 300).Where(item => item % 7 == seed % 7)];
        int[] sorted = [.. Enumerable.Range(0, 300).Except(excluded)
            .OrderByDescending(item => float.IsNaN(scores[item]) ? float.NegativeInfinity : scores[item]).ThenBy(item => item).Take(k)];
        Assert.Equal(sorted, TopItems.Of(scores, excluded, k));
    }
}
