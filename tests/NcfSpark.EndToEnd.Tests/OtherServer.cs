using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// A server on the loopback address that is not the one that is sought. It speaks just enough HTTP/2 (RFC 9113, RFC 7541) to give each request the same answer;
/// ASP.NET would take the place of assemblies that the program under test, beside this in one folder, needs.
/// </summary>
internal sealed class OtherServer : IDisposable
{
    private const int PrefaceLength = 24; // "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    private const byte Data = 0, Headers = 1, Settings = 4, Ping = 6, EndStream = 1, Acknowledge = 1, EndHeaders = 4;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly (byte Type, byte Flags, byte[] Payload)[] answer;
    private readonly Task serving;

    private OtherServer(params (byte Type, byte Flags, byte[] Payload)[] answer)
    {
        this.answer = answer;
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>Host and port.</summary>
    public string Address => listener.LocalEndpoint.ToString()!;

    /// <summary>Answers everything with a status of HTTP, as a web server or a proxy does.</summary>
    public static OtherServer Web(int status) => new((Headers, EndHeaders | EndStream, [0x08, .. Text($"{status}")])); // :status is name 8 of HPACK's table

    /// <summary>Speaks gRPC, and has not the service that is asked for.</summary>
    public static OtherServer WithoutTheService() => new((Headers, EndHeaders, GrpcHeaders), Trailer(12));

    /// <summary>
    /// Answers AnalyzePlan with a version of Spark: AnalyzePlanResponse { spark_version = 8 { version = 1 } }, behind
    /// gRPC's five bytes (not compressed, length).
    /// </summary>
    public static OtherServer Spark(string version)
    {
        byte[] inner = [(1 << 3) | 2, .. Text(version)], message = [(8 << 3) | 2, (byte)inner.Length, .. inner];
        return new((Headers, EndHeaders, GrpcHeaders), (Data, 0, [0, 0, 0, 0, (byte)message.Length, .. message]), Trailer(0));
    }

    public void Dispose()
    {
        listener.Dispose();
        serving.Wait();
    }

    // :status 200 is entry 8 of HPACK's table, content-type name 31.
    private static byte[] GrpcHeaders => [0x88, 0x0f, 31 - 15, .. Text("application/grpc")];

    private static (byte, byte, byte[]) Trailer(int status) => (Headers, EndHeaders | EndStream, [0x00, .. Text("grpc-status"), .. Text($"{status}")]);

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                await SpeakAsync(client.GetStream());
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task SpeakAsync(NetworkStream stream)
    {
        try
        {
            await stream.ReadExactlyAsync(new byte[PrefaceLength]);
            await SendAsync(stream, 0, Settings, 0, []);
            while (true)
            {
                var head = new byte[9];
                await stream.ReadExactlyAsync(head);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await stream.ReadExactlyAsync(payload);
                (byte type, byte flags, byte id) = (head[3], head[4], head[8]);
                if (type is Settings or Ping && (flags & Acknowledge) == 0) await SendAsync(stream, 0, type, Acknowledge, type == Ping ? payload : []);
                if (type is not (Data or Headers) || (flags & EndStream) == 0) continue;
                foreach ((byte answerType, byte answerFlags, byte[] answerPayload) in answer)
                {
                    await SendAsync(stream, id, answerType, answerFlags, answerPayload);
                }
            }
        }
        catch (IOException)
        {
            // The client has what it wanted.
        }
    }

    private static ValueTask SendAsync(NetworkStream stream, byte id, byte type, byte flags, byte[] payload) =>
        stream.WriteAsync((byte[])[0, 0, (byte)payload.Length, type, flags, 0, 0, 0, id, .. payload]);
}
