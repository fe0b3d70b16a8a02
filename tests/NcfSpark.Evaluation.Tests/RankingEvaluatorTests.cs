using FsCheck.Xunit;
using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

public class RankingEvaluatorTests
{
    private static readonly string[] Names = ["hr@2", "ndcg@2", "recall@2", "precision@2", "mrr@2"];

    [Fact]
    public void HandWorkedUsersAreAveraged()
    {
        // User 0 has seen item 0, the best scored; held out: 2 (rank 2 of 1 2 3 4) and 4 (last). User 1 has seen nothing; held out: 1, first.
        var evaluator = new RankingEvaluator(Logs.Lists(3, (0, 0)), Logs.Rows((0, 2), (1, 1), (0, 4)), [2], itemInteractions: [4, 2, 1, 0, 0],
            itemFeatures: Logs.Lists(5, (1, 0), (1, 1), (2, 1), (2, 2), (3, 0)));
        RankingResult result = evaluator.Evaluate(new TableScorer([9, 5, 4, 3, 1], [1, 8, 2, 0, 0], [0, 0, 0, 0, 0]), 1, SilentProgress.Instance);

        Assert.Equal([0, 1], result.Users);
        Assert.Equal(1, result["hr@2"], 12);
        Assert.Equal((1 / Math.Log2(3) / (1 + 1 / Math.Log2(3)) + 1) / 2, result["ndcg@2"], 12);
        Assert.Equal((0.5 + 1) / 2, result["recall@2"], 12);
        Assert.Equal(0.5, result["precision@2"], 12);
        Assert.Equal((0.5 + 1) / 2, result["mrr@2"], 12);

        // Lists: user 0 sees 1, 2; user 1 sees 1, 2. Novelty of 1: -log2(2/3), of 2: -log2(1/3).
        Assert.Equal(2.0 / 5, result["coverage@2"], 12);
        Assert.Equal((Math.Log2(1.5) + Math.Log2(3)) / 2, result["novelty@2"], 12);

        // In 0, 0, 0, 2 and 2 lists: (1 - 5 - 1) 0 + … + (8 - 6) 2 + (10 - 6) 2 = 12, over 4 times 4. With ten popular items of five all lists are popular.
        Assert.Equal(12.0 / 16, result["gini@2"], 12);
        Assert.Equal(1, result["popular_lists@2"], 12);
        Assert.Equal(1 - 1 / 3.0, result["diversity@2"], 12); // of the features 0, 1 and 2 of both items they have 1 in common
    }

