using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Scoring.Tests;

/// <summary>
/// Score:Lists with MaxPerValue, Diversity, Promote and Explore: by hand, and beside a plain twin that scores all, filters, sorts and re-ranks.
/// </summary>
public sealed class ListRulesTests
{
    private static readonly (int Item, float Score)[] Candidates = [(0, .9f), (1, .8f), (2, .7f), (3, .6f)];
    private static readonly int[][] Values = [[0], [0], [1], []];

    [Fact]
    public void ByHand()
    {
        Assert.Equal([0, 2, 3], Chosen(new() { MaxPerValue = 1 }, 4, 0)); // of value 0 one alone; item 3 has no value
        Assert.Equal([0, 2, 1], Chosen(new() { Diversity = .15 }, 3, 0)); // .8 - .15 is below .7, and above .6
        Assert.Equal([0, 3], Chosen(new() { Promote = "p" }, 2, 1, isPromoted: 3)); // the last place is the promoted item's
        Assert.Equal([0, 1, 2, 3], Chosen(new() { Promote = "p" }, 4, 3, isPromoted: 3)); // there is but one
        Assert.Equal(1 / 3.0, InteractionLists.Similarity([1, 2], [2, 3]), 1e-12);
        Assert.Equal((0, 0), (InteractionLists.Similarity([], []), InteractionLists.Similarity([1], [])));
    }

    [Fact]
    public void DrawnPlacesSayTheirProbability()
    {
        var options = new ListOptions { Explore = .5, Temperature = .2 };
        double[] weights = [.. Candidates.Select(one => Math.Exp((one.Score / (double).9f - 1) / .2))];
        var drawn = ListRules.Choose(options, 2, Candidates, new bool[4], 0, Values, place => place == 1 ? .999 : throw new InvalidOperationException());
        Assert.Equal([(0, 1f), (3, (float)(weights[3] / weights[1..].Sum()))], drawn);
        int[] counts = new int[4];
        RandomStream stream = RandomStream.Named(1, "draws");
        const int Draws = 20_000;
        for (int draw = 0; draw < Draws; draw++)
        {
            counts[ListRules.Choose(options, 2, Candidates, new bool[4], 0, Values, _ => stream.Unit(draw))[1].Candidate]++;
        }

        for (int n = 1; n < 4; n++) Assert.Equal(weights[n] / weights[1..].Sum(), counts[n] / (double)Draws, .015); // four standard deviations
    }

    [Fact]
    public void WhoIsNeverDrawnTakesNoTime() => Assert.Equal(2 / 3.0, ListRules.Inclusion([1, 1, 1, 0], 1, 2), 1e-6);

    // The chance of each order of draws, summed over those that have the candidate.
    [Property(MaxTest = 100)]
    public void AnItemsPropensityIsThatOfAllOrdersInWhichItIsDrawn(int seed, PositiveInt size, PositiveInt draws)
    {
        int most = 1 + draws.Get % 4;
        double[] weights = [.. Enumerable.Range(0, 1 + size.Get % 6).Select(n => Math.Exp(-9 * RandomStream.Named(seed, "weights").Unit(n)))];
        double[] expected = new double[weights.Length];
        Draw([], 1);
        for (int n = 0; n < weights.Length; n++) Assert.Equal(1, ListRules.Inclusion(weights, n, most) / expected[n], 1e-6);

        void Draw(int[] drawn, double chance)
        {
            int[] left = [.. Enumerable.Range(0, weights.Length).Except(drawn)];
            if (drawn.Length == most || left.Length == 0)
            {
                foreach (int n in drawn) expected[n] += chance;
                return;
            }

            foreach (int n in left) Draw([.. drawn, n], chance * weights[n] / left.Sum(other => weights[other]));
        }
    }

