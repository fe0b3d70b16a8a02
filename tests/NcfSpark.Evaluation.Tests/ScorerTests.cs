using FsCheck.Xunit;
using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

/// <summary>What holds for every scorer of this project.</summary>
public class ScorerTests
{
    private const int Users = 23, Items = 37;
    private static readonly IReadOnlyList<NamedScorer> Baselines = Evaluation.Baselines.Choose(
        Logs.Timed(Logs.Random(Users, Items, 0.3, 2, 0, seed: 5), 100, seed: 5), new EvaluateOptions { Threads = 1 }, SilentProgress.Instance).Scorers;

    public static TheoryData<string> Keys => [.. All];

    private static string[] All => ["popularity", "recent_popularity", "decayed_popularity", "item_cosine", "recent_item_cosine", "ease"];

    private static IScorer Scorer(string key) => Baselines.Single(baseline => baseline.Key == key).Scorer;

    [Fact]
    public void EveryBaselineIsMeasured() => Assert.Equal(All, Baselines.Select(baseline => baseline.Key));

    [Theory]
    [MemberData(nameof(Keys))]
    public void ABatchEqualsOneByOne(string key)
    {
        IScorer scorer = Scorer(key);
        int[] users = [.. Enumerable.Range(0, Users).Reverse(), 3, 3];
        float[] batch = new float[users.Length * Items], one = new float[Items];
        scorer.ScoreAll(users, batch);
        for (int b = 0; b < users.Length; b++)
        {
            scorer.ScoreAll([users[b]], one);
            Assert.Equal(one, batch[(b * Items)..((b + 1) * Items)]);
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void AnEmptyBatchWritesNothing(string key) => Scorer(key).ScoreAll([], []);

    [Theory]
    [MemberData(nameof(Keys))]
    public void ScoresAreNumbers(string key)
    {
        float[] scores = new float[Users * Items];
        Scorer(key).ScoreAll([.. Enumerable.Range(0, Users)], scores);
        Assert.All(scores, score => Assert.True(float.IsFinite(score)));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void EveryPlaceIsWritten(string key)
    {
        float[] scores = new float[3 * Items];
        Array.Fill(scores, float.NaN);
        Scorer(key).ScoreAll([0, 1, 2], scores);
        Assert.DoesNotContain(float.NaN, scores);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void BaselinesClaimNoProbabilities(string key) =>
        Assert.False(Baselines.Single(baseline => baseline.Key == key).ScoresAreProbabilities);

    [Fact]
    public void PopularityIsTheCountOfInteractions()
    {
        float[] scores = new float[6];
        new PopularityScorer([7, 0, 2]).ScoreAll([4, 0], scores);
        Assert.Equal([7, 0, 2, 7, 0, 2], scores);
    }

    [Fact]
    public void OnACheckerboardTheWithheldDiagonalIsEachUsersTopItem()
    {
        // Even users have even items, odd users odd items, all but their own.
        const int Size = 50;
        (int, int)[] pairs = [.. from user in Enumerable.Range(0, Size) from item in Enumerable.Range(0, Size) where user % 2 == item % 2 && user != item
            select (user, item)];
        InteractionLists train = Logs.Lists(Size, pairs);
        float[] scores = new float[Size];
        foreach (IScorer scorer in new IScorer[] { new ItemCosineScorer(train, Size), new EaseScorer(train, Size, 10, 1) })
        {
            for (int user = 0; user < Size; user++)
            {
                scorer.ScoreAll([user], scores);
                Assert.Equal(user, TopItems.Of(scores, train[user], 1).Single());
            }
        }
    }

    [Fact]
    public void ItemCosineOfAHandWorkedLog()
    {
        // U_0 = {0, 1}, U_1 = {0, 1, 2}, U_2 = {2}; user 2 has items 1 and 2: score of 0 is sim(0, 1) + sim(0, 2) = 2/√6 + 0.
        var scorer = new ItemCosineScorer(Logs.Lists(4, (0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (2, 2)), 3);
        float[] scores = new float[3];
        scorer.ScoreAll([2], scores);
        Assert.Equal(2 / Math.Sqrt(6), scores[0], 6);
        Assert.Equal(1 / Math.Sqrt(3), scores[1], 6); // its own: sim(1, 2), without sim(1, 1)
        Assert.Equal(1 / Math.Sqrt(3), scores[2], 6);
    }

    [Fact]
    public void AUserWithoutHistoryScoresNothing()
    {
        float[] scores = [1, 1];
        new ItemCosineScorer(Logs.Lists(2, (0, 0), (0, 1)), 2).ScoreAll([1], scores);
        Assert.Equal([0, 0], scores);
    }

    [Fact]
    public void AnOwnItemThatNobodySharesScoresExactlyZero()
    {
        float[] scores = new float[4];
        new ItemCosineScorer(Logs.Lists(4, (0, 0), (1, 0), (2, 0), (0, 3), (1, 2)), 4).ScoreAll([2], scores);
        Assert.Equal(0, scores[0]);
    }

    [Property(MaxTest = 20)]
    public void ItemCosineAgreesWithTheWholeSimilarityMatrix(int seed, bool weighted)
    {
        InteractionLists train = Logs.Random(19, 23, 0.3, 0, 0, seed).History;
        double[]? weights = weighted ? [.. train.Items.Select((_, place) => 0.1 + RandomStream.Named(seed, "weights").Unit(place))] : null;
        double Weight(int user, int k) => weights is null ? 1 : weights[train.Offsets[user] + k];
        bool[,] used = new bool[19, 23];
        for (int user = 0; user < 19; user++)
        {
            foreach (int item in train[user]) used[user, item] = true;
        }

        double Count(int i) => Enumerable.Range(0, 19).Count(user => used[user, i]);
        double Both(int i, int j) => Enumerable.Range(0, 19).Count(user => used[user, i] && used[user, j]);
        float[] scores = new float[19 * 23];
        new ItemCosineScorer(train, 23, weights).ScoreAll([.. Enumerable.Range(0, 19)], scores);
        for (int user = 0; user < 19; user++)
        {
            for (int i = 0; i < 23; i++)
            {
                double expected = train[user].ToArray().Select((j, k) => (j, k)).Where(own => own.j != i && Count(i) > 0)
                    .Sum(own => Weight(user, own.k) * Both(i, own.j) / Math.Sqrt(Count(i) * Count(own.j)));
                Assert.Equal(expected, scores[user * 23 + i], tolerance: 1e-5);
            }
        }
    }
}