    [Fact]
    public void ItemsWithoutInteractionsAreAsNovelAsThoseWithOne() => Assert.Equal([2, 2, 0], RankingEvaluator.NoveltyOf([0, 1, 4], userCount: 4));

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.PositiveInfinity)]
    public void ConstantAndNanScorersNeverHit(float score)
    {
        float[] row = new float[13];
        Array.Fill(row, score);
        var evaluator = new RankingEvaluator(Logs.Lists(2, (0, 1), (1, 2)), Logs.Rows((0, 0), (1, 12)), [2, 10]);
        RankingResult result = evaluator.Evaluate(new TableScorer(row, row), 1, SilentProgress.Instance);
        Assert.All(result.Metrics, metric => Assert.Equal(0, metric.Value));
    }

    [Fact]
    public void HeldOutItemsDoNotStandInEachOthersWay()
    {
        var evaluator = new RankingEvaluator(Logs.Lists(1), Logs.Rows((0, 0), (0, 1), (0, 2)), [3]);
        RankingResult result = evaluator.Evaluate(new TableScorer([1, 1, 1, 0, 0]), 1, SilentProgress.Instance);
        Assert.Equal(1, result["ndcg@3"], 12);
        Assert.Equal(1, result["recall@3"], 12);
    }

    [Fact]
    public void ATieWithOneCandidateCostsOneRank()
    {
        var evaluator = new RankingEvaluator(Logs.Lists(1), Logs.Rows((0, 0)), [1, 2]);
        RankingResult result = evaluator.Evaluate(new TableScorer([5, 5, 1]), 1, SilentProgress.Instance);
        Assert.Equal(0, result["hr@1"]);
        Assert.Equal(0.5, result["mrr@2"], 12);
    }

    [Fact]
    public void AHeldOutItemThatWasSeenAsWellStaysACandidate()
    {
        var evaluator = new RankingEvaluator(Logs.Lists(1, (0, 0), (0, 0), (0, 1), (0, 1)), Logs.Rows((0, 0), (0, 0)), [1]);
        Assert.Equal(1, evaluator.Evaluate(new TableScorer([3, 9, 1]), 1, SilentProgress.Instance)["recall@1"]);
    }

    [Fact]
    public void ACutOffBeyondTheCatalogueListsWhatThereIs()
    {
        var evaluator = new RankingEvaluator(Logs.Lists(1, (0, 1)), Logs.Rows((0, 0)), [100], [1, 1, 1]);
        RankingResult result = evaluator.Evaluate(new TableScorer([3, 9, 1]), 1, SilentProgress.Instance);
        Assert.Equal(0.01, result["precision@100"], 12);
        Assert.Equal(2.0 / 3, result["coverage@100"], 12);
    }

    [Property(MaxTest = 60)]
    public void CountingAgreesWithSortingEverything(int seed, byte missing)
    {
        EvaluationData data = Logs.Random(users: 9, items: 41, density: 0.3, heldOut: 4, candidates: 0, seed);
        if (data.Test.Count == 0) return;
        TableScorer scorer = TableScorer.Random(9, 41, seed, levels: 12, missing: missing % 3 * 0.1);
        data = data with
        {
            ItemFeatures = InteractionLists.FromParts(41, [.. Enumerable.Range(0, 4).Select(feature =>
            {
                int[] having = [.. Enumerable.Range(0, 41).Where(item => RandomStream.Named(seed, "features", feature).Below(item, 3) == 0)];
                return (having, Array.ConvertAll(having, _ => feature));
            })]),
        };
        RankingResult fast = new RankingEvaluator(data.Seen, data.Test, [1, 2, 7], data.ItemInteractions, itemFeatures: data.ItemFeatures)
            .Evaluate(scorer, 1, SilentProgress.Instance);
        foreach (int cutOff in new[] { 1, 2, 7 }) SortingTwin.AssertSame(fast, scorer, data, cutOff);
    }

    [Property(MaxTest = 30)]
    public void TheOrderOfItemsChangesNothing(int seed)
    {
        EvaluationData data = Logs.Random(6, 30, 0.3, 3, 0, seed);
        if (data.Test.Count == 0) return;
        int[] renamed = [.. Enumerable.Range(0, 30)];
        RandomStream.Named(seed, "renaming").Shuffle(renamed.AsSpan());
        TableScorer scorer = TableScorer.Random(6, 30, seed, levels: 8, missing: 0.1);
        float[] all = new float[6 * 30], moved = new float[6 * 30];
        scorer.ScoreAll([0, 1, 2, 3, 4, 5], all);
        for (int i = 0; i < all.Length; i++) moved[i / 30 * 30 + renamed[i % 30]] = all[i];
        var renamedScorer = new TableScorer([.. Enumerable.Range(0, 6).Select(u => moved[(u * 30)..((u + 1) * 30)])]);

        InteractionRows Rename(InteractionRows rows) => rows with { Items = Array.ConvertAll(rows.Items, item => renamed[item]) };
        var other = new EvaluationData(6, data.ItemInteractions, Rename(data.Train), Rename(data.Validation), Rename(data.Test), data.TestCandidates);

        RankingResult first = new RankingEvaluator(data.Seen, data.Test, [5]).Evaluate(scorer, 1, SilentProgress.Instance);
        RankingResult second = new RankingEvaluator(other.Seen, other.Test, [5]).Evaluate(renamedScorer, 1, SilentProgress.Instance);
        Assert.All(first.Metrics.Zip(second.Metrics), pair => Assert.Equal(pair.First.Sums, pair.Second.Sums));
    }

    [Fact]
    public void TheOrderOfRowsChangesNothing()
    {
        EvaluationData data = Logs.Random(50, 40, 0.2, 3, 0, seed: 3);
        InteractionRows reversed = new([.. data.Test.Users.Reverse()], [.. data.Test.Items.Reverse()], [.. data.Test.Timestamps.Reverse()]);
        TableScorer scorer = TableScorer.Random(50, 40, 1);
        RankingResult first = new RankingEvaluator(data.Seen, data.Test, [5], data.ItemInteractions, users: 20).Evaluate(scorer, 1, SilentProgress.Instance);
        RankingResult second = new RankingEvaluator(data.Seen, reversed, [5], data.ItemInteractions, users: 20).Evaluate(scorer, 1, SilentProgress.Instance);
        Assert.Equal(20, first.Users.Length);
        Assert.Equal(first.Users, second.Users);
        Assert.All(first.Metrics.Zip(second.Metrics), pair => Assert.Equal(pair.First.Sums, pair.Second.Sums));
        Assert.Equal(first.OfAllLists, second.OfAllLists);
    }

    [Fact]
    public void OneAndTwoThreadsGiveTheSameBits()
    {
        EvaluationData data = Logs.Random(300, 60, 0.2, 4, 0, seed: 8);
        TableScorer scorer = TableScorer.Random(300, 60, 2);
        var evaluator = new RankingEvaluator(data.Seen, data.Test, [3, 10], data.ItemInteractions);
        RankingResult one = evaluator.Evaluate(scorer, 1, SilentProgress.Instance), two = evaluator.Evaluate(scorer, 2, SilentProgress.Instance);
        Assert.All(one.Metrics.Zip(two.Metrics), pair => Assert.Equal(pair.First.Sums, pair.Second.Sums));
        Assert.Equal(one.OfAllLists, two.OfAllLists);
    }

    [Fact]
    public void ListsOfPopularityAreMostlyPopular()
    {
        EvaluationData data = Logs.Random(60, 50, 0.2, 3, 0, seed: 4);
        var evaluator = new RankingEvaluator(data.Seen, data.Test, [5, 19], data.ItemInteractions);
        RankingResult popular = evaluator.Evaluate(new PopularityScorer(data.ItemInteractions), 1, SilentProgress.Instance);
        RankingResult rare = evaluator.Evaluate(new PopularityScorer(Array.ConvertAll(data.ItemInteractions, count => -count)), 1, SilentProgress.Instance);
        Assert.Equal((1, 1, 0, 0), (popular["popular_lists@5"], popular["popular_lists@19"], rare["popular_lists@5"], rare["popular_lists@19"]));
        Assert.True(popular["novelty@5"] < rare["novelty@5"] && popular["gini@5"] > 0.5);
    }

    [Fact]
    public void WithoutItemInteractionsThereAreNoLists()
    {
        RankingResult result = new RankingEvaluator(Logs.Lists(1), Logs.Rows((0, 0)), [2]).Evaluate(new TableScorer([1, 0]), 1, SilentProgress.Instance);
        Assert.Equal(Names, result.Metrics.Select(metric => metric.Name));
        Assert.Empty(result.OfAllLists);
    }

    /// <summary>The obvious way: sort all candidates, the held-out last among equals and missing scores, and read the metrics off the list.</summary>
    private static class SortingTwin
    {
        public static void AssertSame(RankingResult fast, TableScorer scorer, EvaluationData data, int cutOff)
        {
            float[] scores = new float[data.ItemInteractions.Length];
            var listed = new List<int>();
            for (int place = 0; place < fast.Users.Length; place++)
            {
                int user = fast.Users[place];
                scorer.ScoreAll([user], scores);
                int[] held = [.. Enumerable.Range(0, data.Test.Count).Where(row => data.Test.Users[row] == user).Select(row => data.Test.Items[row])];
                int[] candidates = [.. Enumerable.Range(0, scores.Length).Except(data.Seen[user].ToArray())];

                // NaN against the model: missing above all for the others, below all for the held-out.
                double Against(int item) => !float.IsNaN(scores[item]) ? scores[item] : held.Contains(item) ? double.NegativeInfinity : double.PositiveInfinity;
                int[] ranked = [.. candidates.OrderByDescending(Against).ThenBy(item => held.Contains(item))];
                bool[] hits = [.. ranked.Take(cutOff).Select(item => held.Contains(item))];
                double Gain(IEnumerable<bool> list) => list.Select((hit, rank) => hit ? 1 / Math.Log2(rank + 2) : 0).Sum();

                AssertValue("hr", hits.Any(hit => hit) ? 1 : 0);
                AssertValue("ndcg", Gain(hits) / Gain(Enumerable.Repeat(true, Math.Min(cutOff, held.Length))));
                AssertValue("recall", hits.Count(hit => hit) / (double)held.Length);
                AssertValue("precision", hits.Count(hit => hit) / (double)cutOff);
                AssertValue("mrr", hits.Any(hit => hit) ? 1.0 / (Array.IndexOf(hits, true) + 1) : 0);

                int[] top = [.. candidates.OrderByDescending(item => float.IsNaN(scores[item]) ? double.NegativeInfinity : scores[item]).ThenBy(item => item)
                    .Take(cutOff)];
                Assert.Equal(top, TopItems.Of(scores, data.Seen[user], cutOff));
                listed.AddRange(top);
                int[] popular = [.. candidates.OrderByDescending(item => Math.Max(1, data.ItemInteractions[item])).ThenBy(item => item).Take(10)];
                AssertValue("popular_lists", top.Intersect(popular).Count() > top.Length / 2.0 ? 1 : 0);
                double[] pairs = [.. top.SelectMany((a, at) => top.Skip(at + 1).Select(b => Difference(data.ItemFeatures![a], data.ItemFeatures[b])))];
                AssertValue("diversity", pairs.DefaultIfEmpty(0).Average());
                AssertValue("novelty", top.Average(item => -Math.Log2(Math.Max(1, data.ItemInteractions[item]) / (double)data.UserCount)));

                void AssertValue(string name, double expected) =>
                    Assert.Equal(expected, fast.Metrics.Single(metric => metric.Name == $"{name}@{cutOff}").Sums[place], tolerance: 1e-12);
            }

            static double Difference(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
            {
                var (both, either) = (a.ToArray().Intersect(b.ToArray()), a.ToArray().Union(b.ToArray()));
                return either.Any() ? 1 - both.Count() / (double)either.Count() : 1;
            }

            Assert.Equal(listed.Distinct().Count() / (double)scores.Length, fast[$"coverage@{cutOff}"], tolerance: 1e-12);

            // The other form of Gini's index: the mean difference of two items, over twice the mean; over N - 1 in place of N.
            int[] lists = [.. Enumerable.Range(0, scores.Length).Select(item => listed.Count(other => other == item))];
            double differences = lists.Sum(one => lists.Sum(other => Math.Abs((double)one - other)));
            double gini = scores.Length == 1 ? 0 : differences / (2.0 * (scores.Length - 1) * lists.Sum());
            Assert.Equal(gini, fast[$"gini@{cutOff}"], tolerance: 1e-12);
        }
    }
}
