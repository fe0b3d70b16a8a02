using System.Diagnostics;
using NcfSpark.Data;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>prepare on a Spark of its own, as a user runs it: the rows of DuckDB; stopped in the middle it leaves nothing, and the next run succeeds.</summary>
public sealed class SparkRunTests
{
    [SkippableFact]
    public void StoppedInTheMiddleItLeavesNothingAndTheNextRunHasTheRowsOfDuckDb()
    {
        SparkHome.RequireAsked("a minute");
        using RunDirectory here = new(), there = new();
        string[] settings = SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(here.Path)!));
        string marker = $"ncfspark-test-{Guid.NewGuid():N}"; // on the command lines of Spark's processes
        string[] spark = ["prepare", .. settings, "--run", there.Path, "--master", "local[2]", "--conf", $"spark.ncfspark.test={marker}"];

        using (Process process = Start(spark))
        {
            // Once it reads, Spark is there and at work.
            while (process.StandardError.ReadLine() is { } line && !line.StartsWith("prepare: 5 steps", StringComparison.Ordinal))
            {
            }

            Assert.NotEmpty(ProcessesWith(marker));
            Task<string> rest = process.StandardError.ReadToEndAsync();
            Thread.Sleep(1000);
            Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit();
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)), "It did not end.");
            Assert.Contains("stopped; the same command again goes on from here", rest.GetAwaiter().GetResult(), StringComparison.Ordinal);
            Assert.Equal(143, process.ExitCode);
            Assert.Empty(ProcessesWith(marker));
            Assert.Empty(Directory.GetDirectories(there.Path));
        }

        using (Process process = Start(spark))
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error.GetAwaiter().GetResult());
        }

        Assert.Empty(ProcessesWith(marker));
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", here.Path]);
        PreparedData onDuckDb = PreparedData.Open(here.Path), onSpark = PreparedData.Open(there.Path);
        Assert.Equal(onDuckDb.Directory.Manifest.Fingerprint, onSpark.Directory.Manifest.Fingerprint);
        Assert.Equal(Train(onDuckDb), Train(onSpark));
    }

    private static List<(int, int, int, long)> Train(PreparedData data)
    {
        (InteractionRows rows, int[] labels) = data.ReadTrain();
        return [.. rows.Users.Select((user, row) => (user, rows.Items[row], labels[row], rows.Timestamps[row])).Order()];
    }

    private static Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), .. arguments]) { WorkingDirectory = NcfSparkProcess.Repository, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["SPARK_HOME"] = SparkHome.Require();
        return Process.Start(start)!;
    }

    // Of this program's children: Java and the shell around it.
    private static string[] ProcessesWith(string marker) => [.. Directory.GetDirectories("/proc").Where(directory => int.TryParse(Path.GetFileName(directory), out _)).Select(CommandLineOf)
        .Where(line => line.Contains(marker, StringComparison.Ordinal) && !line.Contains("ncfspark.dll", StringComparison.Ordinal))];

    private static string CommandLineOf(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return ""; // it has just ended
        }
    }
}
