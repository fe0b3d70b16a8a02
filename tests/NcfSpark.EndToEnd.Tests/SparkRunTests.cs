using System.Diagnostics;
using NcfSpark.Core;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// prepare on a Spark of its own, as a user runs it: the rows of DuckDB; stopped or struck in the middle it leaves
/// nothing, and the next run succeeds.
/// </summary>
[Trait("Category", "Slow")]
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
    public void StoppedInTheMiddleItLeavesNothing(string signal, bool toGroup, int exitCode) =>
        Strike("local[2]", run => run.Signal(signal, toGroup), exitCode, "stopped; the same command again goes on from here");

    [SkippableFact]
    public void TheServerKilledInTheMiddleIsToldAtOnceAndTheNextRunSucceeds()
    {
        string said = Strike("local[2]", run => Process.GetProcessById(run.Driver).Kill(), exitCode: 1, "was killed (signal 9");
        Assert.Contains("Nothing was changed.", said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        AssertTheNextRunSucceeds("local[2]");
    }

    [SkippableFact]
    public void AnExecutorKilledInTheMiddleChangesNoRow()
    {
        using SparkRun run = Start("local-cluster[2,1,1024]");
        run.WaitUntilItWorks();
        // A driver answers before its executors are there.
        while (!run.HasExited && Executors(SparkRun.SessionOf(run.Driver)).Length < 2) Thread.Sleep(100);
        int[] session = SparkRun.SessionOf(run.Driver), executors = Executors(session);
        Process.GetProcessById(executors[0]).Kill();
        Assert.True(run.WaitForExit() == 0, run.Said);
        Assert.DoesNotContain(session, id => SparkRun.CommandLine(id).Length > 0);
        AssertTheRowsOfDuckDb();
    }

    [SkippableFact]
    public void AStandaloneClusterGivesTheRowsOfDuckDb()
    {
        using var cluster = new StandaloneCluster(Path.Combine(Path.GetDirectoryName(here.Path)!, "cluster"));
        using SparkRun run = new(cluster.Master,
            ["prepare", .. settings, "--run", there.Path, "--executor-memory", "512m", "--conf", "spark.sql.shuffle.partitions=4"]);
        Assert.True(run.WaitForExit() == 0, run.Said);
        AssertTheRowsOfDuckDb();
    }

    private static int[] Executors(int[] session) =>
        [.. session.Where(id => SparkRun.CommandLine(id).Contains("CoarseGrainedExecutorBackend", StringComparison.Ordinal))];

    private SparkRun Start(string master) => new(master, ["prepare", .. settings, "--run", there.Path]);

    // Strikes a run in the middle: what it said.
    private string Strike(string master, Action<SparkRun> strike, int exitCode, string saying)
    {
        using SparkRun run = Start(master);
        run.WaitUntilItWorks();
        strike(run);
        Assert.Equal(exitCode, run.WaitForExit());
        Assert.Contains(saying, run.Said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(there.Path), "Something was left.");
        return run.Said;
    }

    private void AssertTheNextRunSucceeds(string master)
    {
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
