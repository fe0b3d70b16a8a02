using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

/// <summary>
/// All pairs at once, compared with scoring one by one and sorting, for every instruction set, to the last bit.
/// </summary>
public sealed class AllPairsTests
{
    private static readonly int[][] Mlps = [[], [5], [16, 8], [7, 4], [33, 17, 9], [64, 32, 16, 8], [3, 40]];

    private static IEnumerable<SimdLevel> Levels => Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported);

    [Property(MaxTest = 40)]
    public void BestItemsAreThoseOfScoringAllAndSorting(PositiveInt mlp, PositiveInt vector, PositiveInt users, PositiveInt items, PositiveInt k, int seed)
    {
        var shape = new ScoreShape { VectorSize = vector.Get % 20, Widths = Mlps[mlp.Get % Mlps.Length] };
        var twin = new RandomPairs(shape, 1 + users.Get * 7 % 40, 1 + items.Get * 13 % 150, seed);
        int keep = 1 + k.Get % 12;
        var expected = twin.AllUsers.Select(user => twin.Best(user, keep, Enumerable.Range(0, twin.Items), twin.Excluded(user))).ToArray();
        foreach (SimdLevel level in Levels)
        {
            foreach (int threads in new[] { 1, 2 })
            {
                using AllPairs pairs = twin.Make(level);
                var best = new TopLists(twin.Users, keep);
                pairs.FindBest(twin, twin.AllUsers, user => twin.Excluded(user), best, threads);
                for (int user = 0; user < twin.Users; user++)
                {
                    Assert.Equal(expected[user].Select(pair => pair.Item), best.Items(user).ToArray());
                    Assert.Equal(expected[user].Select(pair => pair.Score), best.Scores(user).ToArray());
                }
            }
        }
    }

    [Fact]
    public void AllScoresAreThoseOfScoringOneByOne()
    {
        foreach (int[] mlp in Mlps)
        {
            var twin = new RandomPairs(new ScoreShape { VectorSize = 9, Widths = mlp }, users: 35, items: 70, seed: 3);
            int[] users = [34, 0, .. Enumerable.Range(1, 33), 0];
            foreach (SimdLevel level in Levels)
            {
                using AllPairs pairs = twin.Make(level);
                float[] scores = new float[users.Length * twin.Items];
                pairs.ScoreAll(twin, users, scores);
                for (int b = 0; b < users.Length; b++)
                {
                    for (int item = 0; item < twin.Items; item++) Assert.Equal(twin.Score(users[b], item), scores[b * twin.Items + item]);
                }

                // The last ones are several pairs of one user.
                int[] places = [.. Enumerable.Range(0, 100).Select(p => Numbers.Below(p, 1, scores.Length)), .. Enumerable.Range(100, 50)];
                float[] pairScores = new float[places.Length];
                pairs.ScorePairs(twin, Array.ConvertAll(places, p => users[p / twin.Items]), Array.ConvertAll(places, p => p % twin.Items), pairScores);
                Assert.Equal(places.Select(p => scores[p]), pairScores);
            }
        }
    }

    [Fact]
    public void TheDocumentedEquationByHand()
    {
        // a_u + u · v = 1 + 2 · 3 = 7; y_1 = relu([4, -9] + [1, 2]) = [5, 0]; y_2 = relu(2 · 5 + 100 · 0 - 3) = 7; 7 +
        // 0.5 · 7 - 10 = 0.5 with a_u = -9
        foreach (SimdLevel level in Levels)
        {
            using var pairs = new AllPairs(new ScoreShape { VectorSize = 1, Widths = [2, 1] }, [0], level);
            pairs.SetItem(0, [3], [1, 2]);
            pairs.SetLayer(1, [2, 100], [-3]);
            pairs.SetHead([0.5f]);
            float[] score = new float[1];
            pairs.ScoreAll(new OneUser(-9, [2], [4, -9]), [0], score);
            Assert.Equal(1 / (1 + Math.Exp(-0.5)), score[0], 1e-6);
        }
    }

    [Fact]
    public void TheDocumentedWeightGroups()
    {
        Assert.Equal(8 * 3, WeightGroups.Size(3, 2));
        Assert.Equal(2 * 8 * 3, WeightGroups.Size(9, 2));
        Assert.Equal((2, 24), (WeightGroups.BiasAt(2, 2), WeightGroups.BiasAt(8, 2)));
    }

    [Fact]
    public void OnlyTheGivenItemsAreScored()
    {
        var twin = new RandomPairs(new ScoreShape { VectorSize = 6, Widths = [5, 3] }, users: 40, items: 200, seed: 8);
        int[] items = [.. Enumerable.Range(0, 200).Where(item => item % 5 != 1)];
        using AllPairs pairs = twin.Make(SimdLevels.Best, items);
        var best = new TopLists(40, 10);
        pairs.FindBest(twin, twin.AllUsers, user => twin.Excluded(user), best, threads: 1);
        foreach (int user in twin.AllUsers) Assert.Equal(twin.Best(user, 10, items, twin.Excluded(user)).Select(pair => pair.Item), best.Items(user).ToArray());
        Assert.Contains("must rise", Assert.Throws<ArgumentException>(() => new AllPairs(twin.Shape, [1, 1], SimdLevels.Best)).Message,
            StringComparison.Ordinal);
    }

    [Property(MaxTest = 100)]
    public void KeepingTheBestOfARowIsSortingIt(float[] scores, PositiveInt k)
    {
        int[] excluded = [.. Enumerable.Range(0, scores.Length).Where(item => item % 3 == 1)];
        var best = new TopLists(2, k.Get);
        best.Keep(1, scores, [.. Enumerable.Range(0, scores.Length)], excluded);
        int[] sorted = [.. Enumerable.Range(0, scores.Length).Except(excluded).Where(item => !float.IsNaN(scores[item])).OrderByDescending(item => scores[item])
            .ThenBy(item => item).Take(k.Get)];
        Assert.Equal(sorted, best.Items(1).ToArray());
        Assert.Equal(sorted.Select(item => scores[item]), best.Scores(1).ToArray());
    }

    [Fact]
    public void ACatalogueOfNothingGivesEmptyLists()
    {
        var twin = new RandomPairs(new ScoreShape { VectorSize = 6 }, users: 3, items: 1, seed: 8);
        using AllPairs pairs = twin.Make(SimdLevels.Best, []);
        var best = new TopLists(3, 10);
        pairs.FindBest(twin, twin.AllUsers, _ => default, best, threads: 2);
        Assert.Equal(0, best.Items(2).Length);
    }

    [Fact]
    public void ScoresAreProbabilitiesWhateverTheLogits()
    {
        float[] logits = [float.NegativeInfinity, -1000, -100, -1, 0, 1, 17, 100, 1000, float.PositiveInfinity, float.NaN];
        foreach (SimdLevel level in Levels)
        {
            using var pairs = new AllPairs(new ScoreShape { VectorSize = 1 }, [.. Enumerable.Range(0, logits.Length)], level);
            for (int item = 0; item < logits.Length; item++) pairs.SetItem(item, [logits[item]], []);
            float[] scores = new float[logits.Length];
            pairs.ScoreAll(new OneUser(0, [1], []), [0], scores);
            for (int item = 0; item < logits.Length; item++) Assert.Equal(1 / (1 + Math.Exp(-logits[item])), scores[item], 1e-6);

            // Equal scores are ordered by index, and NaN is never recommended.
            foreach (int k in new[] { 1, 4, 5, 20 })
            {
                var best = new TopLists(1, k);
                pairs.FindBest(new OneUser(0, [1], []), new[] { 0 }, _ => default, best, threads: 1);
                int[] expected = [.. Enumerable.Range(0, logits.Length - 1).OrderByDescending(item => scores[item]).ThenBy(item => item).Take(k)];
                Assert.Equal(expected, best.Items(0).ToArray());
            }
        }
    }

    [Fact]
    public void ScoresNeverFallWhereLogitsRise()
    {
        const int Count = 20_000;
        foreach (SimdLevel level in Levels)
        {
            using var pairs = new AllPairs(new ScoreShape { VectorSize = 1 }, [.. Enumerable.Range(0, Count)], level);
            float[] scores = new float[Count];
            foreach (float start in new[] { -90f, -20f, -5f, -0.5f, 0.25f, 1f, 4f, 15f })
            {
                float logit = start; // neighbouring floats
                for (int item = 0; item < Count; item++, logit = MathF.BitIncrement(logit)) pairs.SetItem(item, [logit], []);
                pairs.ScoreAll(new OneUser(0, [1], []), [0], scores);
                for (int item = 1; item < Count; item++) Assert.True(scores[item] >= scores[item - 1]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ScoringAllocatesNothing(int threads)
    {
        var twin = new RandomPairs(new ScoreShape { VectorSize = 6, Widths = [5, 3] }, users: 2000, items: 100, seed: 8);
        using AllPairs pairs = twin.Make(SimdLevels.Best);
        var best = new TopLists(twin.Users, 10);
        int[] users = twin.AllUsers, excluded = [4, 7];
        pairs.FindBest(twin, users, _ => excluded, best, threads); // compiles, and makes the tiles
        // A collection that another test sets off can move the runtime's count of a thread by a buffer of 8 KB, so a count of 0 in one of some
        // runs is what counts: what scoring allocated would show in all.
        long least = long.MaxValue;
        for (int run = 0; run < 10 && least > 0; run++)
        {
            var counting = new Counting(twin);
            pairs.FindBest(counting, users, _ => excluded, best, threads);
            Assert.Equal(twin.Users, counting.Fills);
            least = Math.Min(least, counting.Allocated);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void ACancelledCallEnds()
    {
        var twin = new RandomPairs(new ScoreShape { VectorSize = 6 }, users: 100, items: 100, seed: 8);
        using AllPairs pairs = twin.Make(SimdLevels.Best);
        var best = new TopLists(twin.Users, 10);
        foreach (int threads in new[] { 1, 2 })
        {
            Assert.ThrowsAny<OperationCanceledException>(
                () => pairs.FindBest(twin, twin.AllUsers, _ => default, best, threads, new CancellationToken(canceled: true)));
        }
    }

    private sealed class OneUser(float bias, float[] vector, float[] first) : IUserEncoder
    {
        public float Fill(int user, Span<float> vector_K, Span<float> first_H)
        {
            vector.CopyTo(vector_K);
            first.CopyTo(first_H);
            return bias;
        }
    }

    private sealed class Counting(IUserEncoder inner) : IUserEncoder
    {
        // What each thread has allocated since it first came here; other tests' threads do not count.
        [ThreadStatic]
        private static Counting? countedFor;
        [ThreadStatic]
        private static long before;
        private long allocated;
        private int fills;

        public long Allocated => allocated;

        public int Fills => fills;

        public float Fill(int user, Span<float> vector_K, Span<float> first_H)
        {
            if (countedFor != this)
            {
                countedFor = this;
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            Interlocked.Add(ref allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Interlocked.Increment(ref fills);
            return inner.Fill(user, vector_K, first_H);
        }
    }
}
