using System.Diagnostics;

namespace NcfSpark.Benchmarks;

/// <summary>
/// A run directory with a synthetic log of MovieLens 20M's size and power laws in which users have tastes, prepared,
/// and a model trained for one epoch: by the verbs, as a user runs them, each in a process of its own.
/// </summary>
internal sealed class ScoreRun : IDisposable
{
    public const int Users = 138_493, Items = 26_744, Tastes = 40;

    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    /// <param name="interactions">Rows of the log.</param>
    public ScoreRun(long interactions, int threads)
        : this(threads)
    {
        SyntheticLog.WriteCsv(Log, interactions, Users, Items, seed: 1, tastes: Tastes);
        Run("prepare", []);
        File.WriteAllText(Log, "taken away: it is prepared\n");
    }

    private ScoreRun(int threads) => Threads = threads;

    /// <summary>The same of a log that is there, with the same names of columns.</summary>
    public static ScoreRun OfLog(string log, int threads)
    {
        var run = new ScoreRun(threads);
        File.Copy(log, run.Log);
        run.Run("prepare", []);
        return run;
    }

    public int Threads { get; }

    public string RunDirectory => Path.Combine(folder, "run");

    /// <summary>Of the model that was trained last.</summary>
    public double WeightMegabytes =>
        Directory.GetFiles(Path.Combine(RunDirectory, "model"), "*.safetensors", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) / 1e6;

    public string NewFile => Path.Combine(folder, $"{Guid.NewGuid():N}.parquet");

    /// <summary>The repository, from within which benchmarks run.</summary>
    public static string Root
    {
        get
        {
            DirectoryInfo? directory = new(AppContext.BaseDirectory);
            while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "NcfSpark.sln"))) directory = directory.Parent;
            return directory?.FullName ?? throw new DirectoryNotFoundException("The benchmark must run from within the repository.");
        }
    }

    private string Log => Path.Combine(folder, "log.csv");

    /// <summary>Runs a verb; what it says goes to standard error.</summary>
    public ProcessFigures Run(string verb, string[] settings)
    {
        string[] own =
        [
            $"Input:Path={Log}", "Input:Header=true", "Input:Delimiter=,", "Input:UserColumn=userId", "Input:ItemColumn=movieId",
            "Input:TimestampColumn=timestamp", "Input:TitlesPath=", "Input:RatingColumn=", "Input:TestPath=", "Input:TestCandidatesPath=",
            "Prepare:Split=latest", "Prepare:Holdout=1", "Prepare:Validation=false", "Prepare:NegativesPerPositive=0", "Prepare:TestCandidates=1",
            "Evaluate:NegativesPerPositive=1", $"Prepare:Threads={Threads}",
            "Train:Negatives=resampled", "Train:NegativesPerPositive=2", "Train:Epochs=1", "Train:BatchSize=4096", "Train:Patience=0",
            $"Train:Threads={Threads}", $"Score:Threads={Threads}", $"Score:TopK={ScoreCase.K}",
        ];
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), verb, "--config", Path.Combine(Root, "conf", "ml-1m.json"), "--run",
            RunDirectory, .. own.Concat(settings).SelectMany(setting => new[] { "--set", setting })];
        return ProcessFigures.Measure("dotnet", arguments, Root);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
