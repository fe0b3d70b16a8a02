using FsCheck.Xunit;
using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

public class BaselinesTests
{
    private const int Users = 31, Items = 29, Hour = 3600;
    private static readonly EvaluateOptions Options = new() { Threads = 1, BootstrapSamples = 0 };

    private static EvaluationData Log(long seed) => Logs.Timed(Logs.Random(Users, Items, 0.4, 2, 0, seed), days: 60, seed);

    private static EvaluationData With(EvaluationData data, InteractionRows? validation = null, InteractionRows? test = null) => new(
        data.UserCount, data.ItemInteractions, data.Train, validation ?? data.Validation, test ?? data.Test, data.TestCandidates);

    private static ChosenBaselines Choose(EvaluationData data) => Baselines.Choose(data, Options, SilentProgress.Instance).Chosen;

    private static float[] Scores(IScorer scorer)
    {
        float[] scores = new float[Users * Items];
        scorer.ScoreAll([.. Enumerable.Range(0, Users)], scores);
        return scores;
    }

    // Row by row for each user and item: the moment of a user is that of the user's latest row.
    private static double[] Slowly(InteractionRows rows, Func<long, double> weightOfAge)
    {
        double[] expected = new double[Users * Items];
        for (int user = 0; user < Users; user++)
        {
            long[] own = [.. Enumerable.Range(0, rows.Count).Where(row => rows.Users[row] == user).Select(row => rows.Timestamps[row])];
            long moment = own.Length == 0 ? rows.Timestamps.Max() : own.Max();
            for (int row = 0; row < rows.Count; row++)
            {
                if (rows.Timestamps[row] <= moment) expected[user * Items + rows.Items[row]] += weightOfAge(moment - rows.Timestamps[row]);
            }
        }

        return expected;
    }

    [Property(MaxTest = 20)]
    public void RecentPopularityCountsWhatLiesInTheWindow(int seed)
    {
        EvaluationData data = Log(seed);
        int window = (1 + Math.Abs(seed % 50)) * 24 * Hour;
        var rows = new BaselineRows(Users, Items, data.Train, data.Test);
        Assert.Equal(
            Slowly(data.Train, age => age < window ? 1 : 0), Array.ConvertAll(Scores(new RecentPopularityScorer(rows, window)), score => (double)score));
    }

    [Property(MaxTest = 20)]
    public void DecayedPopularityHalvesWithEachHalfLife(int seed)
    {
        EvaluationData data = Log(seed);
        var rows = new BaselineRows(Users, Items, data.Train, data.Test);
        double[] expected = Slowly(data.Train, age => Math.Pow(2, -age / (7.0 * 24 * Hour)));
        float[] scores = Scores(new DecayedPopularityScorer(rows, 7 * 24 * Hour));
        for (int i = 0; i < scores.Length; i++) Assert.Equal(expected[i], scores[i], 1e-5 * Math.Max(1, expected[i]));
    }

    [Property(MaxTest = 20)]
    public void NothingAfterAUsersMomentChangesTheUsersCounts(int seed)
    {
        EvaluationData data = Log(seed);
        var all = new BaselineRows(Users, Items, data.Train, data.Test);
        int user = data.Train.Users[0];
        int[] earlier = [.. Enumerable.Range(0, data.Train.Count).Where(row => data.Train.Timestamps[row] <= all.Moments[user])];
        var cut = new BaselineRows(Users, Items, Take(data.Train, earlier), data.Test);
        float[] before = new float[Items], after = new float[Items];
        foreach (Func<BaselineRows, IScorer> make in new Func<BaselineRows, IScorer>[]
        {
            rows => new RecentPopularityScorer(rows, 14 * 24 * Hour), rows => new DecayedPopularityScorer(rows, 14 * 24 * Hour),
        })
        {
            make(all).ScoreAll([user], before);
            make(cut).ScoreAll([user], after);
            for (int item = 0; item < Items; item++) Assert.Equal(before[item], after[item], 1e-5);
        }
    }

    [Fact]
    public void OfALogSplitByTimeEveryMomentIsTheLatestOfTraining()
    {
        var train = new InteractionRows([0, 1, 1], [0, 1, 2], [100, 200, 300]);
        Assert.Equal([300L, 300, 300], new BaselineRows(3, 3, train, new InteractionRows([0], [1], [300])).Moments);
        Assert.Equal([100L, 300, 300], new BaselineRows(3, 3, train, new InteractionRows([0], [1], [299])).Moments);
    }

