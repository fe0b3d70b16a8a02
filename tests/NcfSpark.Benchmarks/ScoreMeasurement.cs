using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;
using static TorchSharp.torch;

namespace NcfSpark.Benchmarks;

/// <summary>Measures a trained model in windows that take turns. What users have seen is what they have used in the log.</summary>
internal sealed class ScoreMeasurement : IDisposable
{
    private const int MatrixSize = 1024;

    private readonly double seconds;
    private readonly int threads;
    private readonly bool withTorch;
    private readonly FusedScorer fused;
    private readonly ModelScorer torch;
    private readonly int[] users;
    private readonly ExcludedItems seen;
    private readonly TopLists best;
    private readonly TrainedModel model;
    private readonly ScoreRun run;
    private readonly Tensor left = randn(MatrixSize, MatrixSize);
    private readonly Tensor right = randn(MatrixSize, MatrixSize);
    private int next;

    public ScoreMeasurement(ScoreRun run, double seconds, int threads, bool withTorch)
    {
        (this.run, this.seconds, this.threads, this.withTorch) = (run, seconds, threads, withTorch);
        model = TrainedModel.Read(StageDirectory.Open(run.RunDirectory, TrainedModel.StageName));
        TouchedRange range = new TouchedReader(PreparedData.Open(run.RunDirectory), model.Users, null, latest: false, threads).Ranges().First();
        (users, seen) = ([.. Enumerable.Range(0, range.Count)], range.Seen);
        (fused, torch, best) = (new FusedScorer(model.Weights, SimdLevels.FromEnvironment()), new ModelScorer(model.Weights),
            new TopLists(users.Length, ScoreCase.K));
    }

    /// <summary>All users with all items.</summary>
    public double Pairs => (double)model.Users.Count * model.Items.Count;

    public ScoreFigures Measure(int rounds)
    {
        Round(seconds / 4); // compiles and warms up
        ScoreRound[] measured = [.. Enumerable.Range(0, rounds).Select(_ => Round(seconds))];
        double MedianOf(Func<ScoreRound, double> value) => Median([.. measured.Select(value)]);
        double flop = fused.Shape.FlopPerPair;
        return new ScoreFigures(
            Fused: MedianOf(round => round.Fused.PerSecond),
            FusedCpu: MedianOf(round => round.Fused.PerCpuSecond),
            Torch: MedianOf(round => round.Torch.PerSecond),
            Ratio: MedianOf(round => round.Fused.PerSecond / round.Torch.PerSecond),
            Limit: MedianOf(round => round.Limit.PerSecond),
            Share: MedianOf(round => round.Fused.PerSecond * flop / round.Limit.PerSecond),
            CpuShare: MedianOf(round => round.Fused.PerCpuSecond * flop / round.Limit.PerCpuSecond),
            Written: MedianOf(round => round.Written.PerSecond / round.Fused.PerSecond),
            Lists: MedianOf(round => round.Written.PerSecond / round.Lists.PerSecond),
            All: MedianOf(round => round.All.PerSecond));
    }

    public double FlopPerPair => fused.Shape.FlopPerPair;

    public void Dispose()
    {
        fused.Dispose();
        torch.Dispose();
        left.Dispose();
        right.Dispose();
    }

    private ScoreRound Round(double window) => new(
        Limit(window),
        Best(window),
        Written(window),
        Written(window, withLists: true),
        All(fused, block: 32, window),
        withTorch ? All(torch, block: 1, window) : new WindowRate(double.NaN, double.NaN));

    // Operations a second of the matrix product.
    private WindowRate Limit(double window)
    {
        set_num_threads(threads);
        long products = 0;
        var watch = WindowWatch.Start();
        for (; watch.Seconds < window; products++) left.mm(right).Dispose();
        set_num_threads(1); // the scorers have threads of their own
        return watch.Rate(products * 2.0 * MatrixSize * MatrixSize * MatrixSize);
    }

    // Pairs a second of the K best, in calls of about a quarter of the window.
    private WindowRate Best(double window)
    {
        long pairs = 0;
        int users = Math.Min(32 * threads, this.users.Length);
        var watch = WindowWatch.Start();
        while (watch.Seconds < window)
        {
            double started = watch.Seconds;
            int start = Take(users);
            fused.FindBest(this.users.AsMemory(start, users), seen, best, threads);
            pairs += (long)users * fused.ItemCount;
            if (watch.Seconds - started < window / 8) users = Math.Min(2 * users, this.users.Length);
        }

        return watch.Rate(pairs);
    }

