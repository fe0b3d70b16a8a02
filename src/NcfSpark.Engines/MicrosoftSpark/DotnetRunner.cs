using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.MicrosoftSpark;

/// <summary>
/// Microsoft.Spark works in a program that spark-submit starts by the class DotnetRunner of its bridge. This is both
/// ends of that: the launch (<see cref="Run"/>), by a process that waits for the program and ends it, and what the
/// program does when it starts (<see cref="Attach"/>).
/// </summary>
/// <remarks>
/// Spark and the program are a session of their own (spark-server.sh): Ctrl-C at a terminal reaches the launcher only.
/// On Ctrl-C, on SIGTERM and when the launcher is killed, the program is asked to end first, while Spark is still
/// there, so that it can clear up; then Spark is ended.
/// </remarks>
public static partial class DotnetRunner
{
    private const string RunnerClass = "org.apache.spark.deploy.dotnet.DotnetRunner";
    // Of Spark's end, and of the program's.
    private const string ThreadsSetting = "spark.dotnet.numDotnetBackendThreads", ThreadsVariable = "DOTNET_SPARK_NUM_BACKEND_THREADS";
    private const string ProgramFileVariable = "NCFSPARK_PROGRAM_FILE";
    private const string Cure =
        "Unpack Spark 3.5 or 4.0 (spark.apache.org/downloads.html, the package for Hadoop) and set SPARK_HOME to its directory; "
        + "or leave out --engine, and Spark 3.5 to 4.3 does the work by Spark Connect; or leave out --master, too, and DuckDB does it in this process.";

    // The bridge keeps 3 of its threads for itself; a call that stops Spark needs one while queries hold the others.
    private const int DefaultThreads = 10, ReservedThreads = 3 + 1;

    private static readonly Version Oldest = new(3, 5);

    /// <summary>Whether spark-submit started this process.</summary>
    public static bool IsParent(IDictionary environment) => !string.IsNullOrEmpty((string?)environment["DOTNETBACKEND_PORT"]);

    /// <summary>How many queries may run at once, in a program that spark-submit started: each holds a thread of the bridge, at both of its ends.</summary>
    public static int QueriesAtOnce(IDictionary environment)
    {
        // The bridge puts Spark's settings into the program's environment.
        string[] given = environment["spark.master"] is null ? [ThreadsVariable] : [ThreadsVariable, ThreadsSetting];
        return given.Min(name => int.TryParse((string?)environment[name], CultureInfo.InvariantCulture, out int threads) ? threads : DefaultThreads)
            - ReservedThreads;
    }

    /// <summary>What makes a plain spark-submit allow so many queries at once.</summary>
    public static string CureFor(int queries) =>
        $"set {ThreadsVariable}={ThreadsFor(queries)} in the environment of spark-submit, and --conf {ThreadsSetting}={ThreadsFor(queries)}";

