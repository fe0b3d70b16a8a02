using NcfSpark.Benchmarks;

var benchmarks = new SortedDictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["heavy-user"] = HeavyUserBenchmark.Run,
    ["mlp"] = MlpShare.Run,
    ["nights"] = NightsBenchmark.Run,
    ["pairs"] = PairsBenchmark.Run,
    ["parameter-server"] = ParameterServerBenchmark.Run,
    ["prepare"] = PrepareBenchmark.Run,
    ["scale"] = ScaleBenchmark.Run,
    ["score"] = ScoreBenchmark.Run,
    ["serve"] = ServeBenchmark.Run,
    ["step"] = StepBenchmark.Run,
    ["storage"] = StorageBenchmark.Run,
};

if (args.Length > 0 && benchmarks.TryGetValue(args[0], out Func<string[], int>? run)) return run(args[1..]);
Console.Error.WriteLine($"Usage: bench NAME, where NAME is {string.Join(", ", benchmarks.Keys)}. "
    + "Each prints a table, and last one line of JSON with its figures, ratios first.");
return 2;
