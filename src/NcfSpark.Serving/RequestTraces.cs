using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using NcfSpark.Configuration;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace NcfSpark.Serving;

/// <summary>
/// A span for each request, sent over OTLP to the address in OpenTelemetry's variables (OTEL_EXPORTER_OTLP_ENDPOINT and the others). It continues the trace of
/// the request's header traceparent. It has the route's pattern, no ids.
/// </summary>
internal sealed class RequestTraces : IDisposable
{
    public const string SourceName = "NcfSpark.Serving";

    private static readonly ActivitySource source = new(SourceName);

    private readonly TracerProvider? provider;

    public RequestTraces(ServeOptions options) => provider = options.Traces
        ? Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource.AddService("ncfspark-serve").AddEnvironmentVariableDetector())
            .AddSource(SourceName)
            .AddOtlpExporter()
            .Build()
        : null;

    /// <summary>Begins a request's span; null where nobody listens.</summary>
    public static Activity? Begin(HttpContext context, string route)
    {
        if (!source.HasListeners()) return null;
        (string? parent, string? state) = ($"{context.Request.Headers.TraceParent}", $"{context.Request.Headers.TraceState}");
        ActivityContext.TryParse(parent, state, isRemote: true, out ActivityContext before);
        Activity? span = source.StartActivity($"{context.Request.Method} {route}", ActivityKind.Server, before);
        return span?.SetTag("http.request.method", context.Request.Method).SetTag("http.route", route);
    }

    /// <summary>Ends it with what was answered.</summary>
    public static void End(Activity? span, HttpContext context)
    {
        if (span is null) return;
        int status = context.Response.StatusCode;
        span.SetTag("http.response.status_code", status).SetTag("ncfspark.night", context.Response.Headers[Endpoints.NightHeader].FirstOrDefault());
        if (status >= StatusCodes.Status500InternalServerError) span.SetStatus(ActivityStatusCode.Error);
        span.Dispose();
    }

    /// <summary>Sends what is left.</summary>
    public void Dispose() => provider?.Dispose();
}
