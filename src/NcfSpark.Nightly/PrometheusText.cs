using System.Globalization;
using System.Text;

namespace NcfSpark.Nightly;

/// <summary>
/// metrics.prom: Prometheus's text format 0.0.4, for the textfile collector of the node exporter, which wants files that are whole at every instant and
/// without timestamps.
/// </summary>
internal static class PrometheusText
{
    public const string FileName = "metrics.prom";

    private const string Prefix = "ncfspark_";

    /// <param name="run">The run's name, a label of every value, so that files of several runs can stand together.</param>
    /// <param name="production">The one in production.</param>
    public static string Of(string run, RunHistory history, string? production)
    {
        var text = new StringBuilder();
        foreach (NightMetrics.Gauge gauge in NightMetrics.Of(history, production))
        {
            text.Append($"# HELP {Prefix}{gauge.Name} {Escaped(gauge.Help)}\n# TYPE {Prefix}{gauge.Name} gauge\n");
            foreach (((string Name, string Value)[] labels, double value) in gauge.Values)
            {
                IEnumerable<string> pairs = labels.Prepend(("run", run))
                    .Select(label => $"{label.Item1}=\"{Escaped(label.Item2).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
                text.Append($"{Prefix}{gauge.Name}{{{string.Join(',', pairs)}}} {value.ToString("R", CultureInfo.InvariantCulture)}\n");
            }
        }

        return text.ToString();
    }

    private static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
