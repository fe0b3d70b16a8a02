using System.Diagnostics;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>train with workers that are tasks of Spark: the bytes of workers that are threads, whatever happens to an executor.</summary>
[Collection(RunningSparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkTrainTests : IDisposable
{
    private const string Word = "worker-task";

    private readonly RunDirectory here = new(), there = new();
    private readonly RunningSpark running;
    private readonly string[] settings;

    public SparkTrainTests(RunningSpark running) => (this.running, settings) = (running,
    [
        .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(here.Path)!, users: 300, items: 80)),
        "--set", "Train:Workers=2", "--set", "Train:Server:RoundsPerEpoch=3", "--set", "Train:Server:CheckpointRounds=2", "--set", "Train:Patience=0",
    ]);

    public void Dispose()
    {
        here.Dispose();
        there.Dispose();
    }

    [SkippableFact]
    public void TasksTrainToTheBytesOfThreads()
    {
        string expected = ModelOfThreads();
        using SparkRun spark = Start("local[2]");
        Assert.True(spark.WaitForExit() == 0, spark.Said);
        Assert.Equal(expected, TrainRun.ModelHash(there));
        Assert.Empty(spark.Tasks(Word));
    }

    /// <summary>The run directory is "/proc/self/cwd/run", which is another directory in each process, and there only for the program itself.</summary>
    [SkippableTheory]
    [InlineData("trained")]
    [InlineData("touched")]
    public void SparkBringsTasksTheirRowsWhereExecutorsDoNotSeeTheRunDirectory(string negativesAvoid)
    {
        string[] avoid = ["--set", $"Prepare:NegativesAvoid={negativesAvoid}"];
        string expected = ModelOfThreads(avoid);
        string copy = Path.Combine(Path.GetDirectoryName(here.Path)!, "for Spark alone");
        CopyDirectory(here.File("prepared"), copy);
        RunDirectory.SaySparkWrote(there.File("prepared"), copy);
        using TrainRun train = Elsewhere(avoid);
        Assert.True(train.WaitForExit() == 0, train.Said);
        Assert.Equal(expected, TrainRun.ModelHash(there));
        AssertNoTaskIsLeft();
    }

    [SkippableFact]
    public void ARunDirectoryThatExecutorsDoNotSeeIsToldWithTheCure()
    {
        ModelOfThreads();
        using (TrainRun train = Elsewhere([]))
        {
            Assert.True(train.WaitForExit() == 2, train.Said);
            Assert.Contains("does not see the run directory /proc/self/cwd/run", train.Said, StringComparison.Ordinal);
        }

        RunDirectory.SaySparkWrote(there.File("prepared"), here.File("nothing"));
        using TrainRun nothing = Elsewhere([]);
        Assert.True(nothing.WaitForExit() == 2, nothing.Said);
        Assert.Contains("it does not read file:", nothing.Said, StringComparison.Ordinal);
        AssertNoTaskIsLeft();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AWorkerOrAnExecutorKilledInTheMiddleChangesNoByte(bool worker)
    {
        string[] longer = ["--set", "Train:Epochs=300"];
        string expected = ModelOfThreads(longer);
        using (TrainRun train = Remote(longer))
        {
            train.WaitFor("Epoch 3");
            int task = running.Tasks(Word)[0];
            OwnProcesses.Kill(worker ? task : SparkRun.ParentOf(task));
            Assert.True(train.WaitForExit() == 0, train.Said);
            Assert.Contains("was lost", train.Said, StringComparison.Ordinal);
        }

        Assert.Equal(expected, TrainRun.ModelHash(there));
        AssertNoTaskIsLeft();
    }

    /// <summary>Spark gives a task of local[2] up at its first failure.</summary>
    [SkippableFact]
    public void AWorkerKilledWhereSparkTriesNothingAgainChangesNoByte()
    {
        SparkHome.RequireAsked();
        string[] longer = ["--set", "Train:Epochs=150"];
        string expected = ModelOfThreads(longer);
        using (SparkRun spark = Start("local[2]", longer))
        {
            spark.WaitForLine("Epoch 3");
            OwnProcesses.Kill(spark.Tasks(Word)[0]);
            spark.EndsWellAfterALoss(Word);
        }

        Assert.Equal(expected, TrainRun.ModelHash(there));
    }

    /// <summary>
    /// It cannot end itself, so its slot is not free, and where there is no other the run ends. Nor can it look whether
    /// it is wanted; the kernel ends it with its executor.
    /// </summary>
    [SkippableFact]
    public void ATaskThatIsStoppedEndsTheRunWithAMessageAndDoesNotOutliveIt()
    {
        SparkHome.RequireAsked();
        string[] longer = ["--set", "Train:Epochs=300"];
        ModelOfThreads(longer);
        using SparkRun spark = Start("local-cluster[2,1,1024]",
            [.. longer, "--set", "Train:Server:WorkerTimeoutSeconds=5", "--set", "Train:Server:RegistrationSeconds=30"]);
        spark.WaitForLine("Epoch 3");
        int task = spark.Tasks(Word)[0];
        OwnProcesses.Signal("STOP", task);
        Assert.Equal(1, spark.WaitForExit());
        Assert.Contains("Only 1 of 2 workers came within 30 s", spark.Said, StringComparison.Ordinal);
        Assert.True(OwnProcesses.Eventually(() => OwnProcesses.IsGone(task), TrainRun.Longest));
    }

    [SkippableFact]
    public void TooFewSlotsAreToldWithTheirNumber()
    {
        ModelOfThreads("--set", "Train:Workers=3");
        using TrainRun train = Remote("--set", "Train:Workers=3", "--set", "Train:Server:RegistrationSeconds=60"); // a busy machine needs long for two
        Assert.True(train.WaitForExit() == 1, train.Said);
        Assert.Contains("Only 2 of 3 workers came within 60 s (Train:Server:RegistrationSeconds)", train.Said, StringComparison.Ordinal);
        AssertNoTaskIsLeft();
    }

    [Fact]
    public void WithoutSparkOrWithAnAddressThatExecutorsDoNotReachItIsRefused()
    {
        Assert.Contains("add --master URL or --remote", Refused("--set", "Train:Placement=spark"), StringComparison.Ordinal);
        Assert.Contains("which executors on other machines do not reach",
            Refused("--set", "Train:Placement=spark", "--master", "yarn"), StringComparison.Ordinal);
        Assert.Contains("must be one address of this machine",
            Refused("--set", "Train:Placement=spark", "--master", "yarn", "--set", "Train:Server:Address=0.0.0.0:0"), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("spark.dynamicAllocation.enabled")]
    [InlineData("spark.speculation")]
    public void ASparkThatTakesExecutorsAwayOrRunsTasksTwiceIsRefusedByTheSettingsName(string setting)
    {
        SparkHome.Require();
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", there.Path]);
        using SparkRun spark = Start("local[2]", "--conf", $"{setting}=true");
        Assert.True(spark.WaitForExit() == 2, spark.Said);
        Assert.Contains($"{setting} is true in this Spark.", spark.Said, StringComparison.Ordinal);
        Assert.Contains($"Add --conf {setting}=false", spark.Said, StringComparison.Ordinal);
    }

    /// <summary>Each of its six attempts failed with TypeInitializationException.</summary>
    [Fact]
    public void WhatOnlyTorchTrainsIsRefusedBeforeAnythingStarts()
    {
        Assert.Contains("Train:Step is \"torch\". Executors are not sent libtorch",
            Refused("--set", "Train:Placement=spark", "--master", "local[2]", "--set", "Train:Step=torch"), StringComparison.Ordinal);
        string[] adam = ["--set", "Model:Kind=mf", "--set", "Model:User=history", "--set", "Model:Dropout=[]", "--set", "Model:EmbeddingActivation=none",
            "--set", "Train:Loss=softmax", "--set", "Train:Negatives=resampled"];
        Assert.Contains("does not cover this model with a history: with Train:Loss \"softmax\" it needs Train:Embeddings:Optimizer \"sgd\"",
            Refused(["--set", "Train:Placement=spark", "--master", "local[2]", .. adam]), StringComparison.Ordinal);
    }

    /// <summary>Where the program was put there by hand, its libraries are known to it alone.</summary>
    [SkippableFact]
    public void AnExecutorWithoutLibtorchSaysSoWhereItIsNeeded()
    {
        SparkHome.Require();
        string directory = SparkRun.UnpackProgram(Path.Combine(Path.GetDirectoryName(there.Path)!, "program"));
        int files = Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Length;
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", there.Path]);
        using TrainRun train = Remote("--set", "Train:Step=torch", "--set", $"Spark:WorkerDirectory={directory}");
        Assert.True(train.WaitForExit() == 2, train.Said);
        Assert.Contains($"libtorch is not there on {Environment.MachineName}, and Train:Step is \"torch\".", train.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("was lost", train.Said, StringComparison.Ordinal); // not tried again
        // TorchSharp copied libtorch there, and one of two workers that did it at once died of SIGBUS.
        Assert.Equal(files, Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Length);
        AssertNoTaskIsLeft();
    }

    private string Refused(params string[] arguments)
    {
        if (!Directory.Exists(here.File("prepared"))) NcfSparkProcess.RunWell(["prepare", .. settings, "--run", here.Path]);
        (int exitCode, _, string error) = NcfSparkProcess.Run(["train", .. settings, "--run", here.Path, .. arguments]);
        Assert.Equal(2, exitCode);
        return error;
    }

    private SparkRun Start(string master, params string[] more) =>
        new(master, ["train", .. settings, "--run", there.Path, "--set", "Train:Placement=spark", .. more]);

    private TrainRun Remote(params string[] more) => new([.. settings, "--run", there.Path, "--set", "Train:Placement=spark", .. running.Remote, .. more]);

    // A query that is cancelled leaves its task to end by itself.
    private void AssertNoTaskIsLeft() =>
        Assert.True(OwnProcesses.Eventually(() => running.Tasks(Word).Length == 0, TrainRun.Longest), "Tasks outlived their run.");

    private string ModelOfThreads(params string[] more)
    {
        SparkHome.Require();
        foreach (RunDirectory run in new[] { here, there }) NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path, .. more]);
        NcfSparkProcess.RunWell(["train", .. settings, "--run", here.Path, .. more]);
        return TrainRun.ModelHash(here);
    }

    // Started where the run directory's parent is, with settings that name no file by a relative path.
    private TrainRun Elsewhere(string[] more)
    {
        string[] absolute = Array.ConvertAll(
            settings, setting => setting == "conf/ml-latest-small.json" ? Path.Combine(NcfSparkProcess.Repository, setting) : setting);
        return TrainRun.StartedIn(Path.GetDirectoryName(there.Path)!,
            [.. absolute, "--run", "/proc/self/cwd/run", "--set", "Train:Placement=spark", .. running.Remote, .. more]);
    }

    private static void CopyDirectory(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
