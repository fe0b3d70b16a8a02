using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.SparkConnect;
using NcfSpark.Evaluation;
using NcfSpark.Preparation;
using NcfSpark.Preparation.Tests;

namespace NcfSpark.Benchmarks;

/// <summary>Prepares a synthetic log on Spark with 5 negatives each, beside the usual way of doing it there, in one Spark, one after the other.</summary>
internal static class SparkPrepareBenchmark
{
    private const int Negatives = 5, Items = 27_000;

    // A user with as many items, of twice as many: so there is what that user did not touch, to be drawn.
    private const int HeavyUser = 100_000, HeavyUsersItems = 200_000;
    private const double HeavyUsersMillions = 2;

    // For Java to compile the loops of both before either is timed: what one runs first, the other finds compiled.
    private const long WarmUp = 1_000_000;

    private static readonly PrepareOptions Options = new()
    {
        Split = SplitRule.Latest,
        NegativesPerPositive = Negatives,
        NegativesAvoid = AvoidedItems.Touched,
        TestCandidates = 0,
        Validation = true,
    };

    /// <param name="millions">Millions of interactions.</param>
    public static int Run(string master, double millions)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"ncfspark-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            using var engine = SparkConnectEngine.Start(new SparkServerOptions { Master = master, Progress = new ConsoleSteps() }, new SparkConnectOptions());
            Measure(engine, folder, WarmUp);
            (long rows, Measured ours, Measured usual) = Measure(engine, folder, (long)(millions * 1e6));
            long few = (long)(Math.Min(millions, HeavyUsersMillions) * 1e6);
            Measured without = MeasureOurs(engine, folder, WriteLog(folder, few, HeavyUsersItems));
            Measured with = MeasureOurs(engine, folder, WriteLog(folder, few, HeavyUsersItems, HeavyUser));
            Console.WriteLine($"{"",-12} {"seconds",9} {"processors",11} {"train rows",14} {"rows/s",12} {"rows lost",12}");
            foreach ((string name, Measured one) in new[] { ("NcfSpark", ours), ("usual way", usual) })
            {
                Console.WriteLine($"{name,-12} {one.Seconds,9:F1} {one.ProcessorSeconds,9:F1} s {one.Written,14:N0} {one.Written / one.Seconds,12:N0} "
                    + $"{one.Meant - one.Written,12:N0}");
            }

            Console.WriteLine($"{few:N0} interactions: {without.Seconds:F1} s ({without.ProcessorSeconds:F1} s of processors); "
                + $"with one user's {HeavyUser:N0} more: {with.Seconds:F1} s ({with.ProcessorSeconds:F1} s), {with.Meant - with.Written:N0} rows lost");
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                time_over_usual_time = Math.Round(ours.Seconds / usual.Seconds, 3),
                processor_time_over_usual = Math.Round(ours.ProcessorSeconds / usual.ProcessorSeconds, 3),
                share_lost = 1 - ((double)ours.Written / ours.Meant),
                usual_share_lost = Math.Round(1 - ((double)usual.Written / usual.Meant), 5),
                heavy_user_time_over_time_without = Math.Round(with.Seconds / without.Seconds, 3),
                heavy_user_processor_time_over_time_without = Math.Round(with.ProcessorSeconds / without.ProcessorSeconds, 3),
                heavy_user_rows_over_rows_without = Math.Round((double)with.Written / without.Written, 3),
                seconds = Math.Round(ours.Seconds, 1),
                usual_seconds = Math.Round(usual.Seconds, 1),
                interactions = rows,
                train_rows = ours.Written,
                master,
                spark = engine.Name,
                cores = Environment.ProcessorCount,
            }));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (long Rows, Measured Ours, Measured Usual) Measure(ISqlEngine engine, string folder, long interactions)
    {
        string csv = WriteLog(folder, interactions, Items), usual = Path.Combine(folder, $"usual-{interactions}");
        Measured measured = MeasureOurs(engine, folder, csv);
        double began = ProcessorSeconds(engine);
        var watch = Stopwatch.StartNew();
        (long written, long meant) = UsualPrepare.Run(engine, csv, usual, Negatives, Options.Holdout, Options.Shards);
        var measuredUsual = new Measured(watch.Elapsed.TotalSeconds, ProcessorSeconds(engine) - began, written, meant);
        Directory.Delete(usual, recursive: true);
        return (interactions, measured, measuredUsual);
    }

    private static string WriteLog(string folder, long interactions, int items, int heavyUser = 0)
    {
        string csv = Path.Combine(folder, $"log-{interactions}-{items}-{heavyUser}.csv");
        SyntheticLog.WriteCsv(csv, interactions, users: (int)(interactions * 138 / 20_000), items, seed: 1, heavyUser);
        return csv;
    }

    private static Measured MeasureOurs(ISqlEngine engine, string folder, string csv)
    {
        string run = Path.Combine(folder, "ours");
        double began = ProcessorSeconds(engine);
        var watch = Stopwatch.StartNew();
        StageDirectory prepared = PreparedRun.Prepare(
            engine, new InputOptions { Path = csv, UserColumn = "userId", ItemColumn = "movieId" }, Options, run, new ConsoleSteps());
        SortedDictionary<string, long> counts = prepared.Manifest.Rows;
        var measured = new Measured(
            watch.Elapsed.TotalSeconds, ProcessorSeconds(engine) - began, counts["train"], counts["train_positives"] * (1 + Negatives));
        Directory.Delete(run, recursive: true);
        return measured;
    }

    // Of Spark's driver, which with local[…] does all the work. On a machine that others use as well it says more than the clock.
    private static double ProcessorSeconds(ISqlEngine engine)
    {
        string id = (string)engine.Query("SELECT java_method('java.lang.ProcessHandle', 'current')")[0][0]!;
        using var driver = Process.GetProcessById(int.Parse(id, CultureInfo.InvariantCulture));
        return driver.TotalProcessorTime.TotalSeconds;
    }

    private sealed record Measured(double Seconds, double ProcessorSeconds, long Written, long Meant);
}
