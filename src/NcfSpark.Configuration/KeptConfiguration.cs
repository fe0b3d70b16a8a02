using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Preparation;

namespace NcfSpark.Configuration;

/// <summary>The configuration that `nightly --input LOG` makes of a log on its first night, and that the run directory keeps for the nights after it.</summary>
public static class KeptConfiguration
{
    public const string FileName = "configuration.json";

    /// <summary>The run directory for a log where none is named.</summary>
    public static string RunDirectoryOf(string log) => Path.Combine("runs", NameOf(log));

    /// <summary>The file that a run directory keeps, there or not.</summary>
    public static string PathIn(string runDirectory) => Path.Combine(runDirectory, FileName);

    /// <summary>Takes back a file that was kept for a command that was refused, unless nights have begun with it.</summary>
    public static void Forget(string runDirectory)
    {
        string path = PathIn(runDirectory);
        if (new RunNights(runDirectory).Names.Count > 0) return;
        File.Delete(path);
        RunStore.Of(path)?.Save(path);
    }

    /// <summary>The configuration of a log that the run directory keeps; made and kept now where there is none.</summary>
    /// <param name="check">Refuses, by an exception, a file of settings that is about to be kept; then nothing is.</param>
    /// <exception cref="InvalidInputException">The log cannot be read, or the run directory is another log's.</exception>
    public static string Of(string log, string runDirectory, Action<string> check, IProgressReporter progress, TextWriter output)
    {
        string path = PathIn(runDirectory);
        if (!File.Exists(path))
        {
            string text = Look(log, progress, output);
            Check(text, check);
            LinuxFiles.MakePrivateDirectory(runDirectory);
            AtomicFile.Write(path, text);
            RunStore.Of(path)?.Save(path);
            output.WriteLine($"These settings are kept in {path} for the nights to come. To look at the log anew, delete that file.");
            return path;
        }

        RefuseAnother(log, path);
        output.WriteLine($"Settings of {path}, which was made on the first night.");
        return path;
    }

    private static void Check(string text, Action<string> check)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ncfspark-settings-");
        try
        {
            string file = Path.Combine(folder.FullName, FileName);
            File.WriteAllText(file, text);
            check(file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
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

    /// <summary>Looks at a log, says what it took for what, and returns the text of a configuration for it.</summary>
    public static string Look(string log, IProgressReporter progress, TextWriter output)
    {
        using ISqlEngine engine = new DuckDbEngine(new DuckDbOptions());
        LogConfiguration made = LogConfiguration.For(FullPath(log), engine, progress);
        foreach (string line in made.Seen) output.WriteLine(line);
        return made.Text;
    }

    // A configuration is read from other directories, too. A place with a scheme stays as it is, but for the two names of S3.
    private static string FullPath(string log) =>
        log.StartsWith("s3a://", StringComparison.OrdinalIgnoreCase) ? $"s3{log[3..]}" : InputPlace.HasScheme(log) ? log : Path.GetFullPath(log);

    /// <summary>"logs/clicks.csv.gz" and "logs/clicks/" are "clicks"; of a glob it is the folder's.</summary>
    public static string NameOf(string log)
    {
        string path = Path.TrimEndingDirectorySeparator(log);
        while (Path.GetFileName(path).AsSpan().ContainsAny('*', '?', '[')) path = Path.GetDirectoryName(path) ?? "";
        string name = Path.GetFileName(path).Split('.', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        return name.Length == 0 ? "log" : name;
    }
}
