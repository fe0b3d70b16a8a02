using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;
using static TorchSharp.torch;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Measures a case in windows that take turns. What users have seen, and are not given, is what the model likes best, as if it had learned that
/// by heart: the hardest case, since each of these items passes the bound of the K best and must be looked up.
/// </summary>
internal sealed class ScoreMeasurement : IDisposable
{
    private const int MatrixSize = 1024;
    private const int Users = 2048, History = 144; // 144: the mean of MovieLens 20M

    private readonly double seconds;
    private readonly int threads;
    private readonly bool withTorch;
    private readonly FusedScorer fused;
    private readonly ModelScorer torch;
    private readonly int[] users = [.. Enumerable.Range(0, Users)];
    private readonly int[][] seen;
    private readonly TopLists best = new(Users, ScoreCase.K);
    private readonly Tensor left = randn(MatrixSize, MatrixSize);
    private readonly Tensor right = randn(MatrixSize, MatrixSize);
    private int next;

    public ScoreMeasurement(ScoreCase of, double seconds, int threads, bool withTorch)
    {
        (this.seconds, this.threads, this.withTorch) = (seconds, threads, withTorch);
        ModelWeights weights = ModelWeights.Initialize(of.Model, Users, of.Items, seed: 1);
        (fused, torch) = (new FusedScorer(weights, SimdLevels.FromEnvironment()), new ModelScorer(weights));
        var liked = new TopLists(Users, History);
        fused.FindBest(users, _ => default, liked, threads);
        seen = [.. users.Select(user => liked.Items(user).ToArray().Order().ToArray())];
    }

    public ScoreFigures Measure(int rounds)
    {
        Round(seconds / 4); // compiles and warms up
        (WindowRate Limit, WindowRate Fused, WindowRate All, WindowRate Torch)[] measured = [.. Enumerable.Range(0, rounds).Select(_ => Round(seconds))];
        double MedianOf(Func<(WindowRate Limit, WindowRate Fused, WindowRate All, WindowRate Torch), double> value) => Median([.. measured.Select(value)]);
        double flop = fused.Shape.FlopPerPair;
        return new ScoreFigures(
            Fused: MedianOf(round => round.Fused.PerSecond),
            Torch: MedianOf(round => round.Torch.PerSecond),
            Ratio: MedianOf(round => round.Fused.PerSecond / round.Torch.PerSecond),
            Limit: MedianOf(round => round.Limit.PerSecond),
            Share: MedianOf(round => round.Fused.PerSecond * flop / round.Limit.PerSecond),
            CpuShare: MedianOf(round => round.Fused.PerCpuSecond * flop / round.Limit.PerCpuSecond),
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

    private (WindowRate Limit, WindowRate Fused, WindowRate All, WindowRate Torch) Round(double window) => (
        Limit(window),
        Best(window),
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
        int users = Math.Min(32 * threads, Users);
        var watch = WindowWatch.Start();
        while (watch.Seconds < window)
        {
            double started = watch.Seconds;
            int start = Take(users);
            fused.FindBest(this.users.AsMemory(start, users), user => seen[user], best, threads);
            pairs += (long)users * fused.ItemCount;
            if (watch.Seconds - started < window / 8) users = Math.Min(2 * users, Users);
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
            for (int start = thread * block; watch.Seconds < window; start = (start + threads * block) % Users)
            {
                scorer.ScoreAll(users.AsSpan(start, block), scores);
                Interlocked.Add(ref pairs, scores.Length);
            }
        });
        return watch.Rate(pairs);
    }

    private int Take(int count)
    {
        if (next + count > Users) next = 0;
        next += count;
        return next - count;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
