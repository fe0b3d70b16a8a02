using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace NcfSpark.Nightly;

/// <summary>
/// Sends the gauges of <see cref="NightMetrics"/> over OTLP, to the address in OpenTelemetry's variables: OTEL_EXPORTER_OTLP_ENDPOINT, or
/// OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, and, where they are set, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME,
/// OTEL_RESOURCE_ATTRIBUTES.
/// </summary>
internal static class OtlpMetrics
{
    private const string Prefix = "ncfspark.";
    private const int MostMilliseconds = 10_000; // a collector that does not answer must not delay the night

    /// <summary>Whether one of the address variables is set.</summary>
    public static bool IsConfigured =>
        new[] { "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" }
            .Any(variable => Environment.GetEnvironmentVariable(variable) is { Length: > 0 });

    /// <summary>Sends them once.</summary>
    /// <param name="run">The run's name, an attribute of every value.</param>
    /// <param name="production">The one in production.</param>
    /// <returns>Whether the collector accepted them.</returns>
    public static bool Send(string run, RunHistory history, string? production)
    {
        using var meter = new Meter("NcfSpark");
        foreach (NightMetrics.Gauge gauge in NightMetrics.Of(history, production))
        {
            Measurement<double>[] values = [.. gauge.Values.Select(value => new Measurement<double>(value.Value, Tags(value.Labels)))];
            meter.CreateObservableGauge(Prefix + gauge.Name, () => values, UnitOf(gauge.Name), gauge.Help);
        }

        using MeterProvider provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("ncfspark").AddEnvironmentVariableDetector())
            .AddMeter(meter.Name)
            .AddOtlpExporter()
            .Build();
        return provider.ForceFlush(MostMilliseconds);

        IEnumerable<KeyValuePair<string, object?>> Tags((string Name, string Value)[] labels) =>
            labels.Prepend(("run", run)).Select(label => KeyValuePair.Create(label.Item1, (object?)label.Item2));
    }

    private static string? UnitOf(string name) =>
        name.EndsWith("_seconds", StringComparison.Ordinal) ? "s" : name.EndsWith("_ratio", StringComparison.Ordinal) ? "1" : null;
}
