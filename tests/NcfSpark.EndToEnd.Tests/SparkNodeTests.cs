using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>train on a standalone cluster that loses a whole node in the middle: daemon, executor and tasks at once.</summary>
[Trait("Category", "Slow")]
public sealed class SparkNodeTests : IDisposable
{
    private const string Word = "worker-task";

    private readonly RunDirectory here = new(), there = new();
    private readonly string[] settings;
    private StandaloneCluster? cluster;

    public SparkNodeTests() => settings =
    [
        .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(here.Path)!, users: 300, items: 80)),
        "--set", "Train:Workers=2", "--set", "Train:Server:RoundsPerEpoch=3", "--set", "Train:Server:CheckpointRounds=2", "--set",
        "Train:Patience=0", "--set", "Train:Epochs=300",
    ];

    public void Dispose()
    {
        cluster?.Dispose();
        here.Dispose();
        there.Dispose();
    }

    [SkippableFact]
    public void ANodeLostInTheMiddleChangesNoByteWhereTheOtherHasSlotsForAllWorkers()
    {
        string expected = ModelOfThreads();
        using (SparkRun spark = Start(cores: 2))
        {
            LoseANode(spark);
            spark.EndsWellAfterALoss(Word);
            Assert.Contains("Going on in epoch", spark.Said, StringComparison.Ordinal);
        }

        Assert.Equal(expected, TrainRun.ModelHash(there));
    }

    [SkippableFact]
    public void WhereTheOtherNodeHasTooFewSlotsItEndsWithTheirNumberAndGoesOnElsewhere()
    {
        SparkHome.RequireAsked();
        string expected = ModelOfThreads();
        using (SparkRun spark = Start(cores: 1, "--set", "Train:Server:RegistrationSeconds=40"))
        {
            LoseANode(spark);
            Assert.True(spark.WaitForExit() == 1, spark.Said);
            Assert.Contains("Only 1 of 2 workers came within 40 s (Train:Server:RegistrationSeconds)", spark.Said, StringComparison.Ordinal);
            Assert.Contains("Let there be as many slots for them as Train:Workers", spark.Said, StringComparison.Ordinal);
            Assert.Empty(spark.Tasks(Word));
        }

        using var threads = new TrainRun([.. settings, "--run", there.Path]);
        Assert.True(threads.WaitForExit() == 0, threads.Said);
        Assert.Contains("Going on in epoch", threads.Said, StringComparison.Ordinal); // from the last checkpoint
        Assert.Equal(expected, TrainRun.ModelHash(there));
    }

    private SparkRun Start(int cores, params string[] more)
    {
        cluster = new StandaloneCluster(Path.Combine(Path.GetDirectoryName(here.Path)!, "cluster"), cores);
        return new(cluster.Master, ["train", .. settings, "--run", there.Path, "--set", "Train:Placement=spark", "--executor-memory", "512m", .. more]);
    }

    // That of one worker at least: where a node has two slots it may have both.
    private void LoseANode(SparkRun spark)
    {
        spark.WaitForLine("Epoch 3");
        cluster!.KillNodeOf(spark.Tasks(Word)[0]);
    }

    private string ModelOfThreads()
    {
        SparkHome.Require();
        foreach (RunDirectory run in new[] { here, there }) NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path]);
        NcfSparkProcess.RunWell(["train", .. settings, "--run", here.Path]);
        return TrainRun.ModelHash(here);
    }
}
