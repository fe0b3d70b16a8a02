using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring.Tests;

/// <summary>
/// Rules that look at the user, and Score:Lists, beside a plain twin: score everything, sort, and walk down. To the last bit, on 1 and 2 threads.
/// </summary>
public sealed class NamedListsTests
{
    [Property(MaxTest = 25)]
    public void ListsAreThoseOfScoringAllSortingAndWalkingDown(int seed, PositiveInt size, PositiveInt k, bool excludeSeen, bool ruled)
    {
        int items = 3 + size.Get * 11 % 120;
        int Pick(long place, long below, int stream = 0) => OptionsTwinTests.Pick(seed + 7919L * stream, place, below);
        TrainedModel model = OptionsTwinTests.RandomModel(seed, items);
        int[] left = [.. Enumerable.Range(0, items).Where(item => Pick(item, 3, 1) > 0)];
        if (left.Length == 0) return;
        int[] users = [.. Enumerable.Range(-2, OptionsTwinTests.Users + 2)];
        int[] Seen(int user) => [.. Enumerable.Range(0, items).Where(item => Pick(1000L * user + item, 4, 2) == 0)];
        int[] Disliked(int user) => [.. Seen(user).Where(item => item % 5 == 0)];
        int Latest(int user) => Seen(user).Except(Disliked(user)).DefaultIfEmpty(-1).Last();
        var past = new UserPast(user => Seen(user)) { Disliked = user => Disliked(user), Latest = Latest };
        ItemMarks main = Marks(0), own = Marks(1);
        float[] trending = [.. left.Select((_, place) => (float)Pick(place, 4, 3))];
        NamedList[] named = [.. Enumerable.Range(0, 5).Select(list => new NamedList(
            new ListOptions
            {
                Name = $"l{list}",
                By = (ListKind)Pick(list, 4, 4),
                TopK = Pick(list, 4, 5) is 0 ? null : 1 + Pick(list, 9, 6),
                Repeats = Pick(list, 4, 7) == 0,
            },
            Pick(list, 2, 8) == 0 ? own : ruled ? main : null,
            trending))];
        named = [.. named.Select(list => list.Options.By == ListKind.Trending ? list : list with { Trending = null })];
        var recommendable = new RecommendableItems(left, null) { Marks = ruled ? main : null, Lists = named };
        var options = new ScoreOptions { TopK = 1 + k.Get % 12, ExcludeSeen = excludeSeen };

        foreach ((IModelScorer all, IModelScorer restricted, int threads) in OptionsTwinTests.Scorers(model.Weights, left))
        {
            using (all)
            using (restricted)
            using (var recommender = new Recommender(model, restricted, recommendable, options with { Threads = threads }))
            {
                RecommendationRows rows = recommender.Recommend(users, past);
                RecommendationRows[] written = [rows, .. rows.Named];
                foreach (int user in users)
                {
                    (int Item, float Score, string Source, int Because)[][] expected = Twin(all, user);
                    for (int list = 0; list < expected.Length; list++) Assert.Equal(expected[list], Of(written[list], user));
                    if (user < 0) continue;
                    RecommendationRows alone = recommender.RecommendAlone(user, past, [.. named.Select(list => list.Options)]);
                    for (int list = 0; list < named.Length; list++) Assert.Equal(Of(rows.Named[list], user), Of(alone.Named[list], user));
                }
            }
        }

        ItemMarks Marks(int stream) => new(
            [.. Enumerable.Range(0, 3).Select(group => Bits(place => Pick(1000L * group + place, 3, 10 + stream) > 0))],
            [.. Enumerable.Range(0, OptionsTwinTests.Users).Select(user => Pick(user, 3, 20 + stream))], [2]); // ~0 is of group 2, ~1 of none

        uint[] Bits(Func<int, bool> isSet)
        {
            uint[] bits = new uint[(left.Length + 31) / 32];
            for (int place = 0; place < left.Length; place++) bits[place / 32] |= isSet(place) ? 1u << place % 32 : 0;
            return bits;
        }

        (int, float, string, int)[][] Twin(IModelScorer all, int user)
        {
            string source = Source.Of(model, user);
            float[] scores = source == Source.Popularity
                ? [.. model.Items.Interactions.Select(interactions => (float)interactions / model.Users.Count)]
                : OptionsTwinTests.All(all, user, items);
            int[] seen = user < 0 ? [] : Seen(user), excluded = excludeSeen ? seen : [];
            bool Meets(ItemMarks? marks, int item) => marks is null || marks.Has(user, Array.IndexOf(left, item));
            var lists = new List<(int, float, string, int)[]>
            {
                Walk(left.Except(excluded).Where(item => !ruled || Meets(main, item)), item => scores[item], [], options.TopK, source, -1),
            };
            foreach (NamedList list in named)
            {
                int[] taken = list.Options.Repeats ? [] : [.. lists.SelectMany(rows => rows.Select(row => row.Item1))];
                int most = list.Options.TopK ?? options.TopK, because = user < 0 ? -1 : Latest(user);
                IEnumerable<int> met = left.Where(item => Meets(list.Marks, item));
                lists.Add(list.Options.By switch
                {
                    ListKind.Model => Walk(met.Except(excluded), item => scores[item], taken, most, source, -1),
                    ListKind.Again => Walk(met.Intersect(seen).Except(user < 0 ? [] : Disliked(user)), item => scores[item], taken, most, source, -1),
                    ListKind.Trending => Walk(met.Except(excluded).Where(item => Weight(item) > 0), Weight, taken, most, Source.Trending, -1),
                    _ => because < 0 || model.Items.Interactions[because] == 0 ? []
                        : Walk(met.Except(excluded).Where(item => Near(because).ContainsKey(item)), item => Near(because)[item], taken, most,
                            Source.Similar, because),
                });
            }

            return [.. lists];
        }

        float Weight(int item) => trending[Array.IndexOf(left, item)];

        Dictionary<int, float> Near(int item)
        {
            int[] trained = [.. left.Where(other => model.Items.Interactions[other] > 0)];
            using var similar = new ItemEmbeddings(model.Weights, trained, SimdLevels.FromEnvironment());
            var best = new TopLists(1, Math.Clamp(100, 1, Math.Max(1, trained.Length)));
            if (trained.Length > 0) similar.FindBest(new[] { item }, best, threads: 1);
            return best.Items(0).ToArray().Zip(best.Scores(0).ToArray()).ToDictionary(pair => pair.First, pair => pair.Second);
        }
    }

    private static (int Item, float Score, string Source, int Because)[] Walk(
        IEnumerable<int> items, Func<int, float> score, int[] taken, int most, string source, int because) =>
        [.. items.OrderByDescending(score).ThenBy(item => item).Except(taken).Take(most).Select(item => (item, score(item), source, because))];

    private static (int Item, float Score, string Source, int Because)[] Of(RecommendationRows rows, int user) =>
        [.. Enumerable.Range(0, rows.Users.Length).Where(row => rows.Users[row] == user).OrderBy(row => rows.Ranks[row])
            .Select(row => (rows.Items[row], rows.Scores[row], rows.Sources[row], rows.Because is [] ? -1 : rows.Because[row]))];
}
