using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Serving;

/// <summary>The server: Kestrel, the endpoints, and what every request passes: token, messages for failures, metrics and the access log.</summary>
public sealed class ServingHost : IAsyncDisposable
{
    /// <summary>What SageMaker names the port by that a container must listen on.</summary>
    public const string SageMakerPort = "SAGEMAKER_BIND_TO_PORT";

    private static readonly TimeSpan longestEnd = TimeSpan.FromSeconds(25); // SageMaker and Docker kill after 30
    private static readonly string[] open = ["/ping", "/healthz", "/readyz", .. PageEndpoints.Files]; // what watches over the server has no token

    private readonly WebApplication application;
    private readonly Production production;
    private readonly Admission admission;
    private readonly ServingMetrics metrics = new();
    private readonly AccessLog log;
    private readonly BearerToken? token;
    private readonly JobContext job;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task following;
    private readonly PageEndpoints page;
    private readonly RequestTraces traces;

    private ServingHost(JobContext job, IDictionary environment)
    {
        ServeOptions options = job.Configuration.Serve;
        this.job = job;
        token = BearerToken.Of(options, environment);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions> listen = Listen(options, environment, builder.Configuration);
        production = new Production(job.RunDirectory, job.Configuration, job.Time, job.Progress);
        admission = new Admission(options, job.Time);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>(); // Ctrl-C and SIGTERM are the program's, not the host's
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = longestEnd);
        builder.WebHost.UseKestrelHttpsConfiguration(); // for certificates in Kestrel's own settings
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // Admission refuses larger ones; Kestrel would close the connection before the client reads why
            listen(kestrel);
        });
        application = builder.Build();
        application.Use(PassAsync);
        var endpoints = new Endpoints(production, admission, metrics, options, stopping.Token);
        endpoints.Map(application);
        page = new PageEndpoints(endpoints, job.RunDirectory, options);
        page.Map(application);
        traces = new RequestTraces(options);
        log = new AccessLog(options.AccessLog, job.Output, job.Time);
        try
        {
            application.Start();
        }
        catch (Exception cause) when (cause is IOException or InvalidOperationException or FormatException or SocketException or CryptographicException)
        {
            throw new InvalidInputException(
                $"The server cannot listen: {cause.Message} Choose another port by --port, another Serve:Address, or mend Kestrel's settings.", cause);
        }

        following = Task.Run(() => production.FollowAsync(stopping.Token));
    }

    /// <summary>Where it listens, such as "http://127.0.0.1:8080".</summary>
    public IReadOnlyCollection<string> Addresses => [.. application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    internal Production Production => production;

    internal Admission Admission => admission;

    internal IEnumerable<RouteEndpoint> Routes => application.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    /// <summary>Reads what is in production and listens.</summary>
    /// <param name="environment">Holds the token and SageMaker's port.</param>
    /// <exception cref="InvalidInputException">Nothing can be served, or not there.</exception>
    public static ServingHost Start(JobContext job, IDictionary environment) => new(job, environment);

    /// <summary>Serves until the job is cancelled, then answers what has come in, and ends.</summary>
    public static ExitCode Run(JobContext job, IDictionary environment)
    {
        ServingHost host = Start(job, environment);
        ServedModel model = host.production.Hold();
        job.Output.WriteLine($"serving {model.Night} of {job.RunDirectory} at {string.Join(", ", host.Addresses)}");
        model.Release();
        if (host.token is null && host.Addresses.Any(address => !IsLoopback(address)))
        {
            job.Progress.Line($"There is no token: whoever reaches this address can ask for anybody's list. Set Serve:TokenFile or {BearerToken.Variable}.");
        }

        job.Cancellation.WaitHandle.WaitOne();
        host.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return ExitCode.Done;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync(); // from here on it is not ready, and follows production no longer
        await application.StopAsync();
        await application.DisposeAsync();
        await following;
        await log.DisposeAsync();
        production.Dispose();
        admission.Dispose();
        page.Dispose();
        traces.Dispose();
        stopping.Dispose();
    }

    private static bool IsLoopback(string address) => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.IsLoopback;

    // Kestrel's own settings win: Kestrel:Endpoints in appsettings.json or Kestrel__Endpoints__… in the environment, with certificates.
    private static Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions> Listen(
        ServeOptions options, IDictionary environment, IConfiguration configuration)
    {
        IConfigurationSection kestrelSection = configuration.GetSection("Kestrel");
        if (kestrelSection.GetSection("Endpoints").GetChildren().Any()) return kestrel => kestrel.Configure(kestrelSection);
        (int port, bool isSageMaker) = (options.Port, environment[SageMakerPort] is not null);
        if (isSageMaker && !int.TryParse($"{environment[SageMakerPort]}", NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            throw new InvalidInputException(
                $"The environment variable {SageMakerPort} is \"{ShownText.Of($"{environment[SageMakerPort]}")}\", which is no port.");
        }

        bool anyAddress = isSageMaker || BearerToken.Of(options, environment) is not null;
        if (options.Address.Length == 0) return kestrel => kestrel.Listen(anyAddress ? IPAddress.Any : IPAddress.Loopback, port);
        return IPAddress.TryParse(options.Address, out IPAddress? address)
            ? kestrel => kestrel.Listen(address, port)
            : throw new InvalidInputException(
                $"Serve:Address is \"{ShownText.Of(options.Address)}\", which is no IP address: write one such as 127.0.0.1, 0.0.0.0 or ::.");
    }

    private async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        long began = job.Time.GetTimestamp();
        metrics.Began();
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        Activity? span = RequestTraces.Begin(context, route);
        try
        {
            if (token is not null && !open.Contains(route) && !token.IsIn(context.Request.Headers.Authorization))
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                throw new RefusedRequestException(401, "The token is missing or wrong: send the header Authorization: Bearer TOKEN.");
            }

            await next(context);
            if (route == "none") throw NotThere(context);
        }
        catch (RefusedRequestException refused)
        {
            if (refused.RetryAfterSeconds is { } seconds) context.Response.Headers.RetryAfter = $"{seconds}";
            await RefuseAsync(context, refused.Status, refused.Message);
        }
        catch (BadHttpRequestException fault)
        {
            await RefuseAsync(context, fault.StatusCode, fault.Message);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest; // for the log: nobody reads it
        }
#pragma warning disable CA1031 // the last resort: the request fails, the server goes on
        catch (Exception failure)
#pragma warning restore CA1031
        {
            job.Progress.Line($"{context.Request.Method} {route} failed: {failure}");
            await RefuseAsync(context, 500, "The request failed by a fault of the server, which its log tells.");
        }
        finally
        {
            TimeSpan took = job.Time.GetElapsedTime(began);
            metrics.Ended(route, context.Response.StatusCode, took);
            log.Add(context, route, took);
            RequestTraces.End(span, context);
        }
    }

    private static RefusedRequestException NotThere(HttpContext context) => context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed
        ? new(405, $"{context.Request.Method} is not how this is asked; {context.Response.Headers.Allow} is.")
        : new(404, $"Nothing is at {ShownText.Of($"{context.Request.Path}")}. The model is {Endpoints.ModelName}; GET /openapi.json lists what can be asked.");

    private static async Task RefuseAsync(HttpContext context, int status, string message)
    {
        if (context.Response.HasStarted) return;
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new { error = message });
        (context.Response.StatusCode, context.Response.ContentType, context.Response.ContentLength) = (status, "application/json", body.Length);
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body);
    }

    private sealed class SilentLifetime : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
