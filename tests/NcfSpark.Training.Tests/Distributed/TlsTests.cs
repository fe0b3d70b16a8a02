using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

/// <summary>What travels between workers and the parameter server, and who may listen.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-tls-").FullName;

    [Theory]
    [InlineData("127.0.0.1:0", "", null, false)]
    [InlineData("[::1]:7070", "localhost:7070", null, false)]
    [InlineData("10.0.0.5:0", "", null, true)]
    [InlineData("0.0.0.0:7070", "", null, true)]
    [InlineData("127.0.0.1:7070", "trainer.example.org:7070", null, true)] // what is behind that name is not known
    [InlineData("10.0.0.5:0", "", false, false)]
    [InlineData("127.0.0.1:0", "", true, true)]
    public void IsOnByDefaultOffThisMachine(string address, string reachedAt, bool? setting, bool expected) =>
        Assert.Equal(expected, new ServerOptions { Address = address, ReachedAt = reachedAt, Tls = setting }.UsesTls);

    [Fact]
    public void TheSameBytesAreTrainedOverTls()
    {
        WorkerRun Run(string name, ServerOptions server) =>
            new(Logs.TwoTastes(users: 12, items: 9), Model, Options with { Server = server }, Path.Combine(run, name));
        WorkerRun.AssertEqual(
            WorkerRun.FilesOf(Run("plain", new()).OverGrpc()), WorkerRun.FilesOf(Run("tls", new() { Tls = true }).OverGrpc()));
    }

    // Without TLS the same eavesdropper sees both, so that this test can fail.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnEavesdropperSeesNeitherTokenNorParameters(bool tls)
    {
        ParameterServer server = Server();
        using var host = ParameterServerHost.Start(server, new ServerOptions { Tls = tls }, TimeProvider.System);
        var address = new Uri(host.Credentials.Server);
        using var eavesdropper = new RecordingRelay(address.Port);
        WorkerCredentials credentials = host.Credentials with { Server = $"{address.Scheme}://{eavesdropper.Address}", Attempt = 1 };
        GrpcLink[] links = [.. Enumerable.Range(0, 2).Select(worker => new GrpcLink(credentials with { Worker = worker }))];
        foreach (GrpcLink link in links) link.Hello();
        await Task.WhenAll(links.Select(link => Task.Run(() => link.Join(10, null, SampleTotals.None))));
        Weight[] shared = [.. server.Shared.Select(weight => new Weight(weight.Name, weight.Rows, weight.Columns))];
        links[0].Pull(shared);
        Assert.Equal(server.Shared[0].Values.ToArray(), shared[0].Values.ToArray());
        foreach (GrpcLink link in links) link.Dispose();
        byte[] seen = eavesdropper.Seen();
        Assert.NotEmpty(seen);
        Assert.Equal(!tls, seen.AsSpan().IndexOf(Encoding.ASCII.GetBytes(credentials.Token)) >= 0);
        Assert.Equal(!tls, seen.AsSpan().IndexOf(MemoryMarshal.AsBytes(shared[0].Row(3))) >= 0);
    }

    [Fact]
    public void AnotherCertificateIsRefusedByName()
    {
        using var host = ParameterServerHost.Start(Server(), new ServerOptions { Tls = true }, TimeProvider.System);
        using var link = new GrpcLink(host.Credentials with { Certificate = new string('A', 64), Attempt = 1 });
        string message = Assert.Throws<RunEndedException>(link.Hello).Message;
        Assert.Contains("is not this run's parameter server", message, StringComparison.Ordinal);
        Assert.Contains(host.Credentials.Certificate, message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(run, recursive: true);

    private static ModelOptions Model => PlainOptions.Model with { Kind = NetworkKind.Gmf, EmbeddingSize = 16 };

    private static TrainOptions Options => PlainOptions.Train with { Epochs = 2, Workers = 2, BatchSize = 16 };

    private ParameterServer Server() => new(
        new WorkerRun(Logs.TwoTastes(users: 6, items: 9), Model, Options, run, shards: 2).Setup, CheckpointStore.Open(run, "test"),
        NcfSpark.Core.SilentProgress.Instance, TimeProvider.System);

    /// <summary>Passes on what goes to a port of this machine and what comes back, and keeps a copy of all of it.</summary>
    private sealed class RecordingRelay : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly MemoryStream seen = new();
        private readonly int target;

        public RecordingRelay(int target)
        {
            this.target = target;
            listener.Start();
            _ = AcceptAsync();
        }

        public string Address => listener.LocalEndpoint.ToString()!;

        public byte[] Seen()
        {
            lock (seen) return seen.ToArray();
        }

        public void Dispose() => listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    TcpClient from = await listener.AcceptTcpClientAsync(), to = new();
                    await to.ConnectAsync(IPAddress.Loopback, target);
                    _ = Task.WhenAny(PassAsync(from.GetStream(), to.GetStream()), PassAsync(to.GetStream(), from.GetStream())).ContinueWith(
                        _ =>
                        {
                            from.Dispose();
                            to.Dispose();
                        },
                        TaskScheduler.Default);
                }
            }
            catch (Exception over) when (over is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Disposed.
            }
        }

        private async Task PassAsync(NetworkStream from, NetworkStream to)
        {
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = await from.ReadAsync(buffer)) > 0;)
            {
                lock (seen) seen.Write(buffer, 0, read); // before it is passed on: what arrived was seen
                await to.WriteAsync(buffer.AsMemory(0, read));
            }
        }
    }
}
