using System.Text.Json;
using NcfSpark.Kernels;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Models trained on a synthetic log, scoring all pairs with the 10 best of each user kept, beside the Torch scorer in
/// tiles and the processor's matrix limit (Torch's product of two 1024 x 1024 matrices), interleaved in one run:
/// million pairs a second, and the share of the limit by the multiplications and additions that a pair needs once the
/// MLP's first layer is split by side. "written" is the speed up to the Parquet file, over the kernel's; "lists" is the time
/// up to the files with three named lists and a rule, over that with one list; "all" is the
/// fused scorer where all scores are written, as evaluation wants them; Torch writes all, too. Shares by processor time
/// ("cpu") say what the code does where other programs take cores away. Each figure is the median over rounds; shares
/// and ratios are formed within each round. After that the verb `score` runs for everybody, in a process of its own:
/// its seconds and its processor time over the kernel's for as many pairs, and its peak memory with what of it the
/// weights are. With SPARK_HOME set, Spark's ALS of as many factors stands beside the dot products.
/// </summary>
internal static class ScoreBenchmark
{
    /// <param name="args">rounds=5 seconds=0.3 threads=(all) torch=true millions=20 case=(a part of a case's name, such as "seed").</param>
    public static int Run(string[] args)
    {
        if (WindowOptions.Read("score", "seed", args) is not { } options) return 2;
        using var run = new ScoreRun((long)(options.Millions * 1e6), options.Threads);
        Console.WriteLine($"{options.Threads} threads, {SimdLevels.FromEnvironment().ToString().ToLowerInvariant()}; "
            + $"million pairs/s, median of {options.Rounds} rounds");
        Console.WriteLine($"{"case",-24} {"FLOP/pair",9} {"top 10",8} {"all",8} {"torch",8} {"ratio",7} {"limit",8} {"share",6} {"cpu",6} {"written",7} "
            + $"{"lists",6} "
            + $"{"verb s",7} {"/kernel",7} {"by cpu",6} {"peak MB",7} {"weights",7} {"ALS",6}");
        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (ScoreCase one in ScoreCase.All.Where(one => options.Measures(one.Name)))
        {
            run.Run("train", one.Settings);
            ScoreFigures figures;
            double flop, pairs;
            using (var measurement = new ScoreMeasurement(run, options.Seconds, options.Threads, options.Torch))
            {
                (figures, flop, pairs) = (measurement.Measure(options.Rounds), measurement.FlopPerPair, measurement.Pairs);
            }

            ProcessFigures verb = run.Run("score", one.Settings);
            double weights = run.WeightMegabytes;
            double verbOverKernel = verb.Seconds * figures.Fused / pairs, verbOverKernelByCpu = verb.CpuSeconds * figures.FusedCpu / pairs;
            double als = one.Rank > 0 ? SparkAls.PairsPerSecond(run, one.Rank) : double.NaN;
            Console.WriteLine($"{one.Name,-24} {flop,9:N0} {figures.Fused / 1e6,8:N1} {figures.All / 1e6,8:N1} {figures.Torch / 1e6,8:N1} {figures.Ratio,7:N1} "
                + $"{figures.Limit / 1e9,8:N1} {figures.Share,6:P0} {figures.CpuShare,6:P0} {figures.Written,7:P0} {figures.Lists,6:N2} "
                + $"{verb.Seconds,7:N1} {verbOverKernel,7:N2} "
                + $"{verbOverKernelByCpu,6:N2} {verb.PeakMegabytes,7:N0} {weights,7:N0} {als / 1e6,6:N1}");
            results[one.Name] = new
            {
                ratio_to_torch = WindowOptions.Rounded(figures.Ratio),
                ratio_to_spark_als = WindowOptions.Rounded(figures.Fused / als),
                share_of_limit = WindowOptions.Rounded(figures.Share),
                share_of_limit_by_cpu = WindowOptions.Rounded(figures.CpuShare),
                lists_over_one_list_time = WindowOptions.Rounded(figures.Lists),
                written_over_kernel = WindowOptions.Rounded(figures.Written),
                verb_over_kernel_time = WindowOptions.Rounded(verbOverKernel),
                verb_over_kernel_processor_time = WindowOptions.Rounded(verbOverKernelByCpu),
                pairs_per_second = WindowOptions.Rounded(figures.Fused),
                all_scores_per_second = WindowOptions.Rounded(figures.All),
                torch_pairs_per_second = WindowOptions.Rounded(figures.Torch),
                spark_als_pairs_per_second = WindowOptions.Rounded(als),
                verb_seconds = WindowOptions.Rounded(verb.Seconds),
                verb_peak_megabytes = WindowOptions.Rounded(verb.PeakMegabytes),
                weights_megabytes = WindowOptions.Rounded(weights),
            };
        }

        Console.WriteLine(JsonSerializer.Serialize(new { score = results, threads = options.Threads, interactions = options.Millions * 1e6 }));
        return 0;
    }
}

/// <summary>A model that is trained and then scores everybody.</summary>
/// <param name="Rank">The number of factors where a score is a dot product, which Spark's ALS has, too; 0 for others.</param>
/// <param name="Settings">Over those of conf/ml-1m.json.</param>
internal sealed record ScoreCase(string Name, int Rank, string[] Settings)
{
    public const int K = 10;

    public static IReadOnlyList<ScoreCase> All { get; } =
    [
        new("seed neumf 64-32-16-8", 0,
            ["Model:Kind=neumf", "Model:EmbeddingSize=32", "Model:MlpEmbeddingSize=32", "Model:MlpLayers=[64,32,16,8]", "Model:Dropout=[0.25,0.25,0.25]"]),
        new("gmf 64", 64, ["Model:Kind=gmf", "Model:EmbeddingSize=64", "Model:EmbeddingInit=0.1"]),
        new("mf 64 with biases", 64, ["Model:Kind=mf", "Model:EmbeddingSize=64", "Model:EmbeddingInit=0.1"]),
    ];
}
