using System.Diagnostics;
using System.Globalization;
using NcfSpark.Configuration;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A run on a Spark of its own, started as from a terminal (in a process group of its own), with an eye on Spark's processes.</summary>
internal sealed class SparkRun : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20); // only a hang meets it

    private const string Variable = "NCFSPARK_TEST_RUN";

    private readonly string marker = $"ncfspark-test-{Guid.NewGuid():N}"; // on the command lines of Spark's processes
    private readonly Process process;
    private readonly List<string> said = [];
    private Task? rest;

    public SparkRun(string master, string[] arguments)
    {
        // What runs the tests may have told its children to ignore Ctrl-C.
        string[] command = ["env", "--default-signal=INT", "dotnet", NcfSparkProcess.Assembly, .. arguments, "--master", master, "--conf",
            $"spark.ncfspark.test={marker}", "--conf", $"spark.executorEnv.{Variable}={marker}",
            .. SparkHome.ForSeconds];
        var start = new ProcessStartInfo("setsid", command)
        {
            WorkingDirectory = NcfSparkProcess.Repository,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["SPARK_HOME"] = SparkHome.Require();
        start.Environment[Variable] = marker; // what Spark starts on this machine inherits it, but for executors of a cluster that was there before
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
    }

    /// <summary>All that it wrote to standard error, once it has ended.</summary>
    public string Said => string.Join('\n', said);

    /// <summary>Spark's driver, and with it the executors of a local-cluster, by process id; they are a session of their own.</summary>
    public int Driver => Processes()
        .First(id => CommandLine(id) is var line && line.Contains(marker, StringComparison.Ordinal) && line.Contains("bin/java", StringComparison.Ordinal));

    /// <summary>Puts this program into a directory, as Spark:WorkerDirectory names one.</summary>
    /// <returns>The directory.</returns>
    public static string UnpackProgram(string directory)
    {
        string archive = $"{directory}.tar.gz";
        Directory.CreateDirectory(directory);
        NcfSparkProcess.RunWell(["worker-archive", archive]);
        using Process tar = NcfSparkProcess.Start("tar", ["-xzf", archive, "-C", directory]);
        tar.WaitForExit();
        return directory;
    }

    /// <summary>Returns once Spark is there and at work.</summary>
    public void WaitUntilItWorks()
    {
        WaitForLine("prepare: 5 steps ...");
        Thread.Sleep(1000);
    }

    /// <summary>Returns once it has said a line that begins so.</summary>
    public void WaitForLine(string beginning)
    {
        while (process.StandardError.ReadLine() is { } line)
        {
            said.Add(line);
            if (line.StartsWith(beginning, StringComparison.Ordinal)) break;
        }

        rest = Task.Run(ReadRest);
    }

    /// <summary>Ctrl-C at a terminal goes to every process of the group.</summary>
    public void Signal(string name, bool toGroup) => Process.Start("kill", [$"-{name}", "--", $"{(toGroup ? "-" : "")}{process.Id}"]).WaitForExit();

    /// <summary>Waits for its end, and for nothing of Spark to be left.</summary>
    public int WaitForExit()
    {
        rest ??= Task.Run(ReadRest);
        Assert.True(process.WaitForExit(Limit), $"It did not end:\n{Said}");
        rest.Wait(Limit);
        // A program that was killed leaves it to the shell around Spark to stop it.
        if (process.ExitCode == 128 + 9) OwnProcesses.Eventually(() => !IsLeft(), Limit);
        Assert.False(IsLeft(), "Some of Spark is left.");
        return process.ExitCode;
    }

    /// <summary>Waits for its good end, after it has lost a worker, and for no task to be left.</summary>
    /// <param name="word">On the command lines of tasks.</param>
    public void EndsWellAfterALoss(string word)
    {
        Assert.True(WaitForExit() == 0, Said);
        Assert.Contains("was lost", Said, StringComparison.Ordinal);
        Assert.Empty(Tasks(word));
    }

    public bool HasExited => process.HasExited;

    /// <summary>Processes of this program within this run's tasks that have this among the words of their command lines.</summary>
    public int[] Tasks(string word) => OwnProcesses.WithWord(word, $"{Variable}={marker}");

    /// <summary>Reads what it says on, so that it never waits for who reads.</summary>
    public void ReadOn() => rest ??= Task.Run(ReadRest);

    /// <summary>kill -9 of the program itself.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Processes with this among the words of their command lines.</summary>
    public static int[] WithWord(string word) => [.. Processes().Where(id => CommandLine(id).Split(' ').Contains(word))];

    public static int ParentOf(int id) => Stat(id, 1);

    public static int[] SessionOf(int id) => [.. Processes().Where(other => Session(other) == Session(id))];

    public static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return ""; // it has just ended
        }
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(); // the shell around Spark then stops it
        process.Dispose();
    }

    private bool IsLeft() => Processes().Any(id => CommandLine(id).Contains(marker, StringComparison.Ordinal));

    private static IEnumerable<int> Processes() =>
        Directory.GetDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0).Where(id => id > 0);

    private static int Session(int id) => Stat(id, 3);

    // "4242 (a name) S parent group session …"; 0 where the process has ended.
    private static int Stat(int id, int field)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[field], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private void ReadRest()
    {
        while (process.StandardError.ReadLine() is { } line) said.Add(line);
    }
}