    [Property(MaxTest = 25)]
    public void ListsAreThoseOfScoringAllSortingAndReRanking(int seed, PositiveInt size, PositiveInt k)
    {
        int items = 3 + size.Get * 11 % 90;
        int Pick(long place, long below, int stream) => OptionsTwinTests.Pick(seed + 7919L * stream, place, below);
        TrainedModel model = OptionsTwinTests.RandomModel(seed, items);
        int[] left = [.. Enumerable.Range(0, items).Where(item => Pick(item, 3, 1) > 0)];
        if (left.Length == 0) return;
        int[] users = [.. Enumerable.Range(-1, OptionsTwinTests.Users + 1)];
        int[] Seen(int user) => [.. Enumerable.Range(0, items).Where(item => Pick(1000L * user + item, 4, 2) == 0)];
        var past = new UserPast(user => Seen(user));
        int[][] values = [.. left.Select((_, place) => Enumerable.Range(0, 4).Where(value => Pick(4L * place + value, 3, 3) == 0).ToArray())];
        uint[] bits = new uint[(left.Length + 31) / 32];
        for (int place = 0; place < left.Length; place++) bits[place / 32] |= Pick(place, 5, 4) == 0 ? 1u << place % 32 : 0;
        var promoted = new ItemMarks([bits], null);
        NamedList[] named = [.. Enumerable.Range(0, 4).Select(list => new NamedList(
            new ListOptions
            {
                Name = $"l{list}",
                By = Pick(list, 4, 5) == 0 ? ListKind.Again : ListKind.Model,
                TopK = 1 + Pick(list, 9, 6),
                Repeats = Pick(list, 2, 7) == 0,
                Column = "genre",
                MaxPerValue = Pick(list, 3, 8),
                Diversity = .1 * Pick(list, 3, 9),
                Promote = Pick(list, 2, 10) == 0 ? "p" : "",
                Promoted = 1 + Pick(list, 3, 11),
                Explore = Pick(list, 3, 12) / 3.0,
                Pool = 1 + Pick(list, 20, 13),
                Seed = seed,
            },
            null, null, Pick(list, 2, 10) == 0 ? promoted : null, values))];
        var options = new ScoreOptions { TopK = 1 + k.Get % 8 };

        foreach ((IModelScorer all, IModelScorer restricted, int threads) in OptionsTwinTests.Scorers(model.Weights, left))
        {
            using (all)
            using (restricted)
            using (var recommender = new Recommender(
                model, restricted, new RecommendableItems(left, null) { Lists = named }, options with { Threads = threads }))
            {
                RecommendationRows rows = recommender.Recommend(users, past);
                foreach (int user in users)
                {
                    (int, float, float)[][] expected = Twin(all, user, out double[] without);
                    for (int list = 0; list < named.Length; list++)
                    {
                        RecommendationRows written = rows.Named[list];
                        int[] own = [.. Enumerable.Range(0, written.Users.Length).Where(row => written.Users[row] == user)];
                        Assert.Equal(expected[list], own.Select(row => (written.Items[row], written.Scores[row], written.Propensities[row])));
                        Assert.Equal(without[list], own.Sum(row => written.WithoutPromotion[row]), 1e-9);
                    }
                }
            }
        }

        (int, float, float)[][] Twin(IModelScorer all, int user, out double[] without)
        {
            float[] scores = Source.Of(model, user) == Source.Popularity
                ? [.. model.Items.Interactions.Select(interactions => (float)interactions / model.Users.Count)]
                : OptionsTwinTests.All(all, user, items);
            int[] seen = user < 0 ? [] : Seen(user);
            int[] Sorted(IEnumerable<int> some) => [.. some.OrderByDescending(item => scores[item]).ThenBy(item => item)];
            List<int> taken = [.. Sorted(left.Except(seen)).Take(options.TopK)];
            (var lists, without) = (new List<(int, float, float)[]>(), new double[named.Length]);
            for (int n = 0; n < named.Length; n++)
            {
                NamedList list = named[n];
                int[] met = Sorted((list.Options.By == ListKind.Again ? left.Intersect(seen) : left.Except(seen)).Except(list.Options.Repeats ? [] : taken));
                int most = Math.Min(list.Options.TopK!.Value, left.Length);
                bool IsPromoted(int item) => list.Promoted?.Has(user, Array.IndexOf(left, item)) ?? false;
                int[] best = [.. met.Take(list.Options.IsRuled ? Math.Max(list.Options.Pool, most) : most)];
                int[] ours = [.. best.Union(met.Where(IsPromoted).Take(Math.Min(most, list.Options.Promoted)))];
                var made = ReRanked(list.Options, most, ours, list.Promoted is null ? 0 : list.Options.Promoted, IsPromoted, user, scores);
                if (list.Promoted is not null) without[n] = ReRanked(list.Options, most, best, 0, IsPromoted, user, scores).Sum(row => (double)row.Item2);
                lists.Add([.. made]);
                taken.AddRange(made.Select(row => row.Item1));
            }

            return [.. lists];
        }

        List<(int, float, float)> ReRanked(ListOptions list, int most, int[] candidates, int owed, Func<int, bool> isPromoted, int user, float[] scores)
        {
            int[] ValuesOf(int item) => values[Array.IndexOf(left, item)];
            double Alike(int a, int b) => ValuesOf(a).Union(ValuesOf(b)).Count() is > 0 and int union
                ? (double)ValuesOf(a).Intersect(ValuesOf(b)).Count() / union
                : 0;
            var made = new List<(int Item, float Score, float Propensity)>();
            double best = candidates.Length > 0 && scores[candidates[0]] > 0 ? scores[candidates[0]] : 1;
            owed = Math.Min(owed, candidates.Count(isPromoted));
            int drawnPlaces = (int)Math.Round(list.Explore * most, MidpointRounding.AwayFromZero);
            int[] pool = [];
            for (int place = 0; place < most; place++)
            {
                int[] some = [.. candidates.Except(made.Select(row => row.Item)).Where(item => list.MaxPerValue == 0
                    || ValuesOf(item).All(value => made.Count(row => ValuesOf(row.Item).Contains(value)) < list.MaxPerValue))];
                if (place == most - drawnPlaces) pool = some;
                int missing = owed - made.Count(row => isPromoted(row.Item));
                if (missing >= most - place && some.Any(isPromoted)) some = [.. some.Where(isPromoted)];
                if (some.Length == 0) break;
                if (place < most - drawnPlaces)
                {
                    int item = some.MaxBy(one => scores[one] - list.Diversity * made.Select(row => Alike(row.Item, one)).DefaultIfEmpty(0).Max());
                    made.Add((item, scores[item], 1));
                    continue;
                }

                double[] WeightsOf(int[] of) => [.. of.Select(item => Math.Exp((scores[item] / best - 1) / list.Temperature))];
                double[] weights = WeightsOf(some);
                double draw = RandomStream.Named(list.Seed, $"explore/{list.Name}", user).Unit(place) * weights.Sum(), before = 0;
                int drawn = Array.FindIndex(weights, weight => draw < (before += weight));
                made.Add((some[drawn], scores[some[drawn]],
                    (float)ListRules.Inclusion(WeightsOf(pool), Array.IndexOf(pool, some[drawn]), drawnPlaces)));
            }

            return made;
        }
    }

