using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Preparation;

namespace NcfSpark.Jobs;

/// <summary>
/// `init LOG` looks at a log and writes a configuration for it. `nightly --input LOG` does the same on the first night, and keeps the
/// configuration in the run directory for the nights after it.
/// </summary>
internal static class InitJob
{
    public const string Name = "init";

    /// <summary>The configuration that a run directory keeps, where `nightly --input` began it.</summary>
    public const string KeptName = "configuration.json";


    /// <param name="log">The log: a file, folder or glob.</param>
    /// <param name="file">Where the configuration goes; null: conf/, under the log's name.</param>
    public static void Run(string log, string? file, IProgressReporter progress, TextWriter output)
    {
        string path = TargetOf(log, file);
        Write(path, Look(log, progress, output));
        SayWhatIsNext(path, output);
    }

    /// <summary>`init LOG --tune MINUTES`: the same with what a search found, which stands in the log's run directory.</summary>
    /// <param name="search">Searches, and keeps what it finds there.</param>
    public static ExitCode RunTuned(string log, string? file, Func<ExitCode> search, TextWriter output, TextWriter error)
    {
        ExitCode code = UnlockedVerb.Run(() => TargetOf(log, file), error);
        if (code == ExitCode.Done) code = search();
        return code != ExitCode.Done ? code : UnlockedVerb.Run(
            () =>
            {
                string path = TargetOf(log, file);
                Write(path, File.ReadAllText(Path.Combine(RunDirectoryOf(log), KeptName)));
                SayWhatIsNext(path, output);
            },
            error);
    }

    private static string TargetOf(string log, string? file)
    {
        string path = file ?? Path.Combine("conf", $"{NameOf(log)}.json");
        return File.Exists(path) ? throw new InvalidInputException($"{path} is there already. Name another file by --config, or delete it first.") : path;
    }

    private static void SayWhatIsNext(string path, TextWriter output) => output.WriteLine($"""
        Wrote {path}. Next:
          {Advice.Command("nightly", "--config", path)}
        """);

    /// <summary>The run directory for a log where none is named.</summary>
    public static string RunDirectoryOf(string log) => Path.Combine("runs", NameOf(log));

    /// <summary>The configuration of a log that the run directory keeps; made and kept now where there is none.</summary>
    /// <exception cref="InvalidInputException">The log cannot be read, or the run directory is another log's.</exception>
    public static string Kept(string log, string runDirectory, IProgressReporter progress, TextWriter output)
    {
        string path = Path.Combine(runDirectory, KeptName);
        if (!File.Exists(path))
        {
            string text = Look(log, progress, output);
            LinuxFiles.MakePrivateDirectory(runDirectory);
            Write(path, text);
            output.WriteLine($"These settings are kept in {path} for the nights to come. To look at the log anew, delete that file.");
            return path;
        }

        RefuseAnother(log, path);
        output.WriteLine($"Settings of {path}, which was made on the first night.");
        return path;
    }

    /// <exception cref="InvalidInputException">A kept configuration is another log's.</exception>
    public static void RefuseAnother(string log, string path)
    {
        string? its = SettingsFile.Read(path, []).LastOrDefault(
            setting => setting.Key.Equals("Input:Path", StringComparison.OrdinalIgnoreCase))?.Value.ToString();
        if (its == FullPath(log)) return;
        throw new InvalidInputException($"{Path.GetDirectoryName(path)} has nights of another log: {path} names {its}, and --input is {log}. Name another "
            + "directory by --run.");
    }

    private static string Look(string log, IProgressReporter progress, TextWriter output)
    {
        using ISqlEngine engine = new DuckDbEngine(new DuckDbOptions());
        LogConfiguration made = LogConfiguration.For(FullPath(log), engine, progress);
        foreach (string line in made.Seen) output.WriteLine(line);
        return made.Text;
    }

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        AtomicFile.Write(path, text);
    }

    // A configuration is read from other directories, too. A place with a scheme stays as it is.
    private static string FullPath(string log) => InputPlace.HasScheme(log) ? log : Path.GetFullPath(log);

    // "logs/clicks.csv.gz" and "logs/clicks/" are "clicks"; of a glob it is the folder's.
    private static string NameOf(string log)
    {
        string path = Path.TrimEndingDirectorySeparator(log);
        while (Path.GetFileName(path).AsSpan().ContainsAny('*', '?', '[')) path = Path.GetDirectoryName(path) ?? "";
        string name = Path.GetFileName(path).Split('.', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        return name.Length == 0 ? "log" : name;
    }
}
