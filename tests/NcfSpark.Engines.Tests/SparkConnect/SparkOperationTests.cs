using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Grpc.Core;
using NcfSpark.Engines.SparkConnect;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.Tests.SparkConnect;

public sealed class SparkOperationTests
{
    private readonly ProgressList progress = new();

    [Property(MaxTest = 500)]
    public void WhateverHappensToTheConnectionEveryResponseIsReadOnceInOrder(PositiveInt length, (StreamEnd End, NonNegativeInt After)[] script)
    {
        var server = new ScriptedServer(length.Get, script.Select(mishap => (mishap.End, mishap.After.Get)));
        // Longer than any script.
        var options = new SparkConnectOptions { Time = new SkippingTime(), Progress = progress, ReconnectLimit = TimeSpan.FromHours(1) };
        Assert.Equal(Enumerable.Range(1, length.Get).Select(i => (long)i), Read(server, options));
        Assert.Equal((1, 1, 0), (server.Executions, server.Releases, server.Interrupts));
    }

    [Fact]
    public void ARequestThatArrivedButWasNotAnsweredIsNotExecutedAgain()
    {
        var server = new ScriptedServer(3, [(StreamEnd.Broken, 0), (StreamEnd.Disconnected, 0), (StreamEnd.RequestLost, 0)]);
        Assert.Equal([1L, 2L, 3L], Read(server));
        Assert.Equal(1, server.Executions);
    }

    [Fact]
    public void ARequestThatNeverArrivedIsSentAgain()
    {
        var server = new ScriptedServer(2, [(StreamEnd.RequestLost, 0)]);
        Assert.Equal([1L, 2L], Read(server));
        Assert.Equal(1, server.Executions);
        Assert.Empty(progress.Lines); // over within half a second: not worth telling
    }

    [Fact]
    public void AServerThatStaysAwayIsGivenUpAfterTheLimitAndSaidToBe()
    {
        var time = new SkippingTime();
        var server = new ScriptedServer(2, []) { Failure = new Status(StatusCode.Unavailable, "connection refused") };
        var lost = Assert.Throws<SparkException>(() => Read(server, new() { Time = time, Progress = progress }));
        Assert.Equal(SparkErrorKind.ServerLost, lost.Kind);
        Assert.Contains("The Spark server at sc://here:15002 has not answered for 60 s (Unavailable: connection refused)", lost.Message);
        Assert.Equal("The Spark server at sc://here:15002 does not answer (Unavailable: connection refused). Trying again for up to 60 s.",
            Assert.Single(progress.Lines));
        Assert.Equal(60, time.GetElapsedTime(0).TotalSeconds, 0.001);
    }

    [Fact]
    public void AServerThatIsFrozenIsGivenUpAfterTheLimitToo()
    {
        var server = new ScriptedServer(2, []) { IsFrozen = true };
        var lost = Assert.Throws<SparkException>(() => Read(server, new() { Time = new SkippingTime(), Progress = progress }));
        Assert.Equal(SparkErrorKind.ServerLost, lost.Kind);
        Assert.Contains("The Spark server at sc://here:15002 has not answered for 6", lost.Message); // 60 s, or a second's question more
        Assert.Contains("(DeadlineExceeded)", lost.Message);
        Assert.Equal(0, server.Releases);
    }

    [Fact]
    public void AServerThatIsOnlySilentIsAskedAndWaitedFor()
    {
        var server = new ScriptedServer(1, []) { QuestionsInSilence = 1000 };
        Assert.Equal([1L], Read(server));
        Assert.Empty(progress.Lines);
        Assert.Equal((1, 1), (server.Executions, server.Releases));
    }

    [Fact]
    public void AServerThatComesBackIsSaidToBeBack()
    {
        var server = new ScriptedServer(1, [(StreamEnd.Broken, 0), .. Enumerable.Repeat((StreamEnd.RequestLost, 0), 5)]);
        Assert.Equal([1L], Read(server)); // after 0.05 + 0.2 + 0.8 + 3.2 + 5 + 5 s
        Assert.Equal(["Trying again for up to 60 s.", "answers again after 14 s."],
            progress.Lines.Select(line => line[(line.IndexOf(new[] { "Trying", "answers again" }.First(line.Contains)))..]));
    }

    [Fact]
    public void AStreamThatEndsInGoodOrderIsAnAnswerAndTheLimitCountsAnew()
    {
        IEnumerable<(StreamEnd, int)> lost = Enumerable.Repeat((StreamEnd.RequestLost, 0), 10); // 34 s
        var server = new ScriptedServer(1, [(StreamEnd.AtLimit, 0), .. lost, (StreamEnd.AtLimit, 0), .. lost]);
        Assert.Equal([1L], Read(server));
    }

    [Fact]
    public void AServerThatIsKnownToHaveEndedIsNotTriedAgain()
    {
        var time = new SkippingTime();
        var server = new ScriptedServer(2, [(StreamEnd.Broken, 1)]);
        var lost = Assert.Throws<SparkException>(() => Read(server, new() { Time = time, HowServerEnded = () => "It was killed." }));
        Assert.Equal((SparkErrorKind.ServerLost, "It was killed."), (lost.Kind, lost.Message));
        Assert.Equal(0, time.GetTimestamp());
    }

    [Fact]
    public void ASessionThatTheServerForgotIsLostAtOnce()
    {
        var server = new ScriptedServer(2, []) { Failure = new Status(StatusCode.Internal, "[INVALID_HANDLE.SESSION_NOT_FOUND] The handle is invalid.") };
        var lost = Assert.Throws<SparkException>(() => Read(server));
        Assert.Equal(SparkErrorKind.ServerLost, lost.Kind);
        Assert.Contains("no longer knows this session", lost.Message);
    }

    [Fact]
    public async Task CancellingInterruptsAndLetsGo()
    {
        var server = new ScriptedServer(5, []);
        using var cancellation = new CancellationTokenSource();
        await using (SparkOperation operation = Operation(server, new() { Time = new SkippingTime() }, cancellation.Token))
        {
            await operation.NextAsync();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(operation.NextAsync);
        }

        Assert.Equal((1, 1), (server.Interrupts, server.Releases));
    }

    private List<long> Read(ScriptedServer server, SparkConnectOptions? options = null) => Task.Run(async () =>
    {
        var rows = new List<long>();
        await using SparkOperation operation = Operation(server, options ?? new() { Time = new SkippingTime(), Progress = progress }, default);
        while (await operation.NextAsync() is { } response) rows.Add(response.ArrowBatch.RowCount);
        return rows;
    }).GetAwaiter().GetResult();

    private static SparkOperation Operation(ScriptedServer server, SparkConnectOptions options, CancellationToken cancellation) =>
        new(new ConnectSession(server, SparkConnectionString.Parse("sc://here"), options), new Plan(), "Spark", cancellation);
}
