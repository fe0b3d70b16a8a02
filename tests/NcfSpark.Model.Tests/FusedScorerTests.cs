using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Kernels;

namespace NcfSpark.Model.Tests;

/// <summary>The fused scorer, compared with Torch on models of every kind.</summary>
public sealed class FusedScorerTests
{
    public static TheoryData<NetworkKind, Activation, bool> KindsAndActivations
    {
        get
        {
            var data = new TheoryData<NetworkKind, Activation, bool>();
            foreach (NetworkKind kind in Models.Kinds)
            {
                data.Add(kind, Activation.None, false);
                data.Add(kind, Activation.Relu, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(KindsAndActivations))]
    public void ScoresAreTorchs(NetworkKind kind, Activation activation, bool biases) => AssertTorchsScores(Models.Options(kind, activation, biases));

    [Theory]
    [InlineData(NetworkKind.Mf, 4)]
    [InlineData(NetworkKind.Gmf, 0)]
    [InlineData(NetworkKind.Neumf, 4)]
    public void UsersWithAHistoryAreScoredAsByTorch(NetworkKind kind, int userMlpWidth) => AssertTorchsScores(Models.History(kind, userMlpWidth));

    [Fact]
    public void UsersWithAttentionAreScoredAsByTorch() => AssertTorchsScores(Models.Attention());

    [Fact]
    public void CosinesAreScoredAsByTorch() => AssertTorchsScores(Models.Options(NetworkKind.Cosine));

    /// <summary>
    /// A session of somebody whom the model does not know is a user whose rows are 0; one of a user with what they did last is that user. To the bit.
    /// </summary>
    [Theory]
    [InlineData(NetworkKind.Mf, 4)]
    [InlineData(NetworkKind.Mf, 0)]
    [InlineData(NetworkKind.Gmf, 0)]
    [InlineData(NetworkKind.Neumf, 4)]
    public void ASessionIsScoredAsAUserOfThatPast(NetworkKind kind, int userMlpWidth) =>
        AssertSessionIsScoredAsUser(Models.History(kind, userMlpWidth));

    [Fact]
    public void ASessionIsScoredAsAUserOfThatPastWithAttention() => AssertSessionIsScoredAsUser(Models.Attention());

    [Fact]
    public void ASessionIsScoredAsAUserOfThoseInteractions() => AssertSessionIsScoredAsUser(Models.Options(NetworkKind.Cosine));

    /// <summary>Somebody without a vector of their own gets that of the encoder for the mean rating at what they used last.</summary>
    [Fact]
    public void SomebodyNewIsEncodedFromWhatTheyUsed()
    {
        ModelWeights weights = Models.Random(Models.Options(NetworkKind.Cosine));
        foreach (Weight table in weights.UserTables) table.Row(4).Clear();
        float[] row = new float[weights.ItemCount];
        foreach (int item in weights.Pools![4]) row[item] = weights.MeanRating!.Values[0];
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var module = new NeuMFModule(weights);
        float[] expected = module.Encode(weights.UserInteractions!, TorchSharp.torch.tensor(row).reshape(1, row.Length)).data<float>().ToArray();
        float[] vector = new float[expected.Length];
        using var vectors = new UserVectors(weights, SimdLevels.Best);
        vectors.Write([4], vector, vector.Length);
        Assert.Equal(1, vector.Sum(value => value * value), 1e-5f);
        for (int k = 0; k < vector.Length; k++) Assert.Equal(expected[k], vector[k], 1e-5f);
    }

    private static void AssertSessionIsScoredAsUser(ModelOptions options)
    {
        ModelWeights weights = Models.Random(options, users: 4, items: 300);
        foreach (Weight table in weights.UserTables) table.Row(2).Clear();
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            using var scorer = new FusedScorer(weights, level);
            for (int user = 0; user < 4; user++)
            {
                TopLists known = new(1, 300), session = new(1, 300);
                (int[] pool, long[] times) = (weights.Pools![user].ToArray(), weights.Pools.TimesOf(user).ToArray());
                scorer.FindBest(new[] { user }, _ => [5, 7], known, threads: 1);
                scorer.FindBest(new UserSession(user == 2 ? -1 : user, pool, times, weights.Pools.TemporalFeatures_U[user]), [5, 7], session);
                Assert.Equal(known.Items(0).ToArray(), session.Items(0).ToArray());
                Assert.Equal(known.Scores(0).ToArray(), session.Scores(0).ToArray());
            }
        }
    }

    private static void AssertTorchsScores(ModelOptions options)
    {
        ModelWeights weights = Models.Random(options, users: 4, items: 1000);
        using var twin = new ModelScorer(weights);
        int[] users = [3, 0, 3];
        float[] expected = new float[users.Length * weights.ItemCount], scores = new float[expected.Length];
        twin.ScoreAll(users, expected);
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            using var scorer = new FusedScorer(weights, level);
            scorer.ScoreAll(users, scores);
            for (int i = 0; i < scores.Length; i++) Assert.Equal(expected[i], scores[i], 2e-6f);
            float[] pairs = new float[3];
            scorer.ScorePairs([0, 3, 3], [999, 1, 20], pairs);
            Assert.Equal([scores[1999], scores[1], scores[20]], pairs);
        }
    }

