using System.Globalization;
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
        if (args.Any(arg => !arg.Contains('=')))
        {
            Console.Error.WriteLine("Usage: bench step [rounds=5] [seconds=0.3] [threads=N] [torch=true] [case=TEXT], where TEXT is a part of a case's name, such as \"seed 6040\".");
            return 2;
        }

        Dictionary<string, string> given = args.Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        string Value(string name, string otherwise) => given.GetValueOrDefault(name, otherwise);
        int rounds = int.Parse(Value("rounds", "5")), threads = int.Parse(Value("threads", $"{Environment.ProcessorCount}"));
        double seconds = double.Parse(Value("seconds", "0.3"), CultureInfo.InvariantCulture);
        bool torch = bool.Parse(Value("torch", "true"));
        Console.WriteLine($"{threads} threads, {SimdLevels.FromEnvironment().ToString().ToLowerInvariant()}; thousand samples/s, median of {rounds} rounds");
        Console.WriteLine($"{"case",-34} {"fused",8} {"torch",8} {"ratio",7} {"GFLOP/s",8} {"limit",8} {"share",6} {"cpu",6} {"epoch",6} {"cpu",6} {"ns",5}");
        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (StepCase one in StepCase.All().Where(one => one.Name.Contains(Value("case", ""), StringComparison.Ordinal)))
        {
            using var measurement = new StepMeasurement(one, seconds, threads, torch);
            StepFigures figures = measurement.Measure(rounds);
            Console.WriteLine($"{one.Name,-34} {figures.Fused / 1e3,8:N0} {figures.Torch / 1e3,8:N0} {figures.Ratio,7:N1} {figures.Fused * one.FlopPerSample / 1e9,8:N1} {figures.Limit / 1e9,8:N1} {figures.Share,6:P0} {figures.CpuShare,6:P0} {figures.Epoch,6:P0} {figures.CpuEpoch,6:P0} {figures.Distance,5:N0}");
            results[one.Name] = new
            {
                ratio_to_torch = Rounded(figures.Ratio),
                share_of_limit = Rounded(figures.Share),
                share_of_limit_by_cpu = Rounded(figures.CpuShare),
                core_distance_ns = Rounded(figures.Distance),
                epoch_over_bare = Rounded(figures.Epoch),
                samples_per_second = Rounded(figures.Fused),
                torch_samples_per_second = Rounded(figures.Torch),
            };
        }

        Console.WriteLine(JsonSerializer.Serialize(new { step = results, threads }));
        return 0;
    }

    // Null where it was not measured, since JSON has no NaN.
    private static double? Rounded(double value) => double.IsFinite(value) ? Math.Round(value, 3) : null;
}
