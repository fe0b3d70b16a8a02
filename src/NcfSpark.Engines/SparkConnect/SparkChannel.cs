using System.Net.Sockets;
using Grpc.Net.Client;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>The HTTP/2 connection under a session.</summary>
internal static class SparkChannel
{
    // Spark's own limit on a message (CONNECT_GRPC_MAX_MESSAGE_SIZE); .NET's default is 4 MB, and Arrow batches are larger.
    private const int MaxMessageBytes = 128 << 20;

    public static GrpcChannel Open(SparkConnectionString target, TimeSpan connectTimeout)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = connectTimeout,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = target.UseTls && !target.IsLocal,
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    // A machine that vanished without closing its connections is noticed after 30 + 3 · 10 s. HTTP/2 pings would tell too,
                    // but Spark's server hangs up on clients that ping more often than every 5 minutes.
                    socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                    socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
                    socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
                    socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
                    await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return GrpcChannel.ForAddress(target.ChannelAddress, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = MaxMessageBytes,
            MaxRetryAttempts = null, // an operation is reattached to, never simply sent again: see SparkOperation
        });
    }
}
