using System.Net;
using System.Net.Sockets;
using System.Text;
using Grpc.Net.Client;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

[Collection(SparkCollection.Name)]
public sealed class FirstContactTests(SparkFixture spark)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10); // only a hang meets it

    [Fact]
    public async Task WhereNobodyListensTheMessageSaysHowToStartOne()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        Assert.Contains($"Nothing listens at sc://127.0.0.1:{port}. Start a Spark Connect server there", await MessageFrom($"sc://127.0.0.1:{port}"));
    }

    [Fact]
    public async Task AHostThatDoesNotExistIsNamed() =>
        Assert.Contains("There is no host named no-such-host.invalid", await MessageFrom("sc://no-such-host.invalid"));

    [Theory]
    // Spark's own web page, say.
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "", "what answers there is not gRPC; if it wants TLS, add ;use_ssl=true")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", ";use_ssl=true", "No encrypted connection")]
    public async Task AnotherKindOfServerIsTold(string answer, string settings, string problem)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        Task serving = ServeAsync(listener, answer, stop.Token);
        Assert.Contains(problem, await MessageFrom($"sc://{listener.LocalEndpoint}/{settings}"));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    /// <summary>The limit is for the answer alone here: on a busy machine the connection may not stand by then.</summary>
    [Fact]
    public async Task AServerThatAnswersNothingIsTold()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(); // the kernel makes connections; nobody takes them
        SparkConnectionString address = SparkConnectionString.Parse($"sc://{listener.LocalEndpoint}");
        using GrpcChannel channel = SparkChannel.Open(address, Longest);
        var options = new SparkConnectOptions { ConnectTimeout = TimeSpan.FromSeconds(1) };
        InvalidInputException failure = await Assert.ThrowsAsync<InvalidInputException>(
            () => SparkConnectClient.ConnectAsync(null, channel.CreateCallInvoker(), address, options, default));
        Assert.Contains("nothing was answered within 1 s", failure.Message);
    }

    [SkippableFact]
    [Trait("Category", "Slow")]
    public async Task AWrongTokenAndAMissingOneAreTold()
    {
        string address = spark.Address.ToString();
        Assert.Contains("refuses the token. Give the one", await MessageFrom($"{address}/;token=wrong"));
        Assert.Contains("wants a token. Add ;token=", await MessageFrom(address));
    }

    private static async Task<string> MessageFrom(string address)
    {
        var options = new SparkConnectOptions { ConnectTimeout = Longest };
        return (await Assert.ThrowsAsync<InvalidInputException>(() => SparkConnectClient.ConnectAsync(SparkConnectionString.Parse(address), options))).Message;
    }

    private static async Task ServeAsync(TcpListener listener, string answer, CancellationToken stop)
    {
        while (true)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync(stop);
            var buffer = new byte[4096];
            _ = await client.GetStream().ReadAsync(buffer, stop);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), stop);
        }
    }
}