    [Property(MaxTest = 30)]
    public void BestItemsAreThoseOfScoringAllAndSorting(PositiveInt kind, bool relu, bool biases, PositiveInt items, PositiveInt k, int seed)
    {
        const float Rounding = 2e-6f; // Torch adds in another order
        ModelOptions options = Models.Options(Models.Kinds[kind.Get % Models.Kinds.Length], relu ? Activation.Relu : Activation.None, biases);
        ModelWeights weights = Models.Random(options, users: 40, items: 5 + items.Get * 7 % 300, seed);
        foreach (Weight table in weights.ItemTables)
        {
            for (int item = 4; item < weights.ItemCount; item += 4) table.Row(item / 2).CopyTo(table.Row(item)); // ties
        }

        int[] Seen(int user) => [.. Enumerable.Range(0, weights.ItemCount).Where(item => user == 5 || (item * 31 + user * 17) % 7 == 0)];
        int[] users = [.. Enumerable.Range(0, 40).Reverse()];
        var best = new TopLists(users.Length, 1 + k.Get % 20);
        using var twin = new ModelScorer(weights);
        using var scorer = new FusedScorer(weights, SimdLevels.Best);
        scorer.FindBest(users, user => Seen(user), best, threads: 2);
        float[] exact = new float[weights.ItemCount], torch = new float[weights.ItemCount];
        for (int place = 0; place < users.Length; place++)
        {
            scorer.ScoreAll([users[place]], exact);
            int[] expected = [.. Enumerable.Range(0, weights.ItemCount).Except(Seen(users[place])).OrderByDescending(item => exact[item]).ThenBy(item => item)
                .Take(best.K)];
            Assert.Equal(expected, best.Items(place).ToArray());
            Assert.Equal(expected.Select(item => exact[item]), best.Scores(place).ToArray());

            twin.ScoreAll([users[place]], torch);
            int[] sorted = [.. Enumerable.Range(0, weights.ItemCount).Except(Seen(users[place])).OrderByDescending(item => torch[item]).ThenBy(item => item)
                .Take(best.K)];
            Assert.Equal(sorted.Length, expected.Length);
            for (int rank = 0; rank < sorted.Length; rank++)
            {
                Assert.True(sorted[rank] == expected[rank] || Math.Abs(torch[sorted[rank]] - torch[expected[rank]]) <= Rounding);
            }
        }
    }

    [Fact]
    public void OnlyItemsThatMayBeRecommendedAre()
    {
        ModelWeights weights = Models.Random(Models.Options(NetworkKind.Neumf), users: 6, items: 90);
        int[] items = [.. Enumerable.Range(0, 90).Where(item => item % 3 != 0)];
        using var all = new FusedScorer(weights, SimdLevels.Best);
        using var some = new FusedScorer(weights, SimdLevels.Best, items);
        TopLists fromAll = new(1, 8), fromSome = new(1, 8);
        int[] denied = [.. Enumerable.Range(0, 90).Except(items)];
        all.FindBest(new[] { 4 }, _ => denied, fromAll, threads: 1);
        some.FindBest(new[] { 4 }, _ => default, fromSome, threads: 1);
        Assert.Equal(fromAll.Items(0).ToArray(), fromSome.Items(0).ToArray());
        Assert.Equal(fromAll.Scores(0).ToArray(), fromSome.Scores(0).ToArray());
    }
}
