using System.Globalization;

namespace NcfSpark.Benchmarks;

/// <summary>How a benchmark of interleaved windows is run.</summary>
/// <param name="Rounds">Of which figures are medians.</param>
/// <param name="Threads">All processors where not given.</param>
/// <param name="Torch">Whether Torch is measured beside.</param>
/// <param name="Millions">Of interactions, where a log is made.</param>
/// <param name="Case">A part of the names of the cases to measure; "" for all.</param>
internal sealed record WindowOptions(int Rounds, double Seconds, int Threads, bool Torch, double Millions, string Case)
{
    /// <summary>Reads NAME=VALUE arguments; null, with a line of usage, where one is something else.</summary>
    public static WindowOptions? Read(string benchmark, string exampleCase, string[] args)
    {
        if (args.Any(arg => !arg.Contains('=')))
        {
            Console.Error.WriteLine($"Usage: bench {benchmark} [rounds=5] [seconds=0.3] [threads=N] [torch=true] [case=TEXT], "
                + $"where TEXT is a part of a case's name, such as \"{exampleCase}\".");
            return null;
        }

        Dictionary<string, string> given = args.Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        string Value(string name, string otherwise) => given.GetValueOrDefault(name, otherwise);
        return new WindowOptions(
            int.Parse(Value("rounds", "5"), CultureInfo.InvariantCulture),
            double.Parse(Value("seconds", "0.3"), CultureInfo.InvariantCulture),
            int.Parse(Value("threads", $"{Environment.ProcessorCount}"), CultureInfo.InvariantCulture),
            bool.Parse(Value("torch", "true")),
            double.Parse(Value("millions", "20"), CultureInfo.InvariantCulture),
            Value("case", ""));
    }

    public bool Measures(string name) => name.Contains(Case, StringComparison.Ordinal);

    /// <summary>For JSON, which has no NaN: null where it was not measured.</summary>
    public static double? Rounded(double value) => double.IsFinite(value) ? Math.Round(value, 3) : null;
}
