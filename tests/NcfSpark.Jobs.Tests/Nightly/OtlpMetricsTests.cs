using System.Net;
using System.Net.Sockets;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>
/// The exporter against a receiver on the loopback address. OpenTelemetry reads its variables from the process, so
/// these tests set and clear them, one at a time.
/// </summary>
public sealed class OtlpMetricsTests : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Endpoint, null);
        Environment.SetEnvironmentVariable(Protocol, null);
        folder.Dispose();
    }

    [Fact]
    public async Task TheGaugesReachTheReceiver()
    {
        using var listener = new HttpListener();
        string address = $"http://127.0.0.1:{FreePort()}/";
        listener.Prefixes.Add(address);
        listener.Start();
        Task<(string Path, byte[] Body)> received = ReceiveAsync(listener);
        Environment.SetEnvironmentVariable(Endpoint, address);
        Environment.SetEnvironmentVariable(Protocol, "http/protobuf");
        Assert.True(OtlpMetrics.IsConfigured);
        RunNights nights = SampleNights.In(folder.Path);
        Assert.True(await Task.Run(() => OtlpMetrics.Send("shop", RunHistory.Read(nights), nights.Production)));

        (string path, byte[] body) = await received;
        Assert.Equal("/v1/metrics", path);
        string[] texts = [.. Texts(body)];
        foreach (NightMetrics.Gauge gauge in NightMetrics.Of(RunHistory.Read(nights), nights.Production)) Assert.Contains($"ncfspark.{gauge.Name}", texts);
        Assert.Contains("shop", texts);
        Assert.Contains("service.name", texts);
        Assert.Contains("production", texts);
    }

    [Fact]
    public void ACollectorThatIsAwayIsSaidAndNoFailure()
    {
        Environment.SetEnvironmentVariable(Endpoint, $"http://127.0.0.1:{FreePort()}/");
        Environment.SetEnvironmentVariable(Protocol, "http/protobuf");
        RunNights nights = SampleNights.In(folder.Path);
        Assert.False(OtlpMetrics.Send("shop", RunHistory.Read(nights), nights.Production));
    }

    [Fact]
    public void WithoutAnAddressNothingIsSent() => Assert.False(OtlpMetrics.IsConfigured);

    private static async Task<(string, byte[])> ReceiveAsync(HttpListener listener)
    {
        HttpListenerContext request = await listener.GetContextAsync();
        using var body = new MemoryStream();
        await request.Request.InputStream.CopyToAsync(body);
        request.Response.StatusCode = 200;
        request.Response.ContentType = "application/x-protobuf";
        request.Response.Close();
        return (request.Request.Url!.AbsolutePath, body.ToArray());
    }

    // Every length-delimited field of the message, at any depth, that is text: protobuf's wire format, without its schema.
    private static IEnumerable<string> Texts(byte[] message)
    {
        if (Fields(message) is not { } fields) yield break;
        foreach (byte[] field in fields)
        {
            if (field.Length > 0 && field.All(letter => letter is >= 0x20 and < 0x7f)) yield return Encoding.UTF8.GetString(field);
            foreach (string text in Texts(field)) yield return text;
        }
    }

    // The length-delimited fields; null where it is no message.
    private static List<byte[]>? Fields(byte[] message)
    {
        var fields = new List<byte[]>();
        int at = 0;
        while (at < message.Length)
        {
            if (Varint() is not { } key || key >> 3 == 0) return null;
            long? length = (key & 7) switch { 0 => Varint() is null ? null : 0, 1 => 8, 2 => Varint(), 5 => 4, _ => null };
            if (length is not { } bytes || bytes < 0 || at + bytes > message.Length) return null;
            if ((key & 7) == 2) fields.Add(message[at..(int)(at + bytes)]);
            at += (int)bytes;
        }

        return fields;

        long? Varint()
        {
            long value = 0;
            for (int shift = 0; at < message.Length && shift < 63; shift += 7)
            {
                byte next = message[at++];
                value |= (long)(next & 0x7f) << shift;
                if (next < 0x80) return value;
            }

            return null;
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
