using FsCheck.Xunit;

namespace NcfSpark.Evaluation.Tests;

public class AreaUnderCurveTests
{
    private static AreaUnderCurve Of(float[] positives, float[] negatives) =>
        AreaUnderCurve.Of(positives, new int[positives.Length], negatives, new int[negatives.Length], 1);

    [Fact]
    public void HandWorkedPairs() => Assert.Equal(4.5 / 6, Of([3, 1], [2, 1, 0.5f]).Value, 12); // 3 wins three; 1 wins one, ties one, loses one

    [Fact]
    public void ConstantScoresAreChance() => Assert.Equal(0.5, Of([1, 1, 1], [1, 1]).Value);

    [Fact]
    public void MissingScoresLoseOnEitherSide()
    {
        Assert.Equal(0, Of([float.NaN], [0, float.NegativeInfinity, float.NaN]).Value);
        Assert.Equal(0, Of([0, float.PositiveInfinity], [float.NaN]).Value);
        Assert.Equal(0.5, Of([float.PositiveInfinity], [float.PositiveInfinity]).Value);
    }

    [Property(MaxTest = 100)]
    public void AgreesWithComparingAllPairs(int seed)
    {
        float[] scores = new float[60];
        TableScorer.Random(1, 60, seed, levels: 9).ScoreAll([0], scores);
        float[] positives = scores[..17], negatives = scores[17..];
        int[] positivePlaces = [.. Enumerable.Range(0, 17).Select(p => p % 4)], negativePlaces = [.. Enumerable.Range(0, 43).Select(n => n % 4)];
        double points = positives.Sum(p => negatives.Sum(n => p > n ? 1 : p == n ? 0.5 : 0));
        AreaUnderCurve area = AreaUnderCurve.Of(positives, positivePlaces, negatives, negativePlaces, 4);
        Assert.Equal(points / (17 * 43), area.Value, tolerance: 1e-12);
        Assert.Equal(area.Value, area.OfPositives.Value, tolerance: 1e-12);
        Assert.Equal(area.Value, area.OfNegatives.Value, tolerance: 1e-12);
    }
}