    /// <summary>Starts the program below spark-submit, and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="InvalidInputException">There is no Spark or Java here, no bridge for this Spark, or the master
    /// is none or does not answer; nothing was started.</exception>
    public static int Run(DotnetRunnerOptions options, CancellationToken stop)
    {
        SparkInstallation spark = SparkInstallation.Find(options.SparkHome, Cure);
        string jar = Bridge(spark, options.JarDirectory);
        var command = new SubmitCommand(spark, options);
        Task.Run(() => MasterCheck.RequireAsync(options.Master, spark.Version, stop), CancellationToken.None).GetAwaiter().GetResult();
        using Process process = Process.Start(StartInfo(command, options, jar, Directory.CreateTempSubdirectory("ncfspark-").FullName))!;
        using (stop.Register(() => Close(process))) process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>In a program that spark-submit started: tells the launcher, where there is one, which process is to be asked to end.</summary>
    /// <exception cref="InvalidInputException">It runs where its run directory is not.</exception>
    public static void Attach(IDictionary environment)
    {
        SubmitCommand.RequireClientMode((string?)environment["spark.submit.deployMode"]);
        if ((string?)environment[ProgramFileVariable] is { Length: > 0 } file) File.WriteAllText(file, $"{Environment.ProcessId}\n");
    }

    internal static ProcessStartInfo StartInfo(SubmitCommand command, DotnetRunnerOptions options, string jar, string scratch)
    {
        string threads = command.Setting(ThreadsSetting) ?? ThreadsFor(options.Queries).ToString();
        (string, string)[] defaults = [("spark.log.level", "WARN"), ("spark.dotnet.ignoreSparkPatchVersionCheck", "true"), (ThreadsSetting, threads)];
        // Of several --archives spark-submit takes the last one only.
        string[] archives = options.Archive is null
            ? []
            : ["--archives", command.Option("--archives") is { } given ? $"{given},{options.Archive}" : options.Archive];
        ProcessStartInfo start = command.StartInfo(scratch, RunnerClass, defaults, [.. archives, jar, "dotnet", .. options.Program]);
        start.Environment[ThreadsVariable] = threads;
        start.Environment[ProgramFileVariable] = Path.Combine(scratch, "program"); // spark-server.sh looks for it there
        // The program's .NET is this one.
        if (Path.GetFileName(Environment.ProcessPath) == "dotnet")
        {
            start.Environment["PATH"] = $"{Path.GetDirectoryName(Environment.ProcessPath)}:{start.Environment["PATH"]}";
        }

        return start;
    }

    /// <summary>The jar for this Spark: microsoft-spark-3-5_2.12-2.3.1.jar is for Spark 3.5 with Scala 2.12, of Microsoft.Spark 2.3.1.</summary>
    /// <exception cref="InvalidInputException">There is none.</exception>
    internal static string Bridge(SparkInstallation spark, string directory)
    {
        var bridges = Directory.GetFiles(directory, "microsoft-spark-*.jar").Order(StringComparer.Ordinal)
            .Select(path => (Path: path, Name: JarName().Match(Path.GetFileName(path)))).Where(jar => jar.Name.Success)
            .Select(jar => (jar.Path, Spark: new Version($"{jar.Name.Groups[1]}.{jar.Name.Groups[2]}"), Scala: jar.Name.Groups[3].Value))
            .Where(jar => jar.Spark >= Oldest).ToList();
        if (bridges.Count == 0)
        {
            throw new InvalidInputException($"There is no microsoft-spark-3-5_*.jar or newer in {directory}; it comes with the package Microsoft.Spark. "
                + "Build again with -p:MicrosoftSpark=true.");
        }

        Version? version = MajorMinor().Match(spark.Version) is { Success: true } found ? new Version(found.Value) : null;
        if (bridges.FindLast(jar => jar.Spark == version && jar.Scala == spark.ScalaVersion).Path is { } match) return match;
        string here = version is null ? "of a version that its jars do not tell" : $"{spark.Version} with Scala {spark.ScalaVersion}";
        string served = string.Join(", ", bridges.Select(jar => $"{jar.Spark} with Scala {jar.Scala}").Distinct());
        throw new InvalidInputException(
            $"The Spark at {spark.Home} is {here}, and the Microsoft.Spark of this build is for Spark {served}. Set SPARK_HOME to such a one; "
            + "or build another Microsoft.Spark in, by its version in the environment "
            + "(NCFSPARK_MICROSOFT_SPARK_VERSION=2.3.1 is for Spark 3.5, 2.4.0 also for 4.0); "
            + "or leave out --engine, and Spark 3.5 to 4.3 does the work by Spark Connect.");
    }

    private static int ThreadsFor(int queries) => Math.Max(DefaultThreads, queries + ReservedThreads);

    private static void Close(Process process)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended by itself.
        }
    }

    [GeneratedRegex(@"^microsoft-spark-(\d+)-(\d+)_(\d+\.\d+)-.+\.jar$")]
    private static partial Regex JarName();

    [GeneratedRegex(@"^\d+\.\d+")]
    private static partial Regex MajorMinor();
}

/// <summary>What <see cref="DotnetRunner.Run"/> starts.</summary>
public sealed record DotnetRunnerOptions : SubmitOptions
{
    /// <summary>The program's assembly and its arguments.</summary>
    public required IReadOnlyList<string> Program { get; init; }

    /// <summary>Where Microsoft.Spark's jars lie.</summary>
    public string JarDirectory { get; init; } = AppContext.BaseDirectory;

    /// <summary>How many queries the program runs at once.</summary>
    public int Queries { get; init; } = 1;

    /// <summary>One more archive for the executors, as --archives takes it; null for none.</summary>
    public string? Archive { get; init; }
}
