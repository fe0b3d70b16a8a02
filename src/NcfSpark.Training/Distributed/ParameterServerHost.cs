using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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

/// <summary>
/// The server's gRPC end: HTTP/2 on one address, with TLS where <see cref="ServerOptions.Tls"/> says so. Every call needs the run's token, a random
/// secret. The certificate is made for the run and signs itself: workers know it by its fingerprint, so neither names nor dates nor authorities matter.
/// </summary>
internal sealed class ParameterServerHost : IDisposable
{
    private const int Window = 8 << 20; // several blocks may be under way

    private readonly WebApplication application;

    private readonly X509Certificate2? certificate;

    private ParameterServerHost(WebApplication application, X509Certificate2? certificate, WorkerCredentials credentials) =>
        (this.application, this.certificate, Credentials) = (application, certificate, credentials);

    /// <summary>What a worker needs to call it, but for its number and attempt.</summary>
    public WorkerCredentials Credentials { get; }

    /// <summary>Listens on <see cref="ServerOptions.Address"/>.</summary>
    /// <exception cref="InvalidInputException">It cannot listen there.</exception>
    public static ParameterServerHost Start(ParameterServer server, ServerOptions options, TimeProvider time)
    {
        X509Certificate2? certificate = options.UsesTls ? MakeCertificate(time) : null;
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
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPEndPoint.Parse(options.Address), listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (certificate is not null) listen.UseHttps(certificate);
            });
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
            throw new InvalidInputException($"The parameter server cannot listen on {options.Address} (Train:Server:Address): {cause.Message}", cause);
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        if (options.ReachedAt.Length > 0) address = $"{(certificate is null ? "http" : "https")}://{options.ReachedAt}";
        string fingerprint = certificate?.GetCertHashString(HashAlgorithmName.SHA256) ?? "";
        return new ParameterServerHost(application, certificate, new WorkerCredentials(address, token, fingerprint, 0, 0));
    }

    private static X509Certificate2 MakeCertificate(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ncfspark parameter server", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = time.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
    }

    public void Dispose()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1)); // calls that still run are of workers that end by it
        application.StopAsync(now.Token).GetAwaiter().GetResult();
        application.DisposeAsync().AsTask().GetAwaiter().GetResult();
        certificate?.Dispose();
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
