using NcfSpark.Configuration;
using NcfSpark.Core;
using Xunit.Abstractions;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// Workers and the server that are killed, stopped or slow at random points of training by several processes: it ends
/// with the bytes of a run that nobody disturbed.
/// </summary>
[Trait("Category", "Slow")]
public sealed class WorkerCrashTests(ITestOutputHelper output) : IDisposable
{
    // The issue's 100 with NCFSPARK_TEST_KILLS=100.
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_KILLS") ?? "5");

    private readonly RunDirectory expected = new(), run = new();

    public void Dispose()
    {
        expected.Dispose();
        run.Dispose();
    }

    [Fact]
    public void KilledAnywhereTrainingEndsWithTheSameModel()
    {
        (string[] settings, string expectedHash) = Expect(
            workers: 3, "--set", "Train:Server:RoundsPerEpoch=4", "--set", "Train:Epochs=60", "--set", "Train:Patience=60", "--set",
            "Train:Server:WorkerAttempts=1000");
        RandomStream chance = RandomStream.Named(Environment.TickCount64, "kills"); // other points every time
        var points = new List<string>();
        long draw = 0;
        int runs = 0;
        while (points.Count < Kills)
        {
            runs++;
            using var killed = new RunDirectory();
            NcfSparkProcess.RunWell(["prepare", .. settings, "--run", killed.Path]);
            bool finished = false;
            while (!finished)
            {
                using var train = new TrainRun([.. settings, "--run", killed.Path]);
                while (true)
                {
                    if (train.Process.WaitForExit((int)(chance.Unit(draw++) * 3000)))
                    {
                        Assert.True(train.WaitForExit() == 0, $"exit code {train.Process.ExitCode} after kills at\n{string.Join('\n', points)}\n{train.Said}");
                        finished = true;
                        break;
                    }

                    if (points.Count >= Kills) continue; // let it end
                    int[] workers = train.Workers;
                    if (chance.Unit(draw++) < 0.3 || workers.Length == 0)
                    {
                        points.Add($"server, {workers.Length} workers");
                        train.Process.Kill();
                        train.Process.WaitForExit();
                        Assert.True(OwnProcesses.Eventually(() => workers.All(OwnProcesses.IsGone), TrainRun.Longest),
                            $"workers outlived their server, after kills at\n{string.Join('\n', points)}");
                        break;
                    }

                    int worker = workers[chance.Below(draw++, workers.Length)];
                    points.Add("a worker");
                    OwnProcesses.Kill(worker);
                }
            }

            Assert.True(expectedHash == TrainRun.ModelHash(killed), $"another model after kills at\n{string.Join('\n', points)}");
            Assert.DoesNotContain(Directory.GetDirectories(killed.Path),
                directory => directory.Contains(".tmp-", StringComparison.Ordinal) || directory.Contains(".checkpoints-", StringComparison.Ordinal));
        }

        output.WriteLine($"{points.Count} kills in {runs} runs: {points.Count(point => point == "a worker")} of workers, "
            + $"{points.Count(point => point != "a worker")} of servers.");
    }

    [Theory]
    [InlineData("Train:Server:WorkerTimeoutSeconds=3", "nothing was heard of it for 3 s")]
    [InlineData("Train:Server:RoundTimeoutSeconds=3", "the others waited for it for 3 s (Train:Server:RoundTimeoutSeconds)")]
    public void AWorkerThatHangsIsReplacedAndChangesNoByte(string timeout, string says)
    {
        (string[] settings, string expectedHash) =
            Expect(workers: 2, "--set", "Train:Epochs=200", "--set", "Train:Patience=0", "--set", "Train:Server:WorkerAttempts=1000");
        using var train = new TrainRun([.. settings, "--run", run.Path, "--set", timeout]);
        train.WaitFor("Epoch 3");
        int hangs = train.Workers[0];
        OwnProcesses.Signal("STOP", hangs);
        Assert.True(train.WaitForExit() == 0, train.Said);
        Assert.Contains(says, train.Said, StringComparison.Ordinal);
        Assert.Equal(expectedHash, TrainRun.ModelHash(run));
        Assert.True(OwnProcesses.IsGone(hangs));
    }

    [Fact]
    public void ASlowWorkerIsWaitedForAndChangesNoByte()
    {
        (string[] settings, string expectedHash) = Expect(workers: 2, "--set", "Train:Epochs=200", "--set", "Train:Patience=0");
        using var train = new TrainRun([.. settings, "--run", run.Path]);
        train.WaitFor("Epoch 3");
        int slow = train.Workers[0];
        for (int times = 0; times < 20 && !train.Process.HasExited; times++)
        {
            OwnProcesses.Signal("STOP", slow);
            Thread.Sleep(200);
            OwnProcesses.Signal("CONT", slow);
            Thread.Sleep(20);
        }

        Assert.True(train.WaitForExit() == 0, train.Said);
        Assert.DoesNotContain("was lost", train.Said, StringComparison.Ordinal);
        Assert.Equal(expectedHash, TrainRun.ModelHash(run));
    }

    [Fact]
    public void CtrlCEndsAllProcessesAndTheSameCommandGoesOn()
    {
        string[] settings = Prepared(workers: 2, "--set", "Train:Epochs=40", "--set", "Train:Patience=0");
        using var train = new TrainRun([.. settings, "--run", run.Path]);
        int[] workers = train.WaitForWorkers(2);
        OwnProcesses.Signal("INT", train.Process.Id);
        Assert.True(train.WaitForExit() is 130 or 0, train.Said);
        Assert.True(OwnProcesses.Eventually(() => workers.All(OwnProcesses.IsGone), TrainRun.Longest));
        NcfSparkProcess.RunWell(["train", .. settings, "--run", run.Path]);
    }

    // Settings for processes, and the model of threads.
    private (string[] Settings, string ExpectedHash) Expect(int workers, params string[] more)
    {
        string[] settings = Prepared(workers, more);
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", expected.Path]);
        NcfSparkProcess.RunWell(["train", .. settings, "--run", expected.Path, "--set", "Train:Placement=threads"]);
        return (settings, TrainRun.ModelHash(expected));
    }

    private string[] Prepared(int workers, params string[] more)
    {
        string[] settings =
        [
            .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(expected.Path)!)), "--set", $"Train:Workers={workers}",
            "--set", "Train:Placement=processes",
            "--set", "Train:Server:CheckpointRounds=1", "--set", "Train:CheckpointMinutes=5", .. more,
        ];
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path]);
        return settings;
    }
}
