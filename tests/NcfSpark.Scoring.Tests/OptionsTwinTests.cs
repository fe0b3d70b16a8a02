using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring.Tests;

/// <summary>
/// Every option beside its plain twin: score everything one user at a time, sort, filter. Ids, order and scores to the
/// last bit, with ties, for every instruction set, 1 and 2 threads.
/// </summary>
public sealed class OptionsTwinTests : IDisposable
{
    internal const int Users = 37;
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Property(MaxTest = 25)]
    public void ListsAreThoseOfScoringAllSortingAndFiltering(int seed, PositiveInt size, PositiveInt k, PositiveInt most, bool excludeSeen, bool grouped)
    {
        int items = 3 + size.Get * 11 % 90;
        TrainedModel model = RandomModel(seed, items);
        int[] groups = [.. Enumerable.Range(0, items).Select(item => Pick(seed, item, 5) - 1)];
        int[] left = [.. Enumerable.Range(0, items).Where(item => Pick(seed + 1, item, 3) > 0)];
        if (left.Length == 0) return;
        var recommendable = new RecommendableItems(left, grouped ? new GroupLimit(groups, 1 + most.Get % 3) : null);
        ChosenUsers chosen = ChosenUsers.Of(model.Users, [.. Enumerable.Range(990, 60).Where(id => id % 4 != 1).Select(id => $"{id}")]);
        Assert.Contains(chosen.Users, user => user < 0);
        int[] Seen(int user) => [.. Enumerable.Range(0, items).Where(item => Pick(seed + user, item, 4) == 0)];
        var options = new ScoreOptions { TopK = 1 + k.Get % 12, ExcludeSeen = excludeSeen };

        foreach ((IModelScorer all, IModelScorer restricted, int threads) in Scorers(model.Weights, left))
        {
            using (all)
            using (restricted)
            {
                RecommendationRows rows = new Recommender(model, restricted, recommendable, options with { Threads = threads })
                    .Recommend(chosen.Users, user => Seen(user));
                var expected = chosen.Users.SelectMany(user => Twin(
                    model, all, user, left, excludeSeen && user >= 0 ? Seen(user) : [], options.TopK, grouped ? groups : null, 1 + most.Get % 3)).ToArray();
                Assert.Equal(expected, Enumerable.Range(0, rows.Users.Length)
                    .Select(row => (rows.Users[row], rows.Ranks[row], rows.Items[row], rows.Scores[row], rows.Sources[row])));
            }
        }
    }

    /// <summary>The twin scores all, gives the items of the earlier list so much more, sorts and takes the first.</summary>
    [Property(MaxTest = 25)]
    public void HysteresisKeepsAnItemUnlessANewOneIsBetterByMore(int seed, PositiveInt size, PositiveInt k, bool excludeSeen, PositiveInt much)
    {
        int items = 3 + size.Get * 11 % 60;
        TrainedModel model = RandomModel(seed, items);
        int[] left = [.. Enumerable.Range(0, items).Where(item => Pick(seed + 1, item, 3) > 0)];
        if (left.Length == 0) return;
        int[] users = [.. Enumerable.Range(-1, Users + 1)];
        int[] Seen(int user) => [.. Enumerable.Range(0, items).Where(item => Pick(seed + user, item, 4) == 0)];
        int[] EarlierOf(int user) => [.. left.Where(item => Pick(seed + user, 1000 + item, 5) == 0)]; // some were seen since
        var earlier = InteractionLists.FromRows(Users, [.. Enumerable.Range(0, Users).SelectMany(user => EarlierOf(user).Select(_ => user))],
            [.. Enumerable.Range(0, Users).SelectMany(EarlierOf)]);
        var options = new ScoreOptions { TopK = 1 + k.Get % 12, ExcludeSeen = excludeSeen, Hysteresis = 0.02 * (much.Get % 10) };
        foreach ((IModelScorer all, IModelScorer restricted, int threads) in Scorers(model.Weights, left))
        {
            using (all)
            using (restricted)
            {
                var recommender = new Recommender(model, restricted, new RecommendableItems(left, null), options with { Threads = threads })
                    { Earlier = earlier };
                RecommendationRows rows = recommender.Recommend(users, user => Seen(user));
                var expected = users.SelectMany(user =>
                {
                    int[] before = user < 0 ? [] : EarlierOf(user);
                    return Twin(model, all, user, left, excludeSeen && user >= 0 ? Seen(user) : [], int.MaxValue, null, 0)
                        .OrderByDescending(row => row.Score + (before.Contains(row.Item) ? options.Hysteresis : 0)).ThenBy(row => row.Item)
                        .Take(options.TopK).Select((row, place) => row with { Rank = place + 1 });
                }).ToArray();
                Assert.Equal(expected, Enumerable.Range(0, rows.Users.Length)
                    .Select(row => (rows.Users[row], rows.Ranks[row], rows.Items[row], rows.Scores[row], rows.Sources[row])));
            }
        }
    }

    [Property(MaxTest = 15)]
    public void UsersOfItemsAreThoseOfScoringAllAndSorting(int seed, PositiveInt k, bool excludeSeen)
    {
        const int Items = 45;
        TrainedModel model = RandomModel(seed, Items);
        int[] wanted = [.. Enumerable.Range(0, Items).Where(item => Pick(seed, item, 3) == 0)];
        int[] users = [.. Enumerable.Range(0, Users).Where(user => Pick(seed, 100 + user, 5) > 0)];
        int[] Seen(int user) => [.. Enumerable.Range(0, Items).Where(item => Pick(seed + user, item, 4) == 0)];
        var options = new ScoreOptions { UsersPerItem = 1 + k.Get % 40, ExcludeSeen = excludeSeen };
        foreach ((IModelScorer all, IModelScorer unused, int threads) in Scorers(model.Weights, wanted))
        {
            using (all)
            using (unused)
            using (var writer = new UsersOfItemsWriter(
                model, items => new FusedScorer(model.Weights, SimdLevels.Best, items), wanted.Reverse(), options with { Threads = threads }))
            {
                writer.Add(users.AsMemory(0, users.Length / 2), user => Seen(user)); // in two ranges, as users stream by
                writer.Add(users.AsMemory(users.Length / 2), user => Seen(user));
                string path = Path.Combine(directory, $"{Guid.NewGuid()}.parquet");
                long rows = writer.Write(path);
                float[][] scores = [.. Enumerable.Range(0, Users).Select(user => All(all, user, Items))];
                var expected = wanted.Where(item => model.Items.Interactions[item] > 0).SelectMany(item => users
                    .Where(user => Source.Of(model, user) != Source.Popularity && !(excludeSeen && Seen(user).Contains(item)))
                    .OrderByDescending(user => scores[user][item]).ThenBy(user => user).Take(options.UsersPerItem)
                    .Select((user, rank) => ($"i{item}", rank + 1, 1000L + user, scores[user][item], Source.Of(model, user)))).ToArray();
                string[] itemIds = ParquetColumns.ReadStrings(path, "item_id"), sources = ParquetColumns.ReadStrings(path, "source");
                int[] ranks = ParquetColumns.Read<int>(path, "rank");
                long[] userIds = ParquetColumns.Read<long>(path, "user_id");
                float[] written = ParquetColumns.Read<float>(path, "score");
                Assert.Equal(expected, Enumerable.Range(0, itemIds.Length).Select(row => (itemIds[row], ranks[row], userIds[row], written[row], sources[row])));
                Assert.Equal(expected.Length, rows);
            }
        }
    }

    [Theory]
    [InlineData(NetworkKind.Mf, Activation.None)]
    [InlineData(NetworkKind.Neumf, Activation.None)]
    [InlineData(NetworkKind.Mlp, Activation.Relu)]
    [InlineData(NetworkKind.Gmf, Activation.Relu)]
    public void SimilarItemsAreThoseOfAllCosinesSorted(NetworkKind kind, Activation activation)
    {
        const int Items = 70;
        TrainedModel model = RandomModel(seed: 5, Items, kind, activation);
        int[] left = [.. Enumerable.Range(0, Items).Where(item => item % 4 != 1)];
        double[][] vectors = [.. Enumerable.Range(0, Items)
            .Select(item => new[] { model.Weights.ItemGmf, model.Weights.ItemMlp }.OfType<Weight>().SelectMany(table => table.Row(item).ToArray())
                .Select(value => activation == Activation.Relu ? Math.Max(value, 0.0) : value).ToArray())];
        double Norm(int item) => Math.Sqrt(vectors[item].Sum(value => value * value));
        double Cosine(int a, int b) => Norm(a) == 0 || Norm(b) == 0 ? 0 : vectors[a].Zip(vectors[b], (x, y) => x * y).Sum() / Norm(a) / Norm(b);
        bool Trained(int item) => model.Items.Interactions[item] > 0;
        string[]? first = null;
        foreach ((SimdLevel level, int threads) in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported)
            .SelectMany(level => new[] { (level, 1), (level, 2) }))
        {
            string path = Path.Combine(directory, $"{Guid.NewGuid()}.parquet");
            long rows = new SimilarItemsWriter(model, new RecommendableItems(left, null), new ScoreOptions { SimilarItems = 6, Threads = threads })
                .Write(path, level, SilentProgress.Instance);
            string[] ids = ParquetColumns.ReadStrings(path, "item_id"), similar = ParquetColumns.ReadStrings(path, "similar_item_id");
            float[] scores = ParquetColumns.Read<float>(path, "score");
            Assert.Equal(rows, ids.Length);
            string[] lines = [.. ids.Select((id, row) => $"{id} {similar[row]} {scores[row]:R}")];
            Assert.Equal(first ??= lines, lines);
            Assert.Equal(Enumerable.Range(0, Items).Where(Trained).Select(item => $"i{item}"), ids.Distinct());
            for (int row = 0; row < ids.Length; row++) Assert.Equal(Cosine(int.Parse(ids[row][1..]), int.Parse(similar[row][1..])), scores[row], 1e-5);
            foreach (int item in Enumerable.Range(0, Items).Where(Trained))
            {
                int[] twin = [.. left.Where(other => other != item && Trained(other)).OrderByDescending(other => Cosine(item, other))
                    .ThenBy(other => other).Take(6)];
                int[] listed = [.. Enumerable.Range(0, ids.Length).Where(row => ids[row] == $"i{item}").Select(row => int.Parse(similar[row][1..]))];
                Assert.Equal(twin.Length, listed.Distinct().Count());
                Assert.DoesNotContain(item, listed);
                for (int rank = 0; rank < twin.Length; rank++)
                {
                    Assert.True(twin[rank] == listed[rank] || Math.Abs(Cosine(item, twin[rank]) - Cosine(item, listed[rank])) < 1e-6);
                }

                for (int rank = 1; rank < twin.Length; rank++)
                {
                    int row = Array.IndexOf(ids, $"i{item}") + rank;
                    Assert.True(scores[row] < scores[row - 1] || (scores[row] == scores[row - 1] && listed[rank] > listed[rank - 1]));
                }
            }
        }
    }

    [Fact]
    public void AtMostSoManyOfAGroupByHand()
    {
        // Sorted: a0 .9, a1 .8, a2 .7, b3 .6, none4 .5, none5 .4, b6 .3. At most one of a group: a0, b3, none4, none5.
        float[] scores = [.9f, .8f, .7f, .6f, .5f, .4f, .3f];
        var best = new TopLists(1, 4) { Limit = new GroupLimit([0, 0, 0, 1, -1, -1, 1], 1) };
        best.Keep(0, scores, [0, 1, 2, 3, 4, 5, 6], []);
        Assert.Equal([0, 3, 4, 5], best.Items(0).ToArray());
        best.Keep(0, [.. scores.Reverse()], [0, 1, 2, 3, 4, 5, 6], []); // rising: what was kept has to go again
        Assert.Equal([6, 5, 4, 2], best.Items(0).ToArray());
    }

    internal static IEnumerable<(int User, int Rank, int Item, float Score, string Source)> Twin(
        TrainedModel model, IModelScorer all, int user, int[] left, int[] excluded, int k, int[]? groups, int most)
    {
        string source = Source.Of(model, user);
        float[] scores = source == Source.Popularity
            ? [.. model.Items.Interactions.Select(interactions => (float)interactions / model.Users.Count)]
            : All(all, user, model.Items.Count);
        var (taken, rank) = (new Dictionary<int, int>(), 0);
        foreach (int item in left.Except(excluded).OrderByDescending(item => scores[item]).ThenBy(item => item))
        {
            if (groups is not null && groups[item] >= 0 && (taken[groups[item]] = taken.GetValueOrDefault(groups[item]) + 1) > most) continue;
            if (rank++ < k) yield return (user, rank, item, scores[item], source);
        }
    }

    internal static float[] All(IModelScorer scorer, int user, int items)
    {
        float[] scores = new float[items];
        scorer.ScoreAll([user], scores);
        return scores;
    }

    // A scorer of all items, one of some, threads.
    internal static IEnumerable<(IModelScorer All, IModelScorer Restricted, int Threads)> Scorers(ModelWeights weights, int[] items)
    {
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            yield return (new FusedScorer(weights, SimdLevel.Portable), new FusedScorer(weights, level, items), 1);
            yield return (new FusedScorer(weights, SimdLevel.Portable), new FusedScorer(weights, level, items), 2);
        }
    }

    internal static int Pick(long seed, long place, long below) => (int)RandomStream.Named(seed, "pick").Below(place, below);

    // Every third item is a copy of an earlier one, so that there are ties; some items and users were not trained on.
    internal static TrainedModel RandomModel(long seed, int items, NetworkKind? kind = null, Activation activation = Activation.None)
    {
        kind ??= new[] { NetworkKind.Neumf, NetworkKind.Mf, NetworkKind.Gmf, NetworkKind.Mlp, NetworkKind.Mf }[Pick(seed, 0, 5)];
        bool history = kind != NetworkKind.Mlp && activation == Activation.None && Pick(seed, 1, 2) == 0;
        var options = new ModelOptions
        {
            Kind = kind.Value,
            EmbeddingSize = 5,
            MlpEmbeddingSize = 3,
            MlpLayers = [6, 4],
            EmbeddingInit = 1,
            EmbeddingActivation = activation,
            User = history ? UserEncoderKind.History : UserEncoderKind.Embedding,
            History = new() { Length = 3 },
            UserMlp = new() { Width = history && kind == NetworkKind.Mf ? 4 : 0, Lags = 2 },
        };
        ModelWeights weights = ModelWeights.Initialize(options, Users, items, seed);
        foreach (Weight table in weights.ItemTables)
        {
            for (int item = 2; item < items; item += 3) table.Row(item / 2).CopyTo(table.Row(item));
        }

        int[] users = [.. Enumerable.Range(0, Users).SelectMany(user => Enumerable.Repeat(user, user % 4))];
        if (history) weights.Pools = UserPools.Latest(InteractionLists.FromRows(Users, users, [.. users.Select((user, row) => Pick(seed, row, items))]), 3);
        return new TrainedModel(
            weights,
            new IdTable([.. Enumerable.Range(0, Users).Select(user => 1000L + user)], [.. Enumerable.Range(0, Users).Select(user => user % 5 == 3 ? 0 : 5)]),
            new IdTable([.. Enumerable.Range(0, items).Select(item => $"i{item}")],
                [.. Enumerable.Range(0, items).Select(item => item % 7 == 6 ? 0 : items - item / 2)]));
    }
}
