using FsCheck;
using FsCheck.Xunit;

namespace NcfSpark.Scoring.Tests;

public sealed class TopKTests
{
    [Property(MaxTest = 500)]
    public bool EqualsSortingEverything(byte[] scores, PositiveInt k)
    {
        // Bytes make many ties; every seventh score is NaN.
        float[] values = [.. scores.Select(score => score % 7 == 3 ? float.NaN : score)];
        var topK = new TopK(k.Get);
        for (int round = 0; round < 2; round++) // the second round shows that Take leaves nothing behind
        {
            for (int item = 0; item < values.Length; item++) topK.Offer(values[item], item);
            var sorted = values.Select((score, item) => (score, item)).Where(pair => !float.IsNaN(pair.score)).OrderByDescending(pair => pair.score).ThenBy(pair => pair.item).Take(k.Get);
            if (!topK.Take().ToArray().SequenceEqual(sorted)) return false;
        }

        return true;
    }

    [Fact]
    public void EqualScoresAreOrderedByItemWhateverTheOrderInWhichTheyCome()
    {
        var topK = new TopK(2);
        foreach (int item in new[] { 5, 3, 9, 1 }) topK.Offer(0.5f, item);
        Assert.Equal([(0.5f, 1), (0.5f, 3)], topK.Take().ToArray());
    }
}
