using System.Diagnostics;
using NcfSpark.Data;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>prepare on a Spark of its own, as a user runs it: the rows of DuckDB; stopped or struck in the middle it leaves nothing, and the next run succeeds.</summary>
public sealed class SparkRunTests : IDisposable
{
    private readonly RunDirectory here = new(), there = new();
    private readonly string[] settings;

    public SparkRunTests() => settings = SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(here.Path)!));

    public void Dispose()
    {
        here.Dispose();
        there.Dispose();
    }

    [SkippableTheory]
    [InlineData("TERM", false, 143)]
    [InlineData("INT", true, 130)]
    public void StoppedInTheMiddleItLeavesNothingAndTheNextRunHasTheRowsOfDuckDb(string signal, bool toGroup, int exitCode)
    {
        SparkHome.RequireAsked("a minute");
        using (SparkRun run = Start("local[2]"))
        {
            run.WaitUntilItWorks();
            run.Signal(signal, toGroup);
            Assert.Equal(exitCode, run.WaitForExit(TimeSpan.FromSeconds(60)));
            Assert.Contains("stopped; the same command again goes on from here", run.Said, StringComparison.Ordinal);
        }

        AssertTheNextRunSucceeds("local[2]");
    }

    [SkippableFact]
    public void TheServerKilledInTheMiddleIsToldAtOnceAndTheNextRunSucceeds()
    {
        SparkHome.RequireAsked("a minute");
        using (SparkRun run = Start("local[2]"))
        {
            run.WaitUntilItWorks();
            Process.GetProcessById(run.Driver).Kill();
            Assert.Equal(1, run.WaitForExit(TimeSpan.FromSeconds(20)));
            Assert.Contains("was killed (signal 9", run.Said, StringComparison.Ordinal);
            Assert.Contains("Nothing was changed.", run.Said, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", run.Said, StringComparison.Ordinal);
        }

        AssertTheNextRunSucceeds("local[2]");
    }

    [SkippableFact]
    public void AnExecutorKilledInTheMiddleChangesNoRow()
    {
        SparkHome.RequireAsked("a minute");
        using SparkRun run = Start("local-cluster[2,1,1024]");
        run.WaitUntilItWorks();
        // A driver answers before its executors are there.
        while (Executors(SparkRun.SessionOf(run.Driver)).Length < 2) Thread.Sleep(100);
        int[] session = SparkRun.SessionOf(run.Driver), executors = Executors(session);
        Process.GetProcessById(executors[0]).Kill();
        Assert.True(run.WaitForExit() == 0, run.Said);
        Assert.DoesNotContain(session, id => SparkRun.CommandLine(id).Length > 0);
        AssertTheRowsOfDuckDb();
    }

    [SkippableFact]
    public void AStandaloneClusterGivesTheRowsOfDuckDb()
    {
        SparkHome.RequireAsked("a minute");
        using var cluster = new StandaloneCluster(Path.Combine(Path.GetDirectoryName(here.Path)!, "cluster"));
        using SparkRun run = new(cluster.Master, ["prepare", .. settings, "--run", there.Path, "--executor-memory", "512m", "--conf", "spark.sql.shuffle.partitions=4"]);
        Assert.True(run.WaitForExit() == 0, run.Said);
        AssertTheRowsOfDuckDb();
    }

    private static int[] Executors(int[] session) => [.. session.Where(id => SparkRun.CommandLine(id).Contains("CoarseGrainedExecutorBackend", StringComparison.Ordinal))];

    private SparkRun Start(string master) => new(master, ["prepare", .. settings, "--run", there.Path]);

    private void AssertTheNextRunSucceeds(string master)
    {
        Assert.Empty(Directory.GetDirectories(there.Path));
        using (SparkRun again = Start(master)) Assert.True(again.WaitForExit() == 0, again.Said);
        AssertTheRowsOfDuckDb();
    }

    private void AssertTheRowsOfDuckDb()
    {
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", here.Path]);
        PreparedData onDuckDb = PreparedData.Open(here.Path), onSpark = PreparedData.Open(there.Path);
        Assert.Equal(onDuckDb.Directory.Manifest.Fingerprint, onSpark.Directory.Manifest.Fingerprint);
        Assert.Equal(onDuckDb.Directory.Manifest.Rows, onSpark.Directory.Manifest.Rows);
        Assert.Equal(Train(onDuckDb), Train(onSpark));
    }

    private static List<(int, int, int, long)> Train(PreparedData data)
    {
        (InteractionRows rows, int[] labels) = data.ReadTrain();
        return [.. rows.Users.Select((user, row) => (user, rows.Items[row], labels[row], rows.Timestamps[row])).Order()];
    }
}
