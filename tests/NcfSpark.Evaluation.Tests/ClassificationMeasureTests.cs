using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

public class ClassificationMeasureTests
{
    private static ClassificationMeasure Measure(float[] scores, int negativesPerPositive = 2)
    {
        // One user; rows for items 0 and 1, candidates 2 3 and 4 5.
        InteractionRows test = Logs.Rows((0, 0), (0, 1));
        InteractionLists negatives = ClassificationMeasure.DrawNegatives(
            test, Logs.Lists(2, (0, 2), (0, 3), (1, 4), (1, 5)), negativesPerPositive, RandomStream.Named(1, "classification"));
        var measure = new ClassificationMeasure(test, negatives, threshold: 0.5, 1, scores.Length);
        measure.Take([0], scores);
        return measure;
    }

    [Fact]
    public void HandWorkedAccuracyAndLogLoss()
    {
        (PerUserMetric accuracy, PerUserMetric logLoss) = Measure([0.8f, 0.4f, 0.5f, 0.1f, 0.2f, 0.3f]).OfProbabilities();
        Assert.Equal(4.0 / 6, accuracy.Value, 12); // .4 is a positive below, .5 a negative at the threshold
        Assert.Equal(-(Math.Log(.8) + Math.Log(.4) + Math.Log(.5) + Math.Log(.9) + Math.Log(.8) + Math.Log(.7)) / 6, logLoss.Value, 6);
    }

    [Fact]
    public void CertaintyThatIsWrongCostsTheLogarithmOfEpsilon()
    {
        (_, PerUserMetric logLoss) = Measure([0, 0, 1, 1, 1, 1]).OfProbabilities();
        Assert.Equal(-Math.Log(ClassificationMeasure.Epsilon), logLoss.Value, 9);
    }

    [Fact]
    public void MissingProbabilitiesAreAllWrong()
    {
        float[] scores = new float[6];
        Array.Fill(scores, float.NaN);
        ClassificationMeasure measure = Measure(scores);
        (PerUserMetric accuracy, PerUserMetric logLoss) = measure.OfProbabilities();
        Assert.Equal(0, accuracy.Value);
        Assert.Equal(-Math.Log(ClassificationMeasure.Epsilon), logLoss.Value, 9);
        Assert.Equal(0, measure.Area().Value);
    }

    [Fact]
    public void EachPositiveBringsSoManyNegatives()
    {
        Assert.Equal(2, Measure(new float[6], negativesPerPositive: 1).NegativeCount);
        Assert.Equal(4, Measure(new float[6], negativesPerPositive: 9).NegativeCount);
    }

    [Fact]
    public void NegativesAreDrawnEvenlyFromTheCandidatesAndNotFromTheirStart()
    {
        // 2,000 rows with candidates 1 … 10 each; 3 drawn. Each candidate should serve 600 times; standard deviation 20.5.
        const int Rows = 2000;
        InteractionRows test = new([.. Enumerable.Range(0, Rows)], new int[Rows], new long[Rows]);
        InteractionLists candidates = Logs.Lists(Rows, [.. from row in Enumerable.Range(0, Rows) from item in Enumerable.Range(1, 10) select (row, item)]);
        InteractionLists negatives = ClassificationMeasure.DrawNegatives(test, candidates, 3, RandomStream.Named(1, "classification"));
        Assert.All(Enumerable.Range(0, Rows), row => Assert.Equal(3, negatives[row].ToArray().Distinct().Count()));
        Assert.All(negatives.Items.CountBy(item => item), item => Assert.InRange(item.Value, 600 - 90, 600 + 90));
    }
}
