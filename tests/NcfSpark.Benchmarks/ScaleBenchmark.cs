using System.Globalization;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Benchmarks;

/// <summary>
/// The verbs of a night on logs of growing size (<see cref="SyntheticLog.SizeOf"/>), each in a process of its own: seconds, processor seconds, peak
/// memory, bytes read and written, and by what power of the number of rows each grows from the size before. Everything is kept in a folder, and a stage
/// that is there is not made again, so a size that takes hours can be measured over several sittings.
/// </summary>
internal static class ScaleBenchmark
{
    private const string FiguresFile = "figures.json";

    private static readonly string[] stages = ["log", "prepare", "train", "evaluate", "score"];

    // The defaults: a dot product whose users have a history. One epoch; of users, as many are measured whatever the size.
    private static readonly string[] settings =
    [
        "Input:UserColumn=userId", "Input:ItemColumn=movieId", "Input:TimestampColumn=timestamp", "Prepare:Split=latest", "Prepare:Holdout=1",
        "Prepare:TestCandidates=0", "Train:Epochs=1", "Evaluate:Users=500", "Score:TopK=10",
    ];

    /// <param name="args">millions=2,20 (of rows; 200 and 1220 are the others of the series) folder=(where everything is kept; in the system's folder of
    /// temporary files where left out) memory=(Prepare:MemoryLimit, such as 2GB) stages=(so many of log, prepare, train, evaluate, score) keep=false
    /// (whether logs and runs stay; figures do) and settings such as Model:EmbeddingSize=64.</param>
    public static int Run(string[] args)
    {
        if (args.Any(arg => !arg.Contains('=')))
        {
            Console.Error.WriteLine("Usage: bench scale [millions=2,20] [folder=DIR] [memory=2GB] [stages=5] [keep=false] [Section:Key=value]...");
            return 2;
        }

        Dictionary<string, string> given = args.Where(arg => !arg.Split('=')[0].Contains(':')).Select(arg => arg.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        string Value(string name, string otherwise) => given.GetValueOrDefault(name, otherwise);
        long[] sizes = [.. Value("millions", "2,20").Split(',').Select(text => (long)(double.Parse(text, CultureInfo.InvariantCulture) * 1e6))];
        string folder = Path.GetFullPath(Value("folder", Path.Combine(Path.GetTempPath(), "ncfspark-scale")));
        string[] more = [.. args.Where(arg => arg.Split('=')[0].Contains(':')),
            .. given.TryGetValue("memory", out string? limit) ? [$"Prepare:MemoryLimit={limit}"] : Array.Empty<string>()];
        Console.WriteLine($"{"stage",-10} {"rows",14} {"seconds",9} {"cpu s",9} {"peak MB",9} {"read MB",9} {"written",9} | grows by: {"cpu",5} {"peak",5}");
        var measured = new SortedDictionary<string, object>(StringComparer.Ordinal);
        SortedDictionary<string, StageFigures>? before = null;
        foreach (long rows in sizes)
        {
            var size = new Size(Path.Combine(folder, $"{rows}"), rows);
            SortedDictionary<string, StageFigures> figures = size.Measure(
                stages[..int.Parse(Value("stages", $"{stages.Length}"), CultureInfo.InvariantCulture)], more, (stage, of) => Print(stage, of, before));
            if (!bool.Parse(Value("keep", "false"))) size.RemoveData();
            (before, measured[$"{rows}"]) = (figures, figures);
        }

        Console.WriteLine(JsonSerializer.Serialize(new { scale = measured, cores = Environment.ProcessorCount }));
        return 0;
    }

    private static void Print(string stage, StageFigures of, SortedDictionary<string, StageFigures>? before)
    {
        string growth = before is null || !before.TryGetValue(stage, out StageFigures? small) ? ""
            : $"{Power(of.CpuSeconds, small.CpuSeconds),5:F2} {Power(of.PeakMegabytes, small.PeakMegabytes),5:F2}";
        Console.WriteLine($"{stage,-10} {of.Rows,14:N0} {of.Seconds,9:N1} {of.CpuSeconds,9:N1} {of.PeakMegabytes,9:N0} {of.ReadMegabytes,9:N0} "
            + $"{of.WrittenMegabytes,9:N0} |           {growth}");

        // cost ~ rows^power
        double Power(double large, double little) => Math.Log(large / little) / Math.Log((double)of.Rows / small!.Rows);
    }

    /// <param name="Rows">Of the log; of the stages after `prepare` those that are trained on.</param>
    private sealed record StageFigures(long Rows, double Seconds, double CpuSeconds, double PeakMegabytes, double ReadMegabytes, double WrittenMegabytes);

    /// <summary>A log of one size, its run and the figures so far.</summary>
    private sealed class Size(string folder, long rows)
    {
        private string Log => Path.Combine(folder, "log");

        // Less than those of the log, in which pairs repeat.
        private long TrainingRows => StageDirectory.Open(Run, PreparedData.StageName, isRead: _ => false).Manifest.Rows["train"];

        private string Run => Path.Combine(folder, "run");

        private string Figures => Path.Combine(folder, FiguresFile);

        public SortedDictionary<string, StageFigures> Measure(string[] stages, string[] more, Action<string, StageFigures> done)
        {
            Directory.CreateDirectory(folder);
            SortedDictionary<string, StageFigures> figures = File.Exists(Figures)
                ? JsonSerializer.Deserialize<SortedDictionary<string, StageFigures>>(File.ReadAllText(Figures))! : new(StringComparer.Ordinal);
            foreach (string stage in stages)
            {
                if (!figures.TryGetValue(stage, out StageFigures? figure))
                {
                    ProcessFigures of = stage == "log" ? MakeLog() : RunVerb(stage, more);
                    long counted = stage is "log" or "prepare" ? rows : TrainingRows;
                    figure = new StageFigures(
                        counted, of.Seconds, of.CpuSeconds, of.PeakMegabytes, of.Megabytes.Read, of.Megabytes.Written);
                    figures[stage] = figure;
                    File.WriteAllText(Figures, JsonSerializer.Serialize(figures));
                }

                done(stage, figure);
            }

            return figures;
        }

        public void RemoveData()
        {
            foreach (string directory in Directory.GetDirectories(folder)) Directory.Delete(directory, recursive: true);
        }

        private ProcessFigures MakeLog()
        {
            (TimeSpan before, var watch) = (Environment.CpuUsage.TotalTime, System.Diagnostics.Stopwatch.StartNew());
            if (Directory.Exists(Log)) Directory.Delete(Log, recursive: true); // of a killed run: it is not in the figures
            (int users, int items) = SyntheticLog.SizeOf(rows);
            SyntheticLog.WriteParquet(Log, rows, users, items, seed: 1, ScoreRun.Tastes);
            double written = Directory.GetFiles(Log).Sum(file => new FileInfo(file).Length) / 1e6;
            return new ProcessFigures(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds, Environment.WorkingSet / 1e6, "")
            {
                Megabytes = (0, written),
            };
        }

        private ProcessFigures RunVerb(string verb, string[] more)
        {
            string defaults = Path.Combine(folder, "scale.json");
            File.WriteAllText(defaults, "{}");
            string[] arguments = [Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), verb, "--config", defaults, "--run", Run,
                .. settings.Prepend($"Input:Path={Log}").Concat(more).SelectMany(setting => new[] { "--set", setting })];
            return ProcessFigures.Measure("dotnet", arguments, ScoreRun.Root);
        }
    }
}
