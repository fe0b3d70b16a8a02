using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NcfSpark.Core;

namespace NcfSpark.Training.Distributed;

/// <summary>The server's gRPC end: HTTP/2 without TLS on one address. Every call needs the run's token, a random secret.</summary>
internal sealed class ParameterServerHost : IDisposable
{
    private const int Window = 8 << 20; // several blocks may be under way

    private readonly WebApplication application;

    private ParameterServerHost(WebApplication application, string address, string token) => (this.application, Address, Token) = (application, address, token);

    /// <summary>Such as "http://127.0.0.1:41234".</summary>
    public string Address { get; }

    public string Token { get; }

    /// <summary>Listens.</summary>
    /// <param name="listenOn">Address and port; port 0 for a free one.</param>
    /// <exception cref="InvalidInputException">It cannot listen there.</exception>
    public static ParameterServerHost Start(ParameterServer server, string listenOn)
    {
        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>(); // Ctrl-C and SIGTERM are the program's, not the host's
        builder.Services.AddSingleton(server);
        builder.Services.AddGrpc(grpc =>
        {
            // Who joins says of each item how often it was used, and whether.
            int largest = (int)Math.Min(int.MaxValue, 2L * TableBlock.LargestBlock + 5L * server.ItemCount);
            (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = (largest, largest);
            grpc.Interceptors.Add<TokenCheck>(token);
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPEndPoint.Parse(listenOn), listen => listen.Protocols = HttpProtocols.Http2);
            (kestrel.Limits.MaxRequestBodySize, kestrel.Limits.MinRequestBodyDataRate, kestrel.Limits.MinResponseDataRate) = (null, null, null);
            (kestrel.Limits.Http2.InitialConnectionWindowSize, kestrel.Limits.Http2.InitialStreamWindowSize) = (2 * Window, Window);
        });
        WebApplication application = builder.Build();
        application.MapGrpcService<ParameterService>();
        try
        {
            application.Start();
        }
        catch (IOException cause)
        {
            throw new InvalidInputException($"The parameter server cannot listen on {listenOn} (Train:Server:Address): {cause.Message}", cause);
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new ParameterServerHost(application, address, token);
    }

    public void Dispose()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1)); // calls that still run are of workers that end by it
        application.StopAsync(now.Token).GetAwaiter().GetResult();
        application.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private sealed class SilentLifetime : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Refuses calls without the run's token, before anything of them is read.</summary>
    private sealed class TokenCheck(string token) : Interceptor
    {
        private readonly byte[] expected = Encoding.UTF8.GetBytes($"Bearer {token}");

        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            Check(context);
            return continuation(request, context);
        }

        public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
        {
            Check(context);
            return continuation(requestStream, context);
        }

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream,
            ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
        {
            Check(context);
            return continuation(request, responseStream, context);
        }

        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream,
            IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
        {
            Check(context);
            return continuation(requestStream, responseStream, context);
        }

        private void Check(ServerCallContext context)
        {
            byte[] given = Encoding.UTF8.GetBytes(context.RequestHeaders.GetValue("authorization") ?? "");
            if (!CryptographicOperations.FixedTimeEquals(given, expected))
            {
                throw new RpcException(new Status(StatusCode.Unauthenticated, "This is not the run's token: this worker belongs to another run."));
            }
        }
    }
}
