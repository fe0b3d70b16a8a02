using NcfSpark.Core;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// The network between workers and server breaks, swallows everything, and comes back or does not: the bytes of a run
/// that nobody disturbed, or a clear end; and nobody outlives it.
/// </summary>
[Trait("Category", "Slow")]
public sealed class NetworkCutTests : IClassFixture<NetworkCutTests.Undisturbed>, IDisposable
{
    private const int Breaks = 6;

    private readonly RunDirectory run = new();
    private readonly Undisturbed undisturbed;
    private readonly int port = CutNetwork.FreePort();
    private readonly CutNetwork network;
    private readonly string[] settings;

    public NetworkCutTests(Undisturbed undisturbed)
    {
        this.undisturbed = undisturbed;
        network = new CutNetwork(port);
        settings = undisturbed.Settings;
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path]);
    }

    public void Dispose()
    {
        network.Dispose();
        run.Dispose();
    }

    [Fact]
    public void BrokenAnywhereTrainingEndsWithTheSameModel()
    {
        using TrainRun train = Start("Train:Server:WorkerAttempts=1000");
        RandomStream chance = RandomStream.Named(Environment.TickCount64, "breaks"); // other points every time
        train.WaitFor("Epoch 1");
        for (int times = 0; times < Breaks && !train.Process.WaitForExit((int)(chance.Unit(times) * 2000)); times++) network.Break();
        AssertSameModel(train);
        Assert.Contains("was lost", train.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void SilenceThatIsShortCostsNothing()
    {
        using TrainRun train = Start();
        train.WaitFor("Epoch 3");
        network.Swallow();
        Thread.Sleep(1500);
        network.Heal();
        AssertSameModel(train);
        Assert.DoesNotContain("was lost", train.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void AfterALongSilenceAllGoBackAndTrainingEndsWithTheSameModel()
    {
        using TrainRun train = Start("Train:Server:WorkerTimeoutSeconds=2", "Train:Server:WorkerAttempts=1000");
        train.WaitFor("Epoch 3");
        network.Swallow();
        for (int worker = 0; worker < 2; worker++) train.WaitFor($"Worker {worker} was lost: ");
        network.Heal();
        AssertSameModel(train);
        // Server and worker count the same silence: whichever is over it first says so.
        for (int worker = 0; worker < 2; worker++)
            Assert.Matches($"Worker {worker} was lost: (nothing was heard of it for 2 s|its process ended with code 1 and said \"nothing was heard of the "
                + "server for 2 s)", train.Said);
    }

    [Fact]
    public void WorkersWaitForANetworkThatIsAwayForAWhile()
    {
        using TrainRun train = Start(); // the usual attempts
        train.WaitFor("Epoch 3");
        network.Refuse();
        train.WaitFor("was lost");
        Thread.Sleep(3000); // in which attempts that gave up at once would be used up
        network.Heal();
        AssertSameModel(train);
    }

    [Fact]
    public void ANetworkThatStaysAwayEndsTheRunWithWhoIsMissing()
    {
        using TrainRun train = Start("Train:Server:WorkerTimeoutSeconds=2", "Train:Server:WorkerAttempts=1000", "Train:Server:RegistrationSeconds=30");
        train.WaitFor("Epoch 3");
        network.Swallow();
        AssertEnds(train, "Only 0 of 2 workers came within 30 s (Train:Server:RegistrationSeconds); missing: 0, 1.");
    }

    [Fact]
    public void AtTheLimitOfAttemptsTheRunEndsAndSaysWhy()
    {
        using TrainRun train = Start("Train:Server:WorkerAttempts=0");
        train.WaitFor("Epoch 3");
        network.Break();
        AssertEnds(
            train, "That is loss 1 without a checkpoint between, and Train:Server:WorkerAttempts allows 0. The same command goes on from the last checkpoint.");
        network.Heal();
        NcfSparkProcess.RunWell(["train", .. settings, "--run", run.Path]);
        Assert.Equal(undisturbed.Model, TrainRun.ModelHash(run));
    }

    private TrainRun Start(params string[] more) => new(
    [
        .. settings, "--run", run.Path, "--set", "Train:Placement=processes", "--set", $"Train:Server:Address=127.0.0.1:{port}", "--set",
        $"Train:Server:ReachedAt={network.Address}",
        .. more.SelectMany(setting => (string[])["--set", setting]),
    ]);

    private void AssertSameModel(TrainRun train)
    {
        Assert.True(train.WaitForExit() == 0, train.Said);
        Assert.Equal(undisturbed.Model, TrainRun.ModelHash(run));
    }

    private static void AssertEnds(TrainRun train, string message)
    {
        var workers = new HashSet<int>();
        while (!train.Process.WaitForExit(20)) workers.UnionWith(train.Workers);
        Assert.Equal(1, train.WaitForExit());
        Assert.Contains(message, train.Said, StringComparison.Ordinal);
        Assert.All(workers, worker => Assert.True(OwnProcesses.IsGone(worker)));
    }

    /// <summary>The model of threads, which no network comes between.</summary>
    public sealed class Undisturbed : IDisposable
    {
        private readonly RunDirectory run = new();

        public Undisturbed()
        {
            Settings =
            [
                .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(run.Path)!)), "--set", "Train:Workers=2", "--set", "Train:Server:RoundsPerEpoch=3",
                "--set", "Train:Server:CheckpointRounds=1",
                "--set", "Train:Epochs=150", "--set", "Train:Patience=0", "--set", "Train:CheckpointMinutes=5",
            ];
            foreach (string verb in new[] { "prepare", "train" }) NcfSparkProcess.RunWell([verb, .. Settings, "--run", run.Path]);
            Model = TrainRun.ModelHash(run);
        }

        public string[] Settings { get; }

        public string Model { get; }

        public void Dispose() => run.Dispose();
    }
}
