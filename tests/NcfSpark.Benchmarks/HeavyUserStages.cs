using System.Globalization;
using System.Text.Json;

namespace NcfSpark.Benchmarks;

/// <summary>
/// The verbs, each in a process of its own, on a synthetic log with one user more, who has many rows, each with another
/// item, and on the same log with these rows dealt to all users: seconds of each, which take turns, and their ratio, by
/// the clock and by processor time. Each figure is the median over rounds, and ratios are formed within each round. The
/// catalogue is the same in both, and five of six of its items are the heavy user's.
/// </summary>
internal static class HeavyUserStages
{
    private static readonly (string Name, string Verb, string[] Settings)[] Stages =
    [
        ("prepare", "prepare", []),
        ("train, history and softmax", "train", []), // of the file in conf/, or the defaults
        ("evaluate", "evaluate", []),
        ("score", "score", []),
        ("train, neumf", "train", ["Model:Kind=neumf", "Model:User=embedding", "Model:UserMlp:Width=0", "Model:EmbeddingSize=32", "Train:Negatives=resampled",
            "Train:NegativesPerPositive=5", "Train:BatchSize=4096", "Train:Loss=logistic", "Train:Embeddings:Optimizer=same"]),
        ("prepare, stored negatives", "prepare", ["Prepare:NegativesPerPositive=5"]), // last, since what was made from the first is no longer of use
    ];

    /// <param name="args">millions=2 (of rows) heavy=0.1 (millions of the one user's; a twentieth where left out)
    /// users=4000 (about as many are tested, and as many get lists) rounds=3 stages=6 (how many of them, from the first
    /// on) conf=ml-1m-history (a file of conf/, or "defaults").</param>
    public static int Run(string[] args)
    {
        if (args.Any(arg => !arg.Contains('=')))
        {
            Console.Error.WriteLine("Usage: bench heavy-user stages [millions=2] [heavy=0.1] [users=4000] [rounds=3] [stages=6] [conf=ml-1m-history], "
                + "where stages is how many of them to run, and conf a file of conf/, or \"defaults\".");
            return 2;
        }

        Dictionary<string, string> given = args.Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        double Value(string name, double otherwise) => given.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        long rows = (long)(Value("millions", 2) * 1e6);
        (int listed, int rounds, int stages) = ((int)Value("users", 4000), (int)Value("rounds", 3), (int)Value("stages", Stages.Length));
        (int heavy, int users) = ((int)(Value("heavy", rows / 20e6) * 1e6), (int)(rows * 138 / 20_000));
        string conf = given.GetValueOrDefault("conf", "ml-1m-history");
        using Log with = new(rows, users, heavy, dealt: false, listed, conf), without = new(rows, users, heavy, dealt: true, listed, conf);
        Console.WriteLine($"{rows:N0} rows of {users:N0} users and {heavy * 6 / 5:N0} items, and {heavy:N0} of one user; median of {rounds} rounds");
        Console.WriteLine($"{"stage",-28} {"with",9} {"dealt",9} {"ratio",6} {"by cpu",6} {"peak MB",8} {"dealt",8}");
        var measured = Array.ConvertAll(Stages[..stages], _ => new List<(ProcessFigures With, ProcessFigures Without)>());
        for (int round = 0; round < rounds; round++)
        {
            for (int stage = 0; stage < stages; stage++)
            {
                (_, string verb, string[] settings) = Stages[stage];
                ProcessFigures? first = round % 2 == 0 ? with.Run(verb, settings) : null, dealt = without.Run(verb, settings);
                measured[stage].Add((first ?? with.Run(verb, settings), dealt));
            }
        }

        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        for (int stage = 0; stage < stages; stage++)
        {
            double Median(Func<(ProcessFigures With, ProcessFigures Without), double> value) => measured[stage].Select(value).Order().ElementAt(rounds / 2);
            (double ratio, double cpu) = (Median(one => one.With.Seconds / one.Without.Seconds), Median(one => one.With.CpuSeconds / one.Without.CpuSeconds));
            (double seconds, double dealtSeconds) = (Median(one => one.With.Seconds), Median(one => one.Without.Seconds));
            Console.WriteLine($"{Stages[stage].Name,-28} {seconds,9:N1} {dealtSeconds,9:N1} {ratio,6:N2} {cpu,6:N2} "
                + $"{Median(one => one.With.PeakMegabytes),8:N0} {Median(one => one.Without.PeakMegabytes),8:N0}");
            results[Stages[stage].Name] = new { ratio_to_dealt = WindowOptions.Rounded(ratio), processor_ratio_to_dealt = WindowOptions.Rounded(
                cpu), seconds = WindowOptions.Rounded(seconds), dealt_seconds = WindowOptions.Rounded(dealtSeconds) };
        }

        Console.WriteLine(JsonSerializer.Serialize(new { heavy_user_stages = results, rows, heavy, cores = Environment.ProcessorCount }));
        return 0;
    }

    /// <summary>A log, a run of it, and a list of the users who get recommendations.</summary>
    private sealed class Log : IDisposable
    {
        private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-").FullName;
        private readonly string configuration;
        private readonly string[] settings;

        public Log(long rows, int users, int heavy, bool dealt, int listed, string conf)
        {
            configuration = conf == "defaults" ? Path.Combine(folder, "defaults.json") : Path.Combine(ScoreRun.Root, "conf", $"{conf}.json");
            if (conf == "defaults") File.WriteAllText(configuration, "{}");
            string csv = Path.Combine(folder, "log.csv"), wanted = Path.Combine(folder, "users.csv");
            SyntheticLog.WriteCsv(csv, rows, users, heavy * 6 / 5, seed: 1, heavy, dealt: dealt);
            // Who is tested follows from rows alone; the heavy user always is.
            double leastRows = rows * Math.Pow(Math.Min(listed, users), 1 / SyntheticLog.UserExponent - 1) / SyntheticLog.UserExponent / Math.Pow(
                users, 1 / SyntheticLog.UserExponent);
            File.WriteAllLines(wanted, Enumerable.Range(Math.Max(users + 2 - listed, 1), Math.Min(listed, users + 1)).Select(user => $"{user}")
                .Prepend("user_id"));
            settings =
            [
                $"Input:Path={csv}", "Input:Header=true", "Input:Delimiter=,", "Input:UserColumn=userId", "Input:ItemColumn=movieId",
                "Input:TimestampColumn=timestamp", "Input:TestPath=", "Input:TestCandidatesPath=",
                "Prepare:Split=latest", $"Prepare:MinInteractions={Math.Max(2, leastRows):F0}", "Prepare:TestCandidates=99",
                "Train:Epochs=1", $"Score:UsersPath={wanted}",
            ];
        }

        public ProcessFigures Run(string verb, string[] more)
        {
            string[] arguments = [Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), verb, "--config", configuration, "--run", Path.Combine(folder, "run"),
                .. settings.Concat(more).SelectMany(setting => new[] { "--set", setting })];
            return ProcessFigures.Measure("dotnet", arguments, ScoreRun.Root);
        }

        public void Dispose() => Directory.Delete(folder, recursive: true);
    }
}
