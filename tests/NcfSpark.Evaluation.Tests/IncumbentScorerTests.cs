using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Evaluation.Tests.Nightly;

public class IncumbentScorerTests
{
    // The earlier model knows the users b and a, and the items 7, 8 and 9, by these indexes; it was not trained on user c, who had nothing but held-out items.
    private static readonly IdTable EarlierUsers = new(["b", "a", "c"], [2, 2, 0]), EarlierItems = new([7L, 8, 9], [3, 1, 0]);
    private static readonly TableScorer Earlier = new([0.1f, 0.2f, 0.3f], [0.4f, 0.5f, 0.6f], [0.7f, 0.8f, 0.9f]);
    private const float Last = float.MinValue;
    private static readonly float[] Popularity = [3 / 3f, 1 / 3f, 0];
    private readonly IncumbentScorer scorer = new(
        Earlier, EarlierUsers, EarlierItems, new(["a", "b", "c", "d"], [1, 1, 1, 1]), new([9L, 10, 7, 8], [1, 1, 1, 1]), Popularity);

    [Fact]
    public void IdsAreFoundWhateverTheirIndexesAre()
    {
        float[] scores = new float[8];
        scorer.ScoreAll([0, 1], scores);
        Assert.Equal([0.6f, Last, 0.4f, 0.5f, /* b */ 0.3f, Last, 0.1f, 0.2f], scores);
    }

    [Fact]
    public void WhomItWasNotTrainedOnGetsItsPopularity()
    {
        float[] scores = new float[12];
        scorer.ScoreAll([3, 2, 0], scores);
        float[] popularity = [0, Last, 3 / 3f, 1 / 3f];
        Assert.Equal([.. popularity, .. popularity, 0.6f, Last, 0.4f, 0.5f], scores);
    }

    [Fact]
    public void TheSameNightScoresAsItself()
    {
        float[] own = new float[9], again = new float[9];
        IdTable users = EarlierUsers.WithInteractions([0, 1, 2]);
        Earlier.ScoreAll([0, 1, 2], own);
        new IncumbentScorer(Earlier, users, EarlierItems, users, EarlierItems, Popularity).ScoreAll([0, 1, 2], again);
        Assert.Equal(own, again);
    }
}
