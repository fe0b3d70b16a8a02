using System.Diagnostics;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>spark-server.sh around a command that stands for Spark: it, its children and its directory are gone soon after the process that held standard input is.</summary>
public sealed class SparkServerScriptTests
{
    private const string StandIn = "sleep 1000 & echo $$ $!; trap '' TERM; wait; wait"; // does not heed SIGTERM

    [SkippableFact]
    public async Task KillingTheProcessThatStartedItLeavesNothing()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "looks into /proc");
        string scratch = Directory.CreateTempSubdirectory("ncfspark-test-").FullName;
        using Stream script = typeof(NcfSpark.Engines.SparkConnect.SparkConnectServer).Assembly.GetManifestResourceStream("spark-server.sh")!;
        using var reader = new StreamReader(script);
        // The process in between holds the only other end of the pipe, as NcfSpark does.
        string[] arguments = ["-c", "exec sleep 1000 > >(setsid bash -c \"$0\" spark-server.sh \"$1\" bash -c \"$2\" >&2)", await reader.ReadToEndAsync(), scratch, StandIn];
        using Process program = Process.Start(new ProcessStartInfo("bash", arguments) { RedirectStandardError = true })!;
        int[] session = [.. (await program.StandardError.ReadLineAsync())!.Split(' ').Select(int.Parse)];
        Assert.All(session, id => Assert.True(IsAlive(id)));

        program.Kill();
        long began = TimeProvider.System.GetTimestamp();
        while ((session.Any(IsAlive) || Directory.Exists(scratch)) && TimeProvider.System.GetElapsedTime(began).TotalSeconds < 15) await Task.Delay(100);
        Assert.DoesNotContain(session, IsAlive);
        Assert.False(Directory.Exists(scratch));
    }

    private static bool IsAlive(int id) => Directory.Exists($"/proc/{id}");
}
