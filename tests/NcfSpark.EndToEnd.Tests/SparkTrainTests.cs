using System.Diagnostics;
using System.Security.Cryptography;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>train with workers that are tasks of Spark: the bytes of workers that are threads, whatever happens to an executor.</summary>
public sealed class SparkTrainTests : IDisposable
{
    private readonly RunDirectory here = new(), there = new();
    private readonly string[] settings;

    public SparkTrainTests() => settings =
    [
        .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(here.Path)!, users: 300, items: 80)),
        "--set", "Train:Workers=2", "--set", "Train:RoundsPerEpoch=3", "--set", "Train:CheckpointRounds=2", "--set", "Train:Patience=0",
    ];

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
        Assert.Equal(expected, ModelHash(there));
        Assert.Empty(Tasks());
    }

    [SkippableTheory]
    [InlineData("local-cluster[2,1,1024]", false)]
    [InlineData("local-cluster[2,1,1024]", true)]
    [InlineData("local[2]", true)] // Spark gives a task of local[2] up at its first failure
    public void AWorkerOrAnExecutorKilledInTheMiddleChangesNoByte(string master, bool worker)
    {
        SparkHome.RequireAsked("a minute");
        string[] longer = ["--set", "Train:Epochs=60"];
        string expected = ModelOfThreads(longer);
        using (SparkRun spark = Start(master, longer))
        {
            spark.WaitForLine("epoch 3");
            int task = Tasks()[0];
            Process.GetProcessById(worker ? task : SparkRun.ParentOf(task)).Kill();
            Assert.True(spark.WaitForExit() == 0, spark.Said);
            Assert.Contains("was lost", spark.Said, StringComparison.Ordinal);
        }

        Assert.Equal(expected, ModelHash(there));
        Assert.Empty(Tasks());
    }

    [SkippableFact]
    public void TooFewSlotsAreToldWithTheirNumber()
    {
        SparkHome.RequireAsked("a minute");
        ModelOfThreads();
        using SparkRun spark = Start("local[1]", "--set", "Train:RegistrationSeconds=15");
        Assert.Equal(1, spark.WaitForExit());
        Assert.Contains("Only 1 of 2 workers came within 15 s (Train:RegistrationSeconds)", spark.Said, StringComparison.Ordinal);
        Assert.Empty(Tasks());
    }

    [Fact]
    public void WithoutSparkOrWithAnAddressThatExecutorsDoNotReachItIsRefused()
    {
        Assert.Contains("add --master URL or --remote", Refused("--set", "Train:Where=spark"), StringComparison.Ordinal);
        Assert.Contains("which executors on other machines do not reach", Refused("--set", "Train:Where=spark", "--master", "yarn"), StringComparison.Ordinal);
        Assert.Contains("must be one address of this machine", Refused("--set", "Train:Where=spark", "--master", "yarn", "--set", "Train:ServerAddress=0.0.0.0:0"), StringComparison.Ordinal);
    }

    private string Refused(params string[] arguments)
    {
        if (!Directory.Exists(here.File("prepared"))) NcfSparkProcess.RunWell(["prepare", .. settings, "--run", here.Path]);
        (int exitCode, _, string error) = NcfSparkProcess.Run(["train", .. settings, "--run", here.Path, .. arguments]);
        Assert.Equal(2, exitCode);
        return error;
    }

    private SparkRun Start(string master, params string[] more) => new(master, ["train", .. settings, "--run", there.Path, "--set", "Train:Where=spark", .. more]);

    private string ModelOfThreads(params string[] more)
    {
        SparkHome.Require();
        foreach (RunDirectory run in new[] { here, there }) NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path]);
        NcfSparkProcess.RunWell(["train", .. settings, "--run", here.Path, .. more]);
        return ModelHash(here);
    }

    private static string ModelHash(RunDirectory run) => string.Join('\n', Directory.GetFiles(run.File("model"), "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(file => $"{Path.GetRelativePath(run.Path, file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"));

    private static int[] Tasks() => SparkRun.WithWord("worker-task");
}
