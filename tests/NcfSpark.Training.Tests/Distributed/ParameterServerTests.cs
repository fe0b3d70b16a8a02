using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

/// <summary>What the server refuses, and what it does about workers that are lost; workers here are scripted.</summary>
public sealed class ParameterServerTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;
    private readonly FakeTimeProvider time = new();
    private readonly Lines lines = new();
    private readonly List<(int Worker, int Attempt)> restarted = [];
    private readonly TrainOptions options = PlainOptions.Train with
    {
        Workers = 2,
        Epochs = 2,
        Server = new() { RoundsPerEpoch = 2, OuterOptimizer = OuterOptimizer.Average, WorkerAttempts = 2 },
    };
    private ParameterServer? server;

    public void Dispose()
    {
        server?.Dispose();
        Directory.Delete(run, recursive: true);
    }

    [Fact]
    public async Task MalformedPushesAreRefusedByNameAndChangeNothing()
    {
        (string[] sessions, _) = await Begin();
        float[][] before = [.. Server.Shared.Select(weight => weight.Values.ToArray())];
        int columns = Server.Shared[0].Columns;
        float[] values = new float[columns], notANumber = [float.NaN, .. new float[columns - 1]];
        void Refused(string why, RoundPush push) => Assert.Contains(
            why, Assert.Throws<RequestRejectedException>(() => Server.Exchange(sessions[0], push).Wait(TimeSpan.Zero)).Message, StringComparison.Ordinal);

        Refused("has 1 weights where the model shares", Push(0, 0) with { Tables = [TableRows.None] });
        Refused("NaN in row 3 of item_gmf.weight", Push(0, 0, new TableRows([3], notANumber)));
        Refused("row 9 of item_gmf.weight, which has 9", Push(0, 0, new TableRows([9], values)));
        Refused("row -1 of item_gmf.weight", Push(0, 0, new TableRows([-1], values)));
        Refused("row 2 of item_gmf.weight after row 2", Push(0, 0, new TableRows([2, 2], [.. values, .. values])));
        Refused($"has {columns - 1} values of item_gmf.weight for 1 rows of {columns}", Push(0, 0, new TableRows([2], values[1..])));
        Refused("by no samples", Push(0, 0, new TableRows([2], values)) with { Samples = 0 });
        Refused("a loss of NaN", Push(0, 0) with { LossSum = double.NaN });
        Refused("pushes epoch 1, round 2, while epoch 1, round 1 is under way", Push(0, 1));
        Refused("pushes epoch 2, round 1, while epoch 1, round 1 is under way", Push(1, 0));
        Assert.Contains("to another run", Assert.Throws<RestartFromCheckpointException>(
            () => Server.Exchange("0123456789abcdef", Push(0, 0)).Wait(TimeSpan.Zero)).Message, StringComparison.Ordinal);
        Assert.Equal(before, Server.Shared.Select(weight => weight.Values.ToArray()));

        // And the round goes on as if they had never been.
        Task<RoundReply> first = Server.Exchange(sessions[0], Push(0, 0, new TableRows([3], values)));
        Refused("a second time", Push(0, 0));
        await Server.Exchange(sessions[1], Push(0, 0));
        int[] changed = (await first).Tables[0].Rows;
        Assert.Equal([3], changed);
        Assert.Equal(values, Server.Shared[0].Row(3).ToArray());
        Refused("pushes epoch 1, round 1, while epoch 1, round 2 is under way", Push(0, 0));
    }

    [Fact]
    public async Task WhenAWorkerIsLostAllGoBackAndItsOldAttemptIsRefused()
    {
        (string[] sessions, Guid[] instances) = await Begin();
        Task<RoundReply> waiting = Server.Exchange(sessions[0], Push(0, 0));
        Server.Lost(1, 1, "its process ended with code 137");
        await Assert.ThrowsAsync<RestartFromCheckpointException>(() => waiting);
        Assert.Contains("Worker 1 was lost: its process ended with code 137. All workers restart from the last checkpoint; attempt 2 of it starts.", lines.All);
        Assert.Throws<RestartFromCheckpointException>(() => Server.Beat(0, instances[0], sessions[0], 0, 0));
        Assert.Contains("attempt 2 of it counts",
            Assert.Throws<RunEndedException>(() => Server.Beat(1, instances[1], sessions[1], 0, 0)).Message, StringComparison.Ordinal);
        Assert.Throws<RunEndedException>(() => Server.Hello(1, 1, Guid.NewGuid(), beats: true));
        Assert.Throws<RestartFromCheckpointException>(() => Server.Exchange(sessions[1], Push(0, 0)).Wait(TimeSpan.Zero));
        Server.Lost(1, 1, "once more"); // of an attempt that counts no more
        Guid next = Guid.NewGuid();
        Server.Hello(1, 2, next, beats: true);
        Task<Assignment> zero = Server.Join(0, instances[0], 10, null, SampleTotals.None), one = Server.Join(1, next, 10, null, SampleTotals.None);
        Assert.NotEqual(sessions[0], (await zero).Session);
        Assert.Equal((0, 0, false), ((await one).Epoch, (await one).Round, (await one).HasState));
    }

    /// <summary>As where Spark starts a task again while its first attempt still runs, and neither knows its number.</summary>
    [Fact]
    public async Task OfTwoThatDoNotKnowTheirAttemptTheLatestCounts()
    {
        (string[] sessions, Guid[] instances) = await Begin(attempt: 0);
        Server.Hello(1, 0, Guid.NewGuid(), beats: true);
        Assert.Throws<RunEndedException>(() => Server.Beat(1, instances[1], sessions[1], 0, 0));
        Assert.Throws<RunEndedException>(() => Server.Hello(1, 0, instances[1], beats: true)); // nor does it come back
        Assert.Empty(restarted); // whoever started the second attempt would start it again
    }

    [Fact]
    public async Task AWorkerOfWhichNothingIsHeardIsStartedAgain()
    {
        (string[] sessions, Guid[] instances) = await Begin();
        for (int second = 0; second < 40; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            if (second < 29) Assert.Empty(restarted);
            try
            {
                Server.Beat(0, instances[0], sessions[0], second, 0);
            }
            catch (RestartFromCheckpointException)
            {
                break;
            }
        }

        await Eventually(() => restarted.Count > 0);
        Assert.Equal([(1, 2)], restarted);
        Assert.Contains(lines.All, line => line.Contains("Worker 1 was lost: nothing was heard of it for 30 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AWorkerThatKeepsTheOthersWaitingIsStartedAgain()
    {
        (string[] sessions, Guid[] instances) = await Begin();
        Task<RoundReply> waiting = Server.Exchange(sessions[1], Push(0, 0));
        for (int second = 0; second <= 1801 && !waiting.IsCompleted; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            for (int worker = 0; worker < 2 && !waiting.IsCompleted; worker++) Server.Beat(worker, instances[worker], sessions[worker], 0, 0);
        }

        await Assert.ThrowsAsync<RestartFromCheckpointException>(() => waiting);
        await Eventually(() => restarted.Count > 0);
        Assert.Equal([(0, 2)], restarted);
        Assert.Contains(
            lines.All, line => line.Contains(
                "the others waited for it for 1800 s (Train:Server:RoundTimeoutSeconds) in epoch 1, round 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhereNotAllComeTheRunEndsAndSaysWhoIsMissing()
    {
        Guid instance = Guid.NewGuid();
        Server.Hello(0, 1, instance, beats: false);
        Task<Assignment> waiting = Server.Join(0, instance, 10, null, SampleTotals.None);
        time.Advance(TimeSpan.FromSeconds(601));
        string message = (await Assert.ThrowsAsync<WorkersLostException>(() => Server.Completion)).Message;
        Assert.Contains("Only 1 of 2 workers came within 600 s (Train:Server:RegistrationSeconds); missing: 1.", message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RunEndedException>(() => waiting);
    }

    /// <summary>
    /// Ticks that waited for the server held all threads of the pool, on which a round was being combined: training by
    /// threads stood still for ever.
    /// </summary>
    [Fact]
    public async Task TheWatchDoesNotWaitWhileTheServerIsAtWork()
    {
        await Begin();
        using ManualResetEventSlim atWork = new(), mayEnd = new();
        lines.Told = () =>
        {
            atWork.Set();
            mayEnd.Wait();
        };
        Task working = Task.Run(() => Server.Lost(1, 1, "killed")); // says so while it holds the gate
        try
        {
            Assert.True(atWork.Wait(TimeSpan.FromMinutes(10)));
            await Task.Run(() => time.Advance(TimeSpan.FromSeconds(1))).WaitAsync(TimeSpan.FromMinutes(10)); // ticks within it
        }
        finally
        {
            mayEnd.Set();
        }

        await working;
    }

    [Fact]
    public async Task LossesWithoutACheckpointBetweenAreLimited()
    {
        await Begin();
        for (int attempt = 1; attempt <= 3; attempt++) Server.Lost(1, attempt, "killed");
        string message = (await Assert.ThrowsAsync<WorkersLostException>(() => Server.Completion)).Message;
        Assert.Contains("Worker 1 was lost (killed). That is loss 3 without a checkpoint between, and Train:Server:WorkerAttempts allows 2.",
            message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AllAreToldTheTotalsOfAllAndWhatIsNoneIsRefused()
    {
        ParameterServer popular = OfServer(options with { Negatives = NegativeSource.Popularity, RecencyScale = 10 });
        Guid[] instances = [Guid.NewGuid(), Guid.NewGuid()];
        for (int worker = 0; worker < 2; worker++) popular.Hello(worker, 1, instances[worker], beats: true);
        void Refused(string why, SampleTotals totals) =>
            Assert.Contains(why, Assert.Throws<RequestRejectedException>(() => popular.Join(0, instances[0], 10, null, totals).Wait(TimeSpan.Zero)).Message,
                StringComparison.Ordinal);
        Refused("says of 8 items how often its users used them, where 9 are wanted", new SampleTotals(1, 1, new long[8]));
        Refused("where 9 are wanted", new SampleTotals(1, 1, [-1, .. new long[8]]));
        Refused("says that its 1 positives weigh NaN", new SampleTotals(1, double.NaN, new long[9]));
        Refused("says that its -1 positives weigh", new SampleTotals(-1, 1, new long[9]));

        Task<Assignment>[] joins = [popular.Join(0, instances[0], 10, null, new(2, 1.5, [2, 0, .. new int[7]])),
            popular.Join(1, instances[1], 10, null, new(4, 2.25, [1, 3, .. new int[7]]))];
        foreach (Assignment place in await Task.WhenAll(joins))
        {
            Assert.Equal((6, 3.75), (place.Totals.Positives, place.Totals.RecencySum));
            Assert.Equal([3, 3, .. new int[7]], place.Totals.ItemUses);
        }
    }

    [Fact]
    public void AWorkerThatIsNoneIsRefused()
    {
        Assert.Contains("There is no worker 2: this run has 2",
            Assert.Throws<RequestRejectedException>(() => Server.Hello(2, 1, Guid.NewGuid(), beats: true)).Message, StringComparison.Ordinal);
        Assert.Contains("has not said hello", Assert.Throws<RequestRejectedException>(
            () => Server.Join(1, Guid.NewGuid(), 1, null, SampleTotals.None).Wait(TimeSpan.Zero)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatASaveLacksIsNoticed()
    {
        (string[] sessions, _) = await Begin();
        Assert.Contains("saves part of a Checkpoint, while epoch 1, round 1",
            Assert.Throws<RequestRejectedException>(() => Server.BeginFile(sessions[0], SaveKind.Checkpoint, 0)).Message, StringComparison.Ordinal);
        for (int round = 0; round < 2; round++) await Task.WhenAll(Server.Exchange(sessions[0], Push(0, round)), Server.Exchange(sessions[1], Push(0, round)));
        await Task.WhenAll(Server.EndEpoch(sessions[0], new EpochReport(0, null, WorkerTimes.Zero)),
            Server.EndEpoch(sessions[1], new EpochReport(0, null, WorkerTimes.Zero)));
        Assert.Contains("part 0 of its Checkpoint is not there",
            Assert.Throws<RequestRejectedException>(() => Server.Saved(sessions[0]).Wait(TimeSpan.Zero)).Message, StringComparison.Ordinal);
        Assert.Contains("which is not its own",
            Assert.Throws<RequestRejectedException>(() => Server.BeginFile(sessions[0], SaveKind.Checkpoint, 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "token")]
    [InlineData("wrong", "token")]
    public void AWrongTokenIsRefusedWhateverIsAsked(string token, string why)
    {
        using var host = ParameterServerHost.Start(Server, options.Server, TimeProvider.System);
        using var link = new GrpcLink(host.Credentials with { Token = token, Attempt = 1 });
        Assert.Contains(why, Assert.Throws<RunEndedException>(link.Hello).Message, StringComparison.Ordinal);
        Assert.Contains(why, Assert.Throws<RunEndedException>(() => link.Join(1, null, SampleTotals.None)).Message, StringComparison.Ordinal);
        Assert.Contains(why, Assert.Throws<RunEndedException>(() => link.Beat(TimeSpan.FromSeconds(20), TimeProvider.System)).Message,
            StringComparison.Ordinal);
        WorkerTimes times = WorkerTimes.Zero;
        Assert.Contains(why, Assert.Throws<RunEndedException>(() => link.Exchange(Push(0, 0) with { Tables = [] }, ref times)).Message,
            StringComparison.Ordinal);
        Assert.Contains(why, Assert.Throws<RunEndedException>(() => link.Save(SaveKind.Checkpoint, 0, _ => { })).Message, StringComparison.Ordinal);
        Assert.Contains(why, Assert.Throws<RunEndedException>(() => link.ReadState(Path.Combine(run, "state"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMalformedPushIsRefusedOverGrpcAsWell()
    {
        using var host = ParameterServerHost.Start(Server, options.Server, TimeProvider.System);
        GrpcLink[] links = [.. Enumerable.Range(0, 2).Select(worker => new GrpcLink(host.Credentials with { Worker = worker, Attempt = 1 }))];
        foreach (GrpcLink link in links) link.Hello();
        await Task.WhenAll(links.Select(link => Task.Run(() => link.Join(10, null, SampleTotals.None))));
        Weight[] shared = [.. Server.Shared.Select(weight => new Weight(weight.Name, weight.Rows, weight.Columns))];
        links[0].Pull(shared);
        Assert.Equal(Server.Shared.Select(weight => weight.Values.ToArray()), shared.Select(weight => weight.Values.ToArray()));
        WorkerTimes times = WorkerTimes.Zero;
        var push = Push(0, 0, new TableRows([3], [.. Enumerable.Repeat(float.PositiveInfinity, shared[0].Columns)]));
        Assert.Contains("row 3 of item_gmf.weight",
            Assert.Throws<RequestRejectedException>(() => links[0].Exchange(push, ref times)).Message, StringComparison.Ordinal);
        Assert.Equal(shared[0].Values.ToArray(), Server.Shared[0].Values.ToArray());
        foreach (GrpcLink link in links) link.Dispose();
    }

    private ParameterServer Server => OfServer(options);

    private ParameterServer OfServer(TrainOptions of) => server ??= new ParameterServer(
        new WorkerRun(Logs.TwoTastes(users: 6, items: 9), PlainOptions.Model with { Kind = NetworkKind.Gmf, EmbeddingSize = 4 }, of, run, shards: 2).Setup,
        CheckpointStore.Open(run, "test"), lines, time)
    {
        Restart = (worker, attempt) => restarted.Add((worker, attempt)),
    };

    private async Task<(string[] Sessions, Guid[] Instances)> Begin(int attempt = 1)
    {
        Guid[] instances = [Guid.NewGuid(), Guid.NewGuid()];
        for (int worker = 0; worker < 2; worker++) Server.Hello(worker, attempt, instances[worker], beats: true);
        Task<Assignment>[] joins = [Server.Join(0, instances[0], 10, null, SampleTotals.None), Server.Join(1, instances[1], 10, null, SampleTotals.None)];
        return ([.. (await Task.WhenAll(joins)).Select(place => place.Session)], instances);
    }

    private RoundPush Push(int epoch, int round, TableRows? first = null) => new(
        epoch, round, 5, 1, WorkerTimes.Zero, [first ?? TableRows.None, .. Server.Shared.Skip(1).Select(_ => TableRows.None)]);

    private static async Task Eventually(Func<bool> holds)
    {
        for (int wait = 0; wait < 60_000 && !holds(); wait++) await Task.Delay(10); // only a hang meets the end
        Assert.True(holds());
    }

    private sealed class Lines : IProgressReporter
    {
        public List<string> All { get; } = [];

        public IProgressTask Start(string title, long total, string unit) => SilentProgress.Instance;

        public Action Told { get; set; } = () => { };

        public void Line(string text)
        {
            All.Add(string.Create(CultureInfo.InvariantCulture, $"{text}"));
            Told();
        }
    }
}
