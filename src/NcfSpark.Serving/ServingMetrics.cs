using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace NcfSpark.Serving;

/// <summary>Counts of requests, latencies and production in Prometheus's text format 0.0.4. Routes are patterns, so that no id is a label.</summary>
internal sealed class ServingMetrics
{
    private const string Prefix = "ncfspark_serving_";
    private static readonly double[] bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly ConcurrentDictionary<(string Route, int Status), long> requests = new();
    private readonly ConcurrentDictionary<string, Histogram> latencies = new();
    private long inFlight;

    public void Began() => Interlocked.Increment(ref inFlight);

    public void Ended(string route, int status, TimeSpan took)
    {
        Interlocked.Decrement(ref inFlight);
        requests.AddOrUpdate((route, status), 1, (_, before) => before + 1);
        latencies.GetOrAdd(route, _ => new Histogram()).Add(took.TotalSeconds);
    }

    public string Text(Production production, ServedModel model)
    {
        var text = new StringBuilder();
        Add(text, "requests_total", "counter", "Requests answered, by route and status.",
            requests.OrderBy(one => one.Key).Select(one => ($"{{route=\"{one.Key.Route}\",status=\"{one.Key.Status}\"}}", (double)one.Value)));
        text.Append($"# HELP {Prefix}request_duration_seconds From the first byte of a request to its answer.\n");
        text.Append($"# TYPE {Prefix}request_duration_seconds histogram\n");
        foreach ((string route, Histogram histogram) in latencies.OrderBy(one => one.Key, StringComparer.Ordinal)) histogram.Write(text, route);
        Add(text, "requests_in_flight", "gauge", "Requests that are being answered.", [("", Interlocked.Read(ref inFlight))]);
        Add(text, "model_info", "gauge", "The night that answers.", [($"{{night=\"{model.Night}\",version=\"{model.Version}\"}}", 1)]);
        Add(text, "model_switches_total", "counter", "How often another night took over.", [("", production.Switches)]);
        Add(text, "model_failures_total", "counter", "How often a night in production could not be read.", [("", production.Failures)]);
        return text.ToString();
    }

    private static void Add(StringBuilder text, string name, string type, string help, IEnumerable<(string Labels, double Value)> values)
    {
        text.Append($"# HELP {Prefix}{name} {help}\n# TYPE {Prefix}{name} {type}\n");
        foreach ((string labels, double value) in values) text.Append($"{Prefix}{name}{labels} {value.ToString("R", CultureInfo.InvariantCulture)}\n");
    }

    private sealed class Histogram
    {
        private readonly long[] counts = new long[bounds.Length + 1];
        private double sum;

        public void Add(double seconds)
        {
            int bucket = Array.FindIndex(bounds, bound => seconds <= bound);
            lock (counts)
            {
                counts[bucket < 0 ? bounds.Length : bucket]++;
                sum += seconds;
            }
        }

        public void Write(StringBuilder text, string route)
        {
            lock (counts)
            {
                long below = 0;
                for (int bucket = 0; bucket < counts.Length; bucket++)
                {
                    below += counts[bucket];
                    string bound = bucket == bounds.Length ? "+Inf" : bounds[bucket].ToString("R", CultureInfo.InvariantCulture);
                    text.Append($"{Prefix}request_duration_seconds_bucket{{route=\"{route}\",le=\"{bound}\"}} {below}\n");
                }

                text.Append($"{Prefix}request_duration_seconds_sum{{route=\"{route}\"}} {sum.ToString("R", CultureInfo.InvariantCulture)}\n");
                text.Append($"{Prefix}request_duration_seconds_count{{route=\"{route}\"}} {below}\n");
            }
        }
    }
}