    [Fact]
    public void OfALogSplitByTimeTheLatestTrainingRowsOfAllAreValidatedOn()
    {
        // Four training rows and one test row: one is held out, of a user who is not tested.
        var train = new InteractionRows([0, 1, 1, 2], [0, 1, 2, 0], [100, 200, 300, 400]);
        EvaluationData data = new(3, [2, 1, 1], train, new([], [], []), new InteractionRows([0], [1], [500]), InteractionLists.FromRows(1, [], []));
        ChosenBaselines chosen = Choose(data);
        Assert.Equal(1, chosen.ValidationUsers);
        Assert.Equal(0.5, chosen.Figures[0].Validation!.Value); // by popularity, item 0 ties with two others, which count against it
    }

    [Fact]
    public void RowsOfOneSecondShareAPlaceFromTheLatest() => Assert.Equal(
        [3, 1, 1, 0, 0], new BaselineRows(2, 9, new([0, 0, 0, 0, 1], [4, 5, 6, 7, 8], [10, 20, 20, 30, 20]), new([], [], [])).LaterRows);

    [Property(MaxTest = 20)]
    public void EaseIsTheFormulaOfThePaper(int seed, bool byUser)
    {
        (int users, int items) = byUser ? (11, 17) : (17, 11);
        InteractionLists train = Logs.Random(users, items, 0.4, 0, 0, seed).History;
        const double Lambda = 3;
        double[,] gram = new double[items, items];
        for (int user = 0; user < users; user++)
        {
            foreach (int i in train[user])
            {
                foreach (int j in train[user]) gram[i, j]++;
            }
        }

        for (int i = 0; i < items; i++) gram[i, i] += Lambda;
        double[,] p = InverseSlowly(gram, items);
        float[] scores = new float[users * items];
        new EaseScorer(train, items, Lambda, threads: 1).ScoreAll([.. Enumerable.Range(0, users)], scores);
        for (int user = 0; user < users; user++)
        {
            for (int i = 0; i < items; i++)
            {
                double expected = train[user].ToArray().Where(j => j != i).Sum(j => -p[j, i] / p[i, i]); // B has nothing on its diagonal
                Assert.Equal(expected, scores[user * items + i], tolerance: 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(131)]
    [InlineData(300)] // three blocks, the last of them not whole
    [InlineData(1100)] // large enough that its threads run at the same time
    public void AMatrixTimesItsInverseIsOneAndThreadsChangeNoBit(int n)
    {
        RandomStream stream = RandomStream.Named(n, "matrix");
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = stream.Unit(i * n + j) - 0.5 + (i == j ? n : 0); // its diagonal dominates
        }

        double[] inverse = [.. a];
        InverseOfPositive.Of(inverse, n, threads: 1);
        for (int round = 0; round < Math.Min(100, 6_000 / n); round++)
        {
            double[] again = [.. a];
            InverseOfPositive.Of(again, n, threads: 2 + round % 7);
            Assert.Equal(inverse, again);
        }

        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int k = 0; k < n; k++) sum += a[i * n + k] * inverse[k * n + j];
                Assert.Equal(i == j ? 1 : 0, sum, tolerance: 1e-10);
            }
        }
    }

    [Fact]
    public void AMatrixThatIsNotPositiveDefiniteHasNoInverseHere() =>
        Assert.Throws<ArithmeticException>(() => InverseOfPositive.Of([1, 2, 2, 1], 2, 1));

    [Property(MaxTest = 5)]
    public void TestItemsChangeNeitherTheChoiceNorAScore(int seed)
    {
        EvaluationData data = With(Log(seed), validation: new([], [], []));
        var others = data.Test with { Items = [.. data.Test.Items.Select(item => (item + 7) % Items)] };
        (IReadOnlyList<NamedScorer> scorers, ChosenBaselines one) = Baselines.Choose(data, Options, SilentProgress.Instance);
        (IReadOnlyList<NamedScorer> otherScorers, ChosenBaselines other) = Baselines.Choose(With(data, test: others), Options, SilentProgress.Instance);
        Assert.Equal(one.Figures, other.Figures);
        Assert.Equal(one.Strongest, other.Strongest);
        Assert.Equal(scorers.Select(baseline => Scores(baseline.Scorer)), otherScorers.Select(baseline => Scores(baseline.Scorer)));
    }

    [Fact]
    public void TheChoiceIsByTheValidationRowsThatThereAre()
    {
        EvaluationData data = Log(3);
        (IReadOnlyList<NamedScorer> scorers, ChosenBaselines chosen) = Baselines.Choose(data, Options, SilentProgress.Instance);
        Assert.Equal(data.Validation.Users.Distinct().Count(), chosen.ValidationUsers);
        var ranking = new RankingEvaluator(data.History, data.Validation, [10]);
        foreach ((NamedScorer scorer, BaselineFigures figures) in scorers.Zip(chosen.Figures))
        {
            // It learned from the training rows alone then and now, so what validation said can be measured again.
            Assert.Equal(ranking.Evaluate(scorer.Scorer, 1, SilentProgress.Instance)["ndcg@10"], figures.Validation!.Value, tolerance: 1e-12);
        }

        Assert.Equal(chosen.Figures.Max(one => one.Validation!.Value), chosen.Figures.Single(one => one.Key == chosen.Strongest).Validation!.Value);
    }

    [Fact]
    public void OfALogWithoutTimesWhatNeedsThemIsLeftOut()
    {
        ChosenBaselines chosen = Choose(Logs.Random(Users, Items, 0.4, 2, 0, seed: 1));
        Assert.Equal([Baselines.Popularity, Baselines.ItemCosine, Baselines.Ease], chosen.Figures.Select(baseline => baseline.Key));
        Assert.Equal(["Recent and decayed popularity and item-item cosine with recency are left out: the log has no times."], chosen.LeftOut);
    }

    [Fact]
    public void EaseIsLeftOutOfACatalogueThatIsTooLarge()
    {
        ChosenBaselines chosen = Baselines.Choose(Log(1), Options with { EaseItems = Items - 1 }, SilentProgress.Instance).Chosen;
        Assert.DoesNotContain(Baselines.Ease, chosen.Figures.Select(baseline => baseline.Key));
        Assert.Contains("Evaluate:EaseItems", chosen.LeftOut.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhereNobodyCanBeValidatedOnPopularityCounts()
    {
        ChosenBaselines chosen = Choose(new EvaluationData(
            2, [1, 1], Logs.Rows((0, 0), (1, 1)), Logs.Rows(), Logs.Rows((0, 1)), InteractionLists.FromRows(1, [], [])));
        Assert.Equal((Baselines.Popularity, 0), (chosen.Strongest, chosen.ValidationUsers));
    }

    [Fact]
    public void WhatIsInFashionWinsWhereFashionsChange()
    {
        // A fashion of six items lasts six days, and each user stays for six days, of which the last is held out.
        InteractionRows Days(params int[] days)
        {
            (int User, int Day)[] used = [.. from user in Enumerable.Range(0, 80) from day in days select (user, user % 8 * 3 + day)];
            return new([.. used.Select(one => one.User)], [.. used.Select(one => one.Day / 6 * 6 + (one.User + one.Day) % 6)],
                [.. used.Select(one => one.Day * 86400L + one.User)]);
        }

        InteractionRows train = Days(0, 1, 2, 3, 4), test = Days(5);
        int[] interactions = new int[30];
        foreach (int item in train.Items) interactions[item]++;
        ChosenBaselines chosen = Choose(new EvaluationData(80, interactions, train, Logs.Rows(), test, InteractionLists.FromRows(test.Count, [], [])));
        double Validated(string key) => chosen.Figures.Single(one => one.Key == key).Validation!.Value;
        Assert.True(Validated(Baselines.RecentPopularity) > Validated(Baselines.Popularity));
    }

    private static InteractionRows Take(InteractionRows rows, int[] places) => new(
        Array.ConvertAll(places, row => rows.Users[row]), Array.ConvertAll(places, row => rows.Items[row]),
        Array.ConvertAll(places, row => rows.Timestamps[row]));

    // By Gauss and Jordan.
    private static double[,] InverseSlowly(double[,] matrix, int n)
    {
        double[,] a = (double[,])matrix.Clone(), inverse = new double[n, n];
        for (int i = 0; i < n; i++) inverse[i, i] = 1;
        for (int k = 0; k < n; k++)
        {
            double pivot = a[k, k];
            for (int j = 0; j < n; j++) (a[k, j], inverse[k, j]) = (a[k, j] / pivot, inverse[k, j] / pivot);
            for (int i = 0; i < n; i++)
            {
                double share = a[i, k];
                if (i == k) continue;
                for (int j = 0; j < n; j++) (a[i, j], inverse[i, j]) = (a[i, j] - share * a[k, j], inverse[i, j] - share * inverse[k, j]);
            }
        }

        return inverse;
    }
}
