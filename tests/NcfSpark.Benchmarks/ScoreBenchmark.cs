using System.Text.Json;
using NcfSpark.Kernels;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Scoring all pairs with the 10 best of each user kept, beside the Torch scorer in tiles and the processor's matrix limit (Torch's product of two
/// 1024 x 1024 matrices), interleaved in one run: million pairs a second, and the share of the limit by the multiplications and additions that a pair
/// needs once the MLP's first layer is split by side. "written" is the speed up to the closed Parquet file, over the kernel's; "all" is the fused scorer where all scores are written, as evaluation wants them; Torch writes all, too.
/// Shares by processor time ("cpu") say what the code does where other programs take cores away. Each figure is the median over rounds; shares and ratios are formed within each round.
/// </summary>
internal static class ScoreBenchmark
{
    /// <param name="args">rounds=5 seconds=0.3 threads=(all) torch=true case=(a part of a case's name, such as "seed").</param>
    public static int Run(string[] args)
    {
        if (WindowOptions.Read("score", "seed", args) is not { } options) return 2;
        Console.WriteLine($"{options.Threads} threads, {SimdLevels.FromEnvironment().ToString().ToLowerInvariant()}; million pairs/s, median of {options.Rounds} rounds");
        Console.WriteLine($"{"case",-28} {"FLOP/pair",9} {"top 10",8} {"all",8} {"torch",8} {"ratio",7} {"GFLOP/s",8} {"limit",8} {"share",6} {"cpu",6} {"written",7}");
        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (ScoreCase one in ScoreCase.All().Where(one => options.Measures(one.Name)))
        {
            using var measurement = new ScoreMeasurement(one, options.Seconds, options.Threads, options.Torch);
            ScoreFigures figures = measurement.Measure(options.Rounds);
            double flop = measurement.FlopPerPair;
            Console.WriteLine($"{one.Name,-28} {flop,9:N0} {figures.Fused / 1e6,8:N1} {figures.All / 1e6,8:N1} {figures.Torch / 1e6,8:N1} {figures.Ratio,7:N1} {figures.Fused * flop / 1e9,8:N1} {figures.Limit / 1e9,8:N1} {figures.Share,6:P0} {figures.CpuShare,6:P0} {figures.Written,7:P0}");
            results[one.Name] = new
            {
                ratio_to_torch = WindowOptions.Rounded(figures.Ratio),
                share_of_limit = WindowOptions.Rounded(figures.Share),
                share_of_limit_by_cpu = WindowOptions.Rounded(figures.CpuShare),
                written_over_kernel = WindowOptions.Rounded(figures.Written),
                pairs_per_second = WindowOptions.Rounded(figures.Fused),
                all_scores_per_second = WindowOptions.Rounded(figures.All),
                torch_pairs_per_second = WindowOptions.Rounded(figures.Torch),
            };
        }

        Console.WriteLine(JsonSerializer.Serialize(new { score = results, threads = options.Threads }));
        return 0;
    }
}