    [Fact]
    public void WhatIsWrongIsSaid()
    {
        Assert.Contains("no Column", new ListOptions { Name = "a", Diversity = .1 }.Fault(), StringComparison.Ordinal);
        Assert.Contains("which nothing uses", new ListOptions { Name = "a", Column = "genre" }.Fault(), StringComparison.Ordinal);
        Assert.Contains("Explore 1.5", new ListOptions { Name = "a", Explore = 1.5 }.Fault(), StringComparison.Ordinal);
        Assert.Contains("Pool 0", new ListOptions { Name = "a", Pool = 0 }.Fault(), StringComparison.Ordinal);
        Assert.Null(new ListOptions { Name = "a", Column = "genre", MaxPerValue = 2, Promote = "own_brand", Promoted = 2, Explore = .1 }.Fault());
        Assert.Contains("[0] looks at columns", Assert.Single(new ScoreOptions { Lists = [new() { Name = "a", Promote = "own_brand" }] }
            .Validate(new System.ComponentModel.DataAnnotations.ValidationContext(new object()))).ErrorMessage, StringComparison.Ordinal);
    }

    private static int[] Chosen(ListOptions options, int most, int promoted, int isPromoted = -1) => [.. ListRules.Choose(options, most, Candidates,
        [.. Enumerable.Range(0, 4).Select(n => n == isPromoted)], promoted, Values, _ => 0).Select(one => one.Candidate)];
}
