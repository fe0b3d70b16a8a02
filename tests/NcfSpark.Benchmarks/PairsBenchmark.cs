using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Given pairs, through the verb: so many random pairs of users and items (whole numbers, in one row group of a Parquet
/// file: what is hardest to stream) are scored by a model that is trained on two million synthetic interactions of
/// MovieLens 20M's users and items. One user is given recommendations, so that what is timed is the pairs. Besides
/// seconds and peak memory of the process, what the verb itself says took how long.
/// </summary>
internal static class PairsBenchmark
{
    private const long Interactions = 2_000_000;

    private static readonly ScoreCase[] Cases =
    [
        .. ScoreCase.All,
        new("mf 64, by history", 0, ["Model:Kind=mf", "Model:EmbeddingSize=64", "Model:EmbeddingInit=0.1", "Model:User=history",
            "Model:UserMlp:Width=192", "Train:BatchSize=4098"]),
    ];

    /// <param name="args">pairs=50 (millions) threads=(all) case=(a part of a case's name, such as "seed").</param>
    public static int Run(string[] args)
    {
        Dictionary<string, string> given = args.Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[^1]);
        long count = (long)(double.Parse(given.GetValueOrDefault("pairs", "50"), CultureInfo.InvariantCulture) * 1e6);
        int threads = int.Parse(given.GetValueOrDefault("threads", $"{Environment.ProcessorCount}"), CultureInfo.InvariantCulture);
        using var run = new ScoreRun(Interactions, threads);
        (string pairs, string users) = (run.NewFile, run.NewFile);
        Write($"SELECT 1 + hash(n) % {ScoreRun.Users} AS user_id, 1 + hash(-n) % {ScoreRun.Items} AS item_id FROM range(1, {count + 1}) AS one(n)",
            pairs, count);
        Write("SELECT 1 AS user_id", users, 1);
        Console.WriteLine($"{threads} threads; {count / 1e6:N1} million pairs in one row group");
        Console.WriteLine($"{"case",-24} {"verb s",7} {"cpu s",7} {"pairs/s",10} {"peak MB",8} {"weights",8}");
        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (ScoreCase one in Cases.Where(one => one.Name.Contains(given.GetValueOrDefault("case", ""), StringComparison.Ordinal)))
        {
            run.Run("train", one.Settings);
            ProcessFigures verb = run.Run("score", [.. one.Settings, $"Score:PairsPath={pairs}", $"Score:UsersPath={users}"]);
            Console.WriteLine($"{one.Name,-24} {verb.Seconds,7:N1} {verb.CpuSeconds,7:N1} {count / verb.Seconds,10:N0} {verb.PeakMegabytes,8:N0} "
                + $"{run.WeightMegabytes,8:N0}");
            results[one.Name] = new
            {
                pairs_per_second = WindowOptions.Rounded(count / verb.Seconds),
                verb_seconds = WindowOptions.Rounded(verb.Seconds),
                verb_peak_megabytes = WindowOptions.Rounded(verb.PeakMegabytes),
                weights_megabytes = WindowOptions.Rounded(run.WeightMegabytes),
            };
        }

        Console.WriteLine(JsonSerializer.Serialize(new { pairs = results, threads, count }));
        return 0;
    }

    private static void Write(string rows, string path, long rowsOfGroup)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "COPY (SELECT CAST(COLUMNS(*) AS BIGINT) "
            + $"FROM ({rows})) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {Math.Max(2048, rowsOfGroup)})";
        command.ExecuteNonQuery();
    }
}
