using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring.Tests;

public sealed class WriterTests : IDisposable
{
    private const int UserCount = 30, ItemCount = 40;
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-").FullName;
    private readonly ModelWeights weights = ModelWeights.Initialize(new ModelOptions
    {
        Kind = NetworkKind.Neumf,
        User = UserEncoderKind.Embedding,
        EmbeddingSize = 4,
        MlpEmbeddingSize = 4,
        MlpLayers = [6],
        EmbeddingInit = 1,
    }, UserCount, ItemCount, 1);
    private readonly InteractionLists seen = InteractionLists.FromRows(UserCount, [2, 2, 2, 7], [0, 5, 39, 11]);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    public static TheoryData<int, bool> ThreadsAndScorers => new() { { 1, false }, { 2, false }, { 1, true }, { 2, true } };

    [Theory]
    [MemberData(nameof(ThreadsAndScorers))]
    public void RecommendationsEqualScoringAllAndSorting(int threads, bool torch)
    {
        string path = Write(new ScoreOptions { TopK = 7, Threads = threads }, out SortedDictionary<string, long> rows, torch);
        long[] users = ParquetColumns.Read<long>(path, "user_id");
        int[] ranks = ParquetColumns.Read<int>(path, "rank");
        string[] items = ParquetColumns.ReadStrings(path, "item_id"), sources = ParquetColumns.ReadStrings(path, "source");
        float[] scores = ParquetColumns.Read<float>(path, "score");
        Assert.Equal(UserCount * 7, users.Length);
        Assert.Equal((UserCount - 1) * 7, rows[Source.Model]);
        using IModelScorer scorer = Scorer(weights, torch);
        float[] all = new float[ItemCount];
        for (int user = 0; user < UserCount; user++)
        {
            if (user == 3) continue; // not trained on: see below
            scorer.ScoreAll([user], all);
            var twin = Enumerable.Range(0, ItemCount).Except(seen[user].ToArray()).OrderByDescending(item => all[item]).ThenBy(item => item).Take(7).ToArray();
            for (int rank = 1; rank <= 7; rank++)
            {
                int row = user * 7 + rank - 1;
                Assert.Equal((1000L + user, rank, $"i{twin[rank - 1]}", "model"), (users[row], ranks[row], items[row], sources[row]));
                // Torch's matrix products add in another order where memory is aligned otherwise.
                Assert.Equal(all[twin[rank - 1]], scores[row], torch ? 1e-6f : 0);
            }
        }
    }