    // Pairs a second of recommendations that are written to files, alone or with three named lists and a rule that half of the items meet.
    private WindowRate Written(double window, bool withLists = false)
    {
        int items = model.Items.Count;
        var rule = new ItemMarks([[.. Enumerable.Repeat(0x55555555u, (items + 31) / 32)]], null);
        RecommendableItems recommendable = RecommendableItems.All(model.Items) with
        {
            Lists = !withLists ? [] :
            [
                new(new ListOptions { Name = "new" }, rule, null),
                new(new ListOptions { Name = "again", By = ListKind.Again }, null, null),
                new(new ListOptions { Name = "hot", By = ListKind.Trending }, null, [.. model.Items.Interactions.Select(count => (float)count)]),
            ],
        };
        string path = run.NewFile;
        long pairs = 0;
        var watch = WindowWatch.Start();
        var options = new ScoreOptions { TopK = ScoreCase.K, Threads = threads };
        var named = new List<string>();
        using (var recommender = new Recommender(model, fused, recommendable, options))
        using (var writer = new RecommendationWriter(path, model.Items, ChosenUsers.All(model.Users), recommender, _ =>
        {
            named.Add(run.NewFile);
            return named[^1];
        }))
        {
            for (int count = Math.Min(32 * threads, users.Length); pairs == 0
                || watch.Seconds < window; count = Math.Min(2 * count, Math.Min(users.Length, recommender.UsersAtOnce)))
            {
                writer.Write(users.AsMemory(Take(count), count), new UserPast(seen), SilentProgress.Instance);
                pairs += (long)count * fused.ItemCount;
            }

            writer.Finish();
        }

        WindowRate rate = watch.Rate(pairs);
        foreach (string file in named.Append(path)) File.Delete(file);
        return rate;
    }

    // Pairs a second of all scores, for blocks of users as evaluation asks for them.
    private WindowRate All(IScorer scorer, int block, double window)
    {
        long pairs = 0;
        var watch = WindowWatch.Start();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            float[] scores = new float[block * scorer.ItemCount];
            for (int start = thread * block % users.Length; watch.Seconds < window; start = (start + threads * block) % users.Length)
            {
                scorer.ScoreAll(users.AsSpan(start, block), scores);
                Interlocked.Add(ref pairs, scores.Length);
            }
        });
        return watch.Rate(pairs);
    }

    private int Take(int count)
    {
        if (next + count > users.Length) next = 0;
        next += count;
        return next - count;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}

/// <summary>Windows that were measured one after the other, in pairs but for the limit.</summary>
/// <param name="Limit">Of the matrix product, operations.</param>
/// <param name="Fused">Of the fused scorer, the best kept.</param>
/// <param name="Written">The same through the writer of recommendations, up to the closed file.</param>
/// <param name="Lists">Through the writer with three named lists and a rule.</param>
/// <param name="All">Of the fused scorer, all scores written.</param>
/// <param name="Torch">Of the Torch scorer, all scores written.</param>
internal sealed record ScoreRound(WindowRate Limit, WindowRate Fused, WindowRate Written, WindowRate Lists, WindowRate All, WindowRate Torch);

/// <summary>What a case came to.</summary>
/// <param name="Fused">Pairs a second, with the best kept.</param>
/// <param name="FusedCpu">The same by processor time.</param>
/// <param name="Torch">Pairs a second, with the best kept.</param>
/// <param name="Ratio">Fused over Torch.</param>
/// <param name="Limit">Multiplications and additions a second of a large matrix product.</param>
/// <param name="Share">The fused scorer's share of that.</param>
/// <param name="CpuShare">The same by processor time.</param>
/// <param name="Written">The speed with everything up to the Parquet file, over that.</param>
/// <param name="Lists">How much longer it takes with three named lists and a rule.</param>
/// <param name="All">Pairs a second where all scores are written.</param>
internal sealed record ScoreFigures(
    double Fused, double FusedCpu, double Torch, double Ratio, double Limit, double Share, double CpuShare, double Written, double Lists, double All);
