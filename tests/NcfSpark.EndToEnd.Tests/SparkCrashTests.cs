using NcfSpark.Core;
using NcfSpark.Engines.Tests.SparkConnect;
using Xunit.Abstractions;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// kill -9 of executors, of workers within their tasks, and of the server, at random points of training on a Spark of
/// two executors: it ends with the bytes of a run by threads that nobody disturbed.
/// </summary>
[Trait("Category", "Slow")]
public sealed class SparkCrashTests(ITestOutputHelper output) : IDisposable
{
    private const string Word = "worker-task", Executor = "an executor", Worker = "a worker", Server = "the server";

    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_KILLS") ?? "3");

    private readonly RunDirectory expected = new();
    private readonly List<string> points = [];
    private readonly HashSet<int> seen = [];
    private readonly RandomStream chance = RandomStream.Named(Environment.TickCount64, "kills on Spark"); // other points every time
    private long draw;

    public void Dispose() => expected.Dispose();

    [SkippableFact]
    public void KilledAnywhereOnSparkTrainingEndsWithTheSameModel()
    {
        SparkHome.Require();
        string[] settings =
        [
            .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(expected.Path)!)), "--set", "Train:Workers=2", "--set", "Train:Server:RoundsPerEpoch=4",
            "--set", "Train:Server:CheckpointRounds=1",
            "--set", "Train:CheckpointMinutes=5", "--set", "Train:Epochs=300", "--set", "Train:Patience=0", "--set", "Train:Server:WorkerAttempts=1000",
        ];
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", expected.Path]);
        NcfSparkProcess.RunWell(["train", .. settings, "--run", expected.Path]); // by threads
        int runs = 0;
        do
        {
            runs++;
            using var run = new RunDirectory();
            NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path]);
            while (!TryTrain(["train", .. settings, "--run", run.Path, "--set", "Train:Placement=spark"]))
            {
            }

            Assert.True(TrainRun.ModelHash(expected) == TrainRun.ModelHash(run), $"another model after kills of\n{string.Join('\n', points)}");
        }
        while (points.Count < Kills);
        Assert.True(OwnProcesses.Eventually(() => seen.All(OwnProcesses.IsGone), TrainRun.Longest), "Tasks outlived their run.");
        output.WriteLine($"{points.Count} kills in {runs} runs: "
            + $"{string.Join(", ", points.CountBy(point => point).Select(of => $"{of.Key} {of.Value} times"))}.");
    }

    // To the end, or until the server is killed.
    private bool TryTrain(string[] arguments)
    {
        using var spark = new SparkRun("local-cluster[2,1,1024]", arguments);
        spark.ReadOn();
        while (true)
        {
            int[] tasks = [];
            Assert.True(OwnProcesses.Eventually(() => (tasks = spark.Tasks(Word)).Length == 2 || spark.HasExited, TrainRun.Longest),
                $"The workers did not come back after kills of\n{string.Join('\n', points)}");
            seen.UnionWith(tasks);
            if (!spark.HasExited && points.Count < Kills) Thread.Sleep((int)(chance.Unit(draw++) * 2000));
            if (spark.HasExited || points.Count >= Kills)
            {
                Assert.True(spark.WaitForExit() == 0, $"{spark.Said}\nafter kills of\n{string.Join('\n', points)}");
                return true;
            }

            int task = tasks[chance.Below(draw++, tasks.Length)];
            switch (Next())
            {
                case Executor when SparkRun.ParentOf(task) is > 1 and var executor:
                    OwnProcesses.Kill(executor);
                    points.Add(Executor);
                    Assert.True(OwnProcesses.Eventually(() => OwnProcesses.IsGone(task), TrainRun.Longest), "A task outlived its executor.");
                    break;
                case Server:
                    spark.Kill();
                    points.Add(Server);
                    Assert.Equal(128 + 9, spark.WaitForExit());
                    Assert.True(OwnProcesses.Eventually(() => tasks.All(OwnProcesses.IsGone), TrainRun.Longest), "Tasks outlived their server.");
                    return false;
                default:
                    OwnProcesses.Kill(task);
                    points.Add(Worker);
                    Assert.True(OwnProcesses.Eventually(() => OwnProcesses.IsGone(task), TrainRun.Longest));
                    break;
            }
        }
    }

    // Each kind once, and then by chance: a server's kill costs the most, since Spark starts anew.
    private string Next() => points.Count switch
    {
        0 => Executor,
        1 => Worker,
        2 => Server,
        _ => chance.Unit(draw++) switch { < .5 => Executor, < .95 => Worker, _ => Server },
    };
}
