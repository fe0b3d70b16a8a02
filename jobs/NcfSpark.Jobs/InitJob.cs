using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Preparation;

namespace NcfSpark.Jobs;

/// <summary>
/// `init LOG` looks at a log and writes a configuration for it. `nightly --input LOG` does the same on the first night, and keeps it
/// (<see cref="KeptConfiguration"/>).
/// </summary>
internal static class InitJob
{
    public const string Name = "init";

    /// <param name="log">The log: a file, folder or glob.</param>
    /// <param name="file">Where the configuration goes; null: conf/, under the log's name.</param>
    public static void Run(string log, string? file, IProgressReporter progress, TextWriter output)
    {
        string path = TargetOf(log, file);
        using FetchedInputs fetched = FetchedInputs.Begin(progress, TimeProvider.System, CancellationToken.None);
        fetched.Options = ConfigurationLoader.Storage([], Environment.GetEnvironmentVariables());
        try
        {
            Write(path, KeptConfiguration.Look(log, progress, output));
        }
        catch (InvalidInputException fault)
        {
            throw new InvalidInputException(fetched.Named(fault.Message), fault);
        }

        SayWhatIsNext(path, output);
    }

    /// <summary>`init LOG --tune MINUTES`: the same with what a search found, which stands in the log's run directory.</summary>
    /// <param name="search">Searches, and keeps what it finds there.</param>
    public static ExitCode RunTuned(string log, string? file, Func<ExitCode> search, TextWriter output, TextWriter error)
    {
        ExitCode code = Failure.CodeOf(Name, () => TargetOf(log, file), error);
        if (code == ExitCode.Done) code = search();
        return code != ExitCode.Done ? code : Failure.CodeOf(
            Name,
            () =>
            {
                string path = TargetOf(log, file);
                Write(path, File.ReadAllText(Path.Combine(KeptConfiguration.RunDirectoryOf(log), KeptConfiguration.FileName)));
                SayWhatIsNext(path, output);
            },
            error);
    }

    private static string TargetOf(string log, string? file)
    {
        string path = file ?? Path.Combine("conf", $"{KeptConfiguration.NameOf(log)}.json");
        return File.Exists(path) ? throw new InvalidInputException($"{path} is there already. Name another file by --config, or delete it first.") : path;
    }

    private static void SayWhatIsNext(string path, TextWriter output) => output.WriteLine($"""
        Wrote {path}. Next:
          {Advice.Command("nightly", "--config", path)}
        """);

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        AtomicFile.Write(path, text);
    }
}
