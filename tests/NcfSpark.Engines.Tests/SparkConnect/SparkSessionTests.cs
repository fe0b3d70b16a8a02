using Microsoft.Extensions.Time.Testing;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

public sealed class SparkSessionTests
{
    [Theory]
    [InlineData("3.5.0")]
    [InlineData("3.5.1-amzn-0")]
    [InlineData("4.0.0.dev5")]
    [InlineData("4.3.0")]
    [InlineData("10.0.0")]
    public async Task ServersFromThreeFiveOnAreTaken(string version)
    {
        await using SparkConnectClient client = await ConnectAsync(new ScriptedServer(0, []) { Version = version });
        Assert.Equal(version, client.SparkVersion);
    }

    [Fact]
    public async Task AnOlderServerIsToldToBeTooOld()
    {
        var failure = await Assert.ThrowsAsync<InvalidInputException>(() => ConnectAsync(new ScriptedServer(0, []) { Version = "3.4.3" }));
        Assert.Contains("The server at sc://here:15002 is Spark 3.4.3, which is too old: NcfSpark needs Spark 3.5 or newer.", failure.Message);
    }

    [Fact]
    public async Task AnIdleSessionSaysThatItLives()
    {
        var time = new FakeTimeProvider();
        var server = new ScriptedServer(0, []);
        await using (await ConnectAsync(server, time))
        {
            for (int i = 0; i < 12; i++) time.Advance(TimeSpan.FromMinutes(5));
            Assert.Equal(1 + 12, server.VersionsAsked);
        }

        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1 + 12, server.VersionsAsked);
    }

    private static Task<SparkConnectClient> ConnectAsync(ScriptedServer server, TimeProvider? time = null) =>
        SparkConnectClient.ConnectAsync(null, server, SparkConnectionString.Parse("sc://here"), new() { Time = time ?? TimeProvider.System }, default);
}
