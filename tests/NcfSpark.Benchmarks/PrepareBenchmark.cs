using System.Diagnostics;
using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Evaluation;
using NcfSpark.Preparation;
using NcfSpark.Preparation.Tests;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Prepares 2 and 20 million synthetic interactions with 5 negatives each: seconds, rows a second, peak memory, and how
/// cost grows with data. Processor seconds say more than the clock on a machine that is shared.
/// </summary>
internal static class PrepareBenchmark
{
    private const int Negatives = 5;

    /// <param name="args">Millions of interactions, small and large: "2 20" where left out. Or "--engine
    /// spark-connect", and then millions ("20" where left out) and a master ("local[2]").</param>
    public static int Run(string[] args)
    {
        if (args is ["--engine", "spark-connect", .. string[] rest])
        {
            return SparkPrepareBenchmark.Run(rest.ElementAtOrDefault(1) ?? "local[2]", double.Parse(rest.ElementAtOrDefault(0) ?? "20"));
        }

        long[] sizes = args.Length == 0 ? [2_000_000, 20_000_000] : Array.ConvertAll(args, text => (long)(double.Parse(text) * 1e6));
        string folder = Path.Combine(Path.GetTempPath(), $"ncfspark-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            Console.WriteLine($"{"interactions",14} {"train rows",14} {"seconds",9} {"rows/s",12} {"CPU s",8} {"peak MB",9}");
            Measured[] measured = Array.ConvertAll(sizes, size => Measure(folder, size));
            Measured small = measured[0], large = measured[^1];
            double dataGrowth = (double)large.Interactions / small.Interactions;
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                time_growth_over_data_growth = Math.Round(large.Seconds / small.Seconds / dataGrowth, 3),
                processor_growth_over_data_growth = Math.Round(large.ProcessorSeconds / small.ProcessorSeconds / dataGrowth, 3),
                seconds = Math.Round(large.Seconds, 2),
                processor_seconds = Math.Round(large.ProcessorSeconds, 1),
                interactions = large.Interactions,
                train_rows = large.TrainRows,
                train_rows_per_second = Math.Round(large.TrainRows / large.Seconds),
                peak_memory_mb = large.PeakMegabytes,
                small_seconds = Math.Round(small.Seconds, 2),
                cores = Environment.ProcessorCount,
            }));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Measured Measure(string folder, long interactions)
    {
        // Users in proportion, so that the larger log is more of the same.
        string csv = Path.Combine(folder, $"log-{interactions}.csv"), run = Path.Combine(folder, $"run-{interactions}");
        SyntheticLog.WriteCsv(csv, interactions, users: (int)(interactions * 138 / 20_000), items: 27_000, seed: 1);
        var input = new InputOptions { Path = csv, UserColumn = "userId", ItemColumn = "movieId" };
        var prepare = new PrepareOptions
        {
            Split = SplitRule.Latest, NegativesPerPositive = Negatives, NegativesAvoid = AvoidedItems.Touched, TestCandidates = 0, Validation = true,
        };

        TimeSpan processorBefore = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        StageDirectory prepared;
        using (var engine = new DuckDbEngine(new DuckDbOptions { MemoryLimit = "6GB", SpillDirectory = Path.Combine(folder, "spill") }))
        {
            prepared = PreparedRun.Prepare(engine, input, prepare, run, new ConsoleSteps());
        }

        var result = new Measured(interactions, prepared.Manifest.Rows["train"], watch.Elapsed.TotalSeconds,
            (Process.GetCurrentProcess().TotalProcessorTime - processorBefore).TotalSeconds, Process.GetCurrentProcess().PeakWorkingSet64 >> 20);
        Console.WriteLine($"{result.Interactions,14:N0} {result.TrainRows,14:N0} {result.Seconds,9:F2} {result.TrainRows / result.Seconds,12:N0} "
            + $"{result.ProcessorSeconds,8:F1} {result.PeakMegabytes,9:N0}");
        Directory.Delete(run, recursive: true);
        File.Delete(csv);
        return result;
    }

    private sealed record Measured(long Interactions, long TrainRows, double Seconds, double ProcessorSeconds, long PeakMegabytes);
}
