using System.Text.Json;
using NcfSpark.Kernels;

namespace NcfSpark.Benchmarks;

/// <summary>
/// The fused step beside the Torch step and the processor's matrix limit (Torch's product of two 1024 x 1024 matrices), interleaved in one run:
/// thousand samples a second, their ratio, and the fused step's share of the limit. "epoch" is what a user sees: the fused step fed with
/// negatives drawn afresh, over the bare step, whose samples lie ready. Shares by processor time ("cpu") say what the code does where other
/// programs take cores away. "ns" is how far apart the cores are (<see cref="CoreDistance"/>): shares of 2 threads are comparable only where it is.
/// Each figure is the median over rounds; shares and ratios are formed within each round.
/// </summary>
internal static class StepBenchmark
{
    /// <param name="args">rounds=5 seconds=0.3 threads=(all) torch=true case=(a part of a case's name, such as "seed 6040").</param>
    public static int Run(string[] args)
    {
        if (WindowOptions.Read("step", "seed 6040", args) is not { } options) return 2;
        Console.WriteLine($"{options.Threads} threads, {SimdLevels.FromEnvironment().ToString().ToLowerInvariant()}; "
            + $"thousand samples/s, median of {options.Rounds} rounds");
        Console.WriteLine($"{"case",-34} {"fused",8} {"torch",8} {"ratio",7} {"GFLOP/s",8} {"limit",8} {"share",6} {"cpu",6} {"epoch",6} {"cpu",6} {"ns",5}");
        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (StepCase one in StepCase.All().Where(one => options.Measures(one.Name)))
        {
            using var measurement = new StepMeasurement(one, options.Seconds, options.Threads, options.Torch);
            StepFigures figures = measurement.Measure(options.Rounds);
            Console.WriteLine($"{one.Name,-34} {figures.Fused / 1e3,8:G4} {figures.Torch / 1e3,8:G4} {figures.Ratio,7:N1} "
                + $"{figures.Fused * measurement.FlopPerSample / 1e9,8:N1} {figures.Limit / 1e9,8:N1} {figures.Share,6:P0} {figures.CpuShare,6:P0} "
                + $"{figures.Epoch,6:P0} {figures.CpuEpoch,6:P0} {figures.Distance,5:N0}"
                + (double.IsNaN(figures.FeatureCost) ? ""
                    : $"  {figures.FeatureCost:N2} ({figures.CpuFeatureCost:N2} by cpu) times of a step without features"));
            results[one.Name] = new
            {
                ratio_to_torch = WindowOptions.Rounded(figures.Ratio),
                share_of_limit = WindowOptions.Rounded(figures.Share),
                share_of_limit_by_cpu = WindowOptions.Rounded(figures.CpuShare),
                core_distance_ns = WindowOptions.Rounded(figures.Distance),
                epoch_over_bare = WindowOptions.Rounded(figures.Epoch),
                feature_cost = WindowOptions.Rounded(figures.FeatureCost),
                samples_per_second = WindowOptions.Rounded(figures.Fused),
                torch_samples_per_second = WindowOptions.Rounded(figures.Torch),
            };
        }

        Console.WriteLine(JsonSerializer.Serialize(new { step = results, threads = options.Threads }));
        return 0;
    }
}
