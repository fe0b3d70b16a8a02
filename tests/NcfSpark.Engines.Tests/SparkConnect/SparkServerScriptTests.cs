using System.Diagnostics;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>
/// spark-server.sh around a command that stands for Spark: it, its children and its directory are gone soon after the
/// process that held standard input is.
/// </summary>
public sealed class SparkServerScriptTests
{
    private const string StandIn = "sleep 1000 & echo $$ $!; trap '' TERM; wait; wait"; // does not heed SIGTERM

    // Stands for Spark and a program below it that clears up when it is asked to end. $1: the scratch directory; $2: where each notes that it ended.
    private const string WithProgram = """
        trap 'echo spark >>"$2"; exit' TERM
        bash -c 'trap "sleep 0.5; echo program >>\"$2\"; exit" TERM; echo $$ >"$1/program"; while :; do sleep 0.05; done' _ "$1" "$2" &
        until [[ -s $1/program ]]; do sleep 0.05; done
        echo $$ $!
        wait $!
        sleep 1000
        """;

    [SkippableFact]
    public async Task KillingTheProcessThatStartedItLeavesNothing() => await KillLauncher(StandIn, "");

    [SkippableFact]
    public async Task AProgramThatNeedsSparkToClearUpIsAskedBeforeSparkIs()
    {
        string notes = Path.GetTempFileName();
        await KillLauncher(WithProgram, notes);
        Assert.Equal(["program", "spark"], await File.ReadAllLinesAsync(notes));
        File.Delete(notes);
    }

    private static async Task KillLauncher(string standIn, string notes)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Needs Linux.");
        string scratch = Directory.CreateTempSubdirectory("ncfspark-test-").FullName;
        using Stream script = typeof(NcfSpark.Engines.SparkConnect.SparkConnectServer).Assembly.GetManifestResourceStream("spark-server.sh")!;
        using var reader = new StreamReader(script);
        // The process in between holds the only other end of the pipe, as NcfSpark does.
        string[] arguments = ["-c", "exec sleep 1000 > >(setsid bash -c \"$0\" spark-server.sh \"$1\" bash -c \"$2\" spark \"$1\" \"$3\" >&2)",
            await reader.ReadToEndAsync(), scratch, standIn, notes];
        using Process program = Process.Start(new ProcessStartInfo("bash", arguments) { RedirectStandardError = true })!;
        int[] session = [.. (await program.StandardError.ReadLineAsync())!.Split(' ').Select(int.Parse)];
        Assert.All(session, id => Assert.True(IsAlive(id)));

        program.Kill();
        long began = TimeProvider.System.GetTimestamp();
        while ((session.Any(IsAlive) || Directory.Exists(scratch)) && TimeProvider.System.GetElapsedTime(began).TotalSeconds < 120) await Task.Delay(100);
        Assert.DoesNotContain(session, IsAlive);
        Assert.False(Directory.Exists(scratch));
    }

    private static bool IsAlive(int id) => Directory.Exists($"/proc/{id}");
}
