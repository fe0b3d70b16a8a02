using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Evaluation.Tests;

/// <summary>A baseline as a table of weights gives the scores and the lists of the baseline that was measured.</summary>
public class BaselineWeightsTests
{
    private const int Users = 17, Day = 86_400;
    private static readonly EvaluateOptions Options = new() { Threads = 2, BootstrapSamples = 0 };

    private static readonly (string Key, double Parameter)[] Kinds =
    [
        (Baselines.Popularity, 0), (Baselines.RecentPopularity, 20 * Day), (Baselines.DecayedPopularity, 9 * Day), (Baselines.ItemCosine, 0),
        (Baselines.RecentItemCosine, 3), (Baselines.Ease, 30),
    ];

    // All times differ, so that the latest items have one order.
    private static InteractionRows Log(int seed, int items)
    {
        InteractionRows rows = Logs.Random(Users, items, 0.3, 0, 0, seed).Train;
        int[] times = [.. Enumerable.Range(0, rows.Count)];
        RandomStream.Named(seed, "times").Shuffle(times.AsSpan());
        return rows with { Timestamps = Array.ConvertAll(times, time => time * 3L * 3600) };
    }

    private static TrainedModel Model(ItemWeights weights, InteractionRows rows, int items, int length)
    {
        TrainedModel model = ServedBaseline.AsModel(
            weights, length, new IdTable([.. Enumerable.Range(0, Users).Select(id => (long)id)], new int[Users]),
            new IdTable([.. Enumerable.Range(0, items).Select(id => (long)id)], new int[items]));
        if (model.Weights.Pools is { } pools) model.Weights.Pools = UserPools.Latest(Users, rows, pools.Length);
        return model;
    }

    [Property(MaxTest = 40)]
    public void ScoresAreThoseOfTheBaseline(int seed)
    {
        // Fewer items than users, and more, since EASE inverts the smaller matrix.
        foreach (int items in new[] { 11, 29 })
        {
            InteractionRows rows = Log(seed, items);
            if (rows.Count < 2) continue;
            var known = new BaselineRows(Users, items, rows, new([0], [0], [long.MaxValue])); // what is asked about comes after all rows
            foreach ((string key, double parameter) in Kinds)
            {
                float[] expected = new float[Users * items], scores = new float[Users * items];
                int[] users = [.. Enumerable.Range(0, Users)];
                Baselines.Make(key, known, parameter, Options).ScoreAll(users, expected);
                ItemWeights weights = BaselineWeights.Of(key, parameter, Users, items, rows, Options);
                using ISessionScorer scorer = Scorers.Of(Model(weights, rows, items, items).Weights);
                scorer.ScoreAll(users, scores);
                for (int i = 0; i < scores.Length; i++) Assert.True(Math.Abs(expected[i] - scores[i]) < 1e-4 * Math.Max(1, Math.Abs(expected[i])), key);
            }
        }
    }

    [Property(MaxTest = 20)]
    public void ListsPairsAndSessionsAgreeWithScores(int seed)
    {
        const int items = 23;
        InteractionRows rows = Log(seed, items);
        int[] among = [.. Enumerable.Range(0, items).Where(item => (item + seed) % 4 != 0)];
        foreach ((string key, double parameter) in Kinds)
        {
            TrainedModel model = Model(BaselineWeights.Of(key, parameter, Users, items, rows, Options), rows, items, items);
            InteractionLists seen = InteractionLists.FromRows(Users, rows.Users, rows.Items).Sorted();
            using ISessionScorer all = Scorers.Of(model.Weights), some = Scorers.Of(model.Weights, among);
            var (one, many) = (new TopLists(Users, 5), new TopLists(Users, 5));
            int[] users = [.. Enumerable.Range(0, Users)];
            some.FindBest(users, user => seen[user], one, threads: 1);
            some.FindBest(users, user => seen[user], many, threads: 3);
            float[] scores = new float[Users * items];
            all.ScoreAll(users, scores);
            for (int user = 0; user < Users; user++)
            {
                int[] best =
                [
                    .. among.Where(item => !seen.SortedHolds(user, item)).OrderByDescending(item => scores[user * items + item]).ThenBy(item => item).Take(5),
                ];
                Assert.Equal(best, one.Items(user).ToArray());
                Assert.Equal(best, many.Items(user).ToArray());
                float[] pairs = new float[best.Length];
                all.ScorePairs([.. best.Select(_ => user)], best, pairs);
                Assert.Equal(one.Scores(user).ToArray(), pairs);
                var session = new TopLists(1, 5);
                some.FindBest(new UserSession(-1, model.Weights.Pools is { } pools ? pools[user].ToArray() : [], [], 0), seen[user].ToArray(), session);
                Assert.Equal(best, session.Items(0).ToArray());
            }
        }
    }

    [Property(MaxTest = 20)]
    public void WeightsComeBackFromTheirFileAndSmallOnesAreLeftOut(int seed)
    {
        const int items = 23, most = 4;
        InteractionRows rows = Log(seed, items);
        ItemWeights whole = BaselineWeights.Of(Baselines.Ease, 30, Users, items, rows, Options);
        ItemWeights cut = BaselineWeights.Of(Baselines.Ease, 30, Users, items, rows, Options, most);
        for (int scored = 0; scored < items; scored++)
        {
            double[] all = [.. Enumerable.Range(0, items).Select(item => Math.Abs((double)whole.Of(item, scored)))];
            double[] kept = [.. Enumerable.Range(0, items).Select(item => Math.Abs((double)cut.Of(item, scored)))];
            Assert.Equal(all.OrderDescending().Take(most), kept.OrderDescending().Take(most));
            Assert.Equal(Math.Min(most, all.Count(weight => weight != 0)), kept.Count(weight => weight != 0));
        }

        string path = Path.Combine(Path.GetTempPath(), $"ncfspark-weights-{Guid.NewGuid():N}.parquet");
        try
        {
            cut.Write(path);
            ItemWeights read = ItemWeights.Read(path, items, cut.Decay);
            Assert.Equal(cut.Start_N, read.Start_N);
            Assert.Equal(cut.Offsets, read.Offsets);
            Assert.Equal(cut.Items, read.Items);
            Assert.Equal(cut.Values, read.Values);
            Assert.Throws<InvalidInputException>(() => ItemWeights.Read(path, items - 1, cut.Decay));
            Assert.Throws<InvalidInputException>(() => ItemWeights.Read(path, items + 1, cut.Decay));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
