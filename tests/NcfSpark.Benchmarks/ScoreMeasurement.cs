using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;
using static TorchSharp.torch;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Measures a case in windows that take turns. What users have seen, and are not given, is what the model likes best, as if it had learned that
/// by heart: the hardest case, since each of these items passes the bound of the K best and must be looked up.
/// </summary>
internal sealed class ScoreMeasurement : IDisposable
{
    private const int MatrixSize = 1024;
    private const int History = 144; // the mean of MovieLens 20M

    private readonly double seconds;
    private readonly int threads;
    private readonly bool withTorch;
    private readonly FusedScorer fused;
    private readonly ModelScorer torch;
    private readonly int[] users;
    private readonly InteractionLists seen;
    private readonly TopLists best;
    private readonly TrainedModel model;
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-").FullName;
    private readonly Tensor left = randn(MatrixSize, MatrixSize);
    private readonly Tensor right = randn(MatrixSize, MatrixSize);
    private int next;

    public ScoreMeasurement(ScoreCase of, double seconds, int threads, bool withTorch)
    {
        (this.seconds, this.threads, this.withTorch) = (seconds, threads, withTorch);
        ModelWeights weights = ModelWeights.Initialize(of.Model, of.Users, of.Items, seed: 1);
        (users, best) = ([.. Enumerable.Range(0, of.Users)], new TopLists(of.Users, ScoreCase.K));
        (fused, torch) = (new FusedScorer(weights, SimdLevels.FromEnvironment()), new ModelScorer(weights));
        var liked = new TopLists(of.Users, History);
        fused.FindBest(users, _ => default, liked, threads);
        seen = InteractionLists.FromRows(of.Users, [.. users.SelectMany(user => Enumerable.Repeat(user, History))], [.. users.SelectMany(user => liked.Items(user).ToArray())]).Sorted();
        model = new TrainedModel(weights, new IdTable(Array.ConvertAll(users, user => 1L + user), Array.ConvertAll(users, _ => History)), new IdTable([.. Enumerable.Range(0, of.Items).Select(item => 1L + item)], new int[of.Items]));
    }

    public ScoreFigures Measure(int rounds)
    {
        Round(seconds / 4); // compiles and warms up
        ScoreRound[] measured = [.. Enumerable.Range(0, rounds).Select(_ => Round(seconds))];
        double MedianOf(Func<ScoreRound, double> value) => Median([.. measured.Select(value)]);
        double flop = fused.Shape.FlopPerPair;
        return new ScoreFigures(
            Fused: MedianOf(round => round.Fused.PerSecond),
            Torch: MedianOf(round => round.Torch.PerSecond),
            Ratio: MedianOf(round => round.Fused.PerSecond / round.Torch.PerSecond),
            Limit: MedianOf(round => round.Limit.PerSecond),
            Share: MedianOf(round => round.Fused.PerSecond * flop / round.Limit.PerSecond),
            CpuShare: MedianOf(round => round.Fused.PerCpuSecond * flop / round.Limit.PerCpuSecond),
            Written: MedianOf(round => round.Written.PerSecond / round.Fused.PerSecond),
            All: MedianOf(round => round.All.PerSecond));
    }

    public double FlopPerPair => fused.Shape.FlopPerPair;

    public void Dispose()
    {
        fused.Dispose();
        torch.Dispose();
        left.Dispose();
        right.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private ScoreRound Round(double window) => new(
        Limit(window),
        Best(window),
        Written(window),
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
            fused.FindBest(this.users.AsMemory(start, users), user => seen[user], best, threads);
            pairs += (long)users * fused.ItemCount;
            if (watch.Seconds - started < window / 8) users = Math.Min(2 * users, this.users.Length);
        }

        return watch.Rate(pairs);
    }

    // Pairs a second of whole files of recommendations, at least one.
    private WindowRate Written(double window)
    {
        var writer = new RecommendationWriter(model, fused, seen, new ScoreOptions { TopK = ScoreCase.K, Threads = threads });
        long pairs = 0;
        var watch = WindowWatch.Start();
        while (pairs == 0 || watch.Seconds < window)
        {
            string path = Path.Combine(folder, "recommendations.parquet");
            File.Delete(path);
            writer.Write(path, SilentProgress.Instance);
            pairs += (long)users.Length * fused.ItemCount;
        }

        return watch.Rate(pairs);
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