    [Fact]
    public void AUserWithoutTrainingRowsGetsThePopularityListMarkedSo()
    {
        string path = Write(new ScoreOptions { TopK = 3 }, out _);
        int row = 3 * 3;
        Assert.Equal(["i0", "i1", "i2"], ParquetColumns.ReadStrings(path, "item_id")[row..(row + 3)]);
        Assert.All(ParquetColumns.ReadStrings(path, "source")[row..(row + 3)], source => Assert.Equal("popularity", source));
        Assert.Equal([40f / UserCount, 39f / UserCount, 38f / UserCount], ParquetColumns.Read<float>(path, "score")[row..(row + 3)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AUserWithoutTrainingRowsIsScoredByTheirHistoryWhereTheModelHasOne(bool torch)
    {
        ModelWeights history = ModelWeights.Initialize(
            new ModelOptions { Kind = NetworkKind.Mf, EmbeddingSize = 4, EmbeddingInit = 1, User = UserEncoderKind.History, History = new() { Length = 2 } },
            UserCount, ItemCount, 1);
        history.UserGmf!.Row(3).Clear();
        history.Pools = UserPools.Latest(InteractionLists.FromRows(UserCount, [2, 3, 3, 3], [9, 20, 7, 8]), 2); // of user 3's three items the latest two
        TrainedModel model = Model() with { Weights = history };
        using IModelScorer scorer = Scorer(history, torch);
        string path = Path.Combine(directory, "history.parquet");
        SortedDictionary<string, long> rows = Recommendations.Write(path, model, scorer, seen, new ScoreOptions { TopK = 3 });
        Assert.Equal((3, 87, 0), (rows[Source.History], rows[Source.Model], rows[Source.Popularity]));
        int row = 3 * 3;
        double[] vector = new double[4];
        double a = 1 / (1 + Math.Exp(-1 / 3.0));
        for (int e = 0; e < 4; e++) vector[e] = 2 * (a * history.ItemHistory!.Row(8)[e] + (1 - a) * history.ItemHistory.Row(7)[e]);
        double Score(int item) => history.ItemGmf!.Row(item).ToArray().Zip(vector, (q, u) => q * u).Sum();
        var best = Enumerable.Range(0, ItemCount).OrderByDescending(Score).Take(3).ToArray();
        Assert.Equal(best.Select(item => $"i{item}"), ParquetColumns.ReadStrings(path, "item_id")[row..(row + 3)]);
        Assert.All(ParquetColumns.ReadStrings(path, "source")[row..(row + 3)], source => Assert.Equal("history", source));
        Assert.Equal(1 / (1 + Math.Exp(-Score(best[0]))), ParquetColumns.Read<float>(path, "score")[row], 1e-5);

        string pairs = Path.Combine(directory, "history-pairs.parquet");
        new PairWriter(model, scorer, new ScoreOptions())
            .Write(pairs, PairList.Of(new string[][][] { [["1003", "1003", "1000"], [$"i{best[0]}", "unknown", "i1"]] }), SilentProgress.Instance);
        Assert.Equal(["history", "popularity", "model"], ParquetColumns.ReadStrings(pairs, "source"));
    }

    [Fact]
    public void SeenItemsComeBackWhereTheyAreNotExcluded()
    {
        string path = Write(new ScoreOptions { TopK = ItemCount, ExcludeSeen = false }, out SortedDictionary<string, long> rows);
        Assert.Equal(UserCount * ItemCount, rows.Values.Sum());
        Assert.Equal(ItemCount, ParquetColumns.Read<long>(path, "user_id").Count(user => user == 1002));
    }

    [Fact]
    public void FewerUnseenItemsThanAskedForGiveAShorterList()
    {
        string path = Write(new ScoreOptions { TopK = ItemCount }, out _);
        Assert.Equal(ItemCount - 3, ParquetColumns.Read<long>(path, "user_id").Count(user => user == 1002));
    }

    [Fact]
    public void UsersOfManyRowGroupsKeepTheirOrder()
    {
        const int Many = 20_000; // three groups
        ModelWeights many = ModelWeights.Initialize(
            new ModelOptions { Kind = NetworkKind.Gmf, User = UserEncoderKind.Embedding, EmbeddingSize = 2, EmbeddingInit = 1 }, Many, 5, 1);
        var model = new TrainedModel(many, new IdTable([.. Enumerable.Range(0, Many).Select(user => (long)user)],
            [.. Enumerable.Range(0, Many).Select(user => user % 3)]), new IdTable([10L, 11, 12, 13, 14], [5, 4, 3, 2, 1]));
        using var scorer = new FusedScorer(many, SimdLevels.Best);
        string path = Path.Combine(directory, "many.parquet");
        SortedDictionary<string, long> rows = Recommendations.Write(
            path, model, scorer, InteractionLists.FromRows(Many, [], []), new ScoreOptions { TopK = 2 });
        Assert.Equal(2 * Many, rows.Values.Sum());
        Assert.Equal(Enumerable.Range(0, 2 * Many).Select(row => row / 2L), ParquetColumns.Read<long>(path, "user_id"));
        Assert.Equal(Enumerable.Range(0, 2 * Many).Select(row => row / 2 % 3 == 0 ? "popularity" : "model"), ParquetColumns.ReadStrings(path, "source"));
    }

    [Fact]
    public void TheSameModelGivesTheSameBytes()
    {
        string one = Write(new ScoreOptions { Threads = 1 }, out _), two = Write(new ScoreOptions { Threads = 2 }, out _);
        Assert.Equal(File.ReadAllBytes(one), File.ReadAllBytes(two));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PairsKeepTheirOrderAndSayWhatTheyRestOn(bool torch)
    {
        using IModelScorer scorer = Scorer(weights, torch);
        string path = Path.Combine(directory, "pairs.parquet");
        new PairWriter(Model(), scorer, new ScoreOptions { Threshold = 0.5 }).Write(path,
            PairList.Of(new string[][][] { [["1005", "1005"], ["i4", "unknown"]], [["1003", "7", "1000"], ["i1", "i0", "i39"]] }), SilentProgress.Instance);
        Assert.Equal([1005L, 1005, 1003, 7, 1000], ParquetColumns.Read<long>(path, "user_id"));
        Assert.Equal(["model", "popularity", "popularity", "popularity", "model"], ParquetColumns.ReadStrings(path, "source"));
        float[] all = new float[ItemCount], scores = ParquetColumns.Read<float>(path, "score");
        scorer.ScoreAll([5], all);
        Assert.Equal(all[4], scores[0], 1e-6f);
        Assert.Equal(0, scores[1]);
        Assert.Equal(39f / UserCount, scores[2]);
        Assert.Equal(scores.Select(score => score >= 0.5 ? 1 : 0), ParquetColumns.Read<int>(path, "prediction"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void PairsInAnyOrderOfMoreThanOneBatchEqualScoringAll(int threads)
    {
        const int Pairs = 1_200_000, PartSize = 100_000; // of which users 3, 30 and 31 and items 40 and 41 are not scored by the model
        using IModelScorer scorer = Scorer(weights, torch: false);
        float[] all = new float[UserCount * ItemCount];
        scorer.ScoreAll([.. Enumerable.Range(0, UserCount)], all);
        var chance = RandomStream.Named(1, "pairs");
        int[] users = [.. Enumerable.Range(0, Pairs).Select(pair => (int)(chance.Unit(2 * pair) * (UserCount + 2)))];
        int[] items = [.. Enumerable.Range(0, Pairs).Select(pair => (int)(chance.Unit(2 * pair + 1) * (ItemCount + 2)))];
        var parts = Enumerable.Range(0, Pairs / PartSize).Select(part => (part * PartSize)..((part + 1) * PartSize)).Select(rows => new Array[]
        {
            Array.ConvertAll(users[rows], user => 1000L + user), Array.ConvertAll(items[rows], item => $"i{item}"),
        });
        string path = Path.Combine(directory, $"pairs-{threads}.parquet");
        SortedDictionary<string, long> rows = new PairWriter(Model(), scorer, new ScoreOptions { Threads = threads })
            .Write(path, PairList.Of(parts), SilentProgress.Instance);
        bool IsScored(int pair) => users[pair] < UserCount && users[pair] != 3 && items[pair] < ItemCount;
        float Expected(int pair) => IsScored(pair) ? all[users[pair] * ItemCount + items[pair]]
            : items[pair] < ItemCount ? (float)(ItemCount - items[pair]) / UserCount
            : 0;
        // Assert.Equal takes seconds for as many.
        Assert.True(Enumerable.Range(0, Pairs).Select(Expected).SequenceEqual(ParquetColumns.Read<float>(path, "score")));
        Assert.True(users.Select(user => 1000L + user).SequenceEqual(ParquetColumns.Read<long>(path, "user_id")));
        Assert.True(items.Select(item => $"i{item}").SequenceEqual(ParquetColumns.ReadStrings(path, "item_id")));
        Assert.Equal(Enumerable.Range(0, Pairs).LongCount(IsScored), rows[Source.Model]);
    }

    private static IModelScorer Scorer(ModelWeights weights, bool torch) => torch ? new ModelScorer(weights) : new FusedScorer(weights, SimdLevels.Best);

    private string Write(ScoreOptions options, out SortedDictionary<string, long> rows, bool torch = false)
    {
        using IModelScorer scorer = Scorer(weights, torch);
        string path = Path.Combine(directory, $"{Guid.NewGuid()}.parquet");
        rows = Recommendations.Write(path, Model(), scorer, seen, options);
        return path;
    }

    // User 3 has no training interactions; item i has 40 - i.
    private TrainedModel Model() => new(
        weights,
        new IdTable([.. Enumerable.Range(0, UserCount).Select(user => 1000L + user)], [.. Enumerable.Range(0, UserCount).Select(user => user == 3 ? 0 : 5)]),
        new IdTable([.. Enumerable.Range(0, ItemCount).Select(item => $"i{item}")], [.. Enumerable.Range(0, ItemCount).Select(item => ItemCount - item)]));
}
