using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Benchmarks;

/// <summary>
/// The server in a process of its own, asked over HTTP by this one, for ml-latest-small and for a synthetic log of 138,493 users and 26,744 items: lists of
/// 10 a second when as many ask as there are connections; the latency at half of that rate, from the moment at which a request was due (so that a slow
/// answer counts for those who wait behind it); that rate over the kernel's for one user at a time in this process; pairs in batches of 100 a minute; and the
/// server's memory after a tenth of many requests and after all. Server and load share the machine's cores.
/// </summary>
internal static class ServeBenchmark
{
    private const int K = 10, Batch = 100;

    /// <param name="args">seconds=10 connections=8 requests=1000000 threads=(all) millions=20 case=(a part of a case's name, such as "small").</param>
    public static int Run(string[] args)
    {
        if (args.Any(arg => !arg.Contains('=')))
        {
            Console.Error.WriteLine("Usage: bench serve [seconds=10] [connections=8] [requests=1000000] [threads=N] [millions=20] [case=small]");
            return 2;
        }

        Dictionary<string, string> given = args.Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        double Number(string name, double otherwise) =>
            given.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        (double seconds, int connections, int requests) = (Number("seconds", 10), (int)Number("connections", 8), (int)Number("requests", 1_000_000));
        int threads = (int)Number("threads", Environment.ProcessorCount);
        Console.WriteLine($"{connections} connections, {seconds} s each; lists of {K}; milliseconds at half of the saturating rate");
        Console.WriteLine($"{"case",-28} {"kernel/s",9} {"lists/s",9} {"share",6} {"p50",7} {"p99",7} {"batches/min",12} {"MB",7} {"MB then",8}");
        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        const string Small = "ml-latest-small", Large = "synthetic 138,493 x 26,744";
        foreach (string name in new[] { Small, Large }.Where(name => name.Contains(given.GetValueOrDefault("case", ""), StringComparison.Ordinal)))
        {
            using ScoreRun run = name == Small
                ? ScoreRun.OfLog(Path.Combine(ScoreRun.Root, "tests", "data", Small, "ratings.csv"), threads)
                : new ScoreRun((long)(Number("millions", 20) * 1e6), threads);
            run.Run("train", ["Model:Kind=mf", "Model:EmbeddingSize=64", "Model:EmbeddingInit=0.1"]);
            results[name] = Measure(name, run, seconds, connections, requests);
        }

        Console.WriteLine(JsonSerializer.Serialize(new { serve = results, connections, requests }));
        return 0;
    }

    private static object Measure(string name, ScoreRun run, double seconds, int connections, int requests)
    {
        var model = TrainedModel.Read(Core.StageDirectory.Open(run.RunDirectory, TrainedModel.StageName));
        int[] users = [.. Enumerable.Range(0, model.Users.Count)];
        new Random(1).Shuffle(users);
        byte[][] lists = [.. users.Take(20_000).Select(user => Get($"/v1/users/{model.Users.TextOf(user)}/recommendations?k={K}"))];
        byte[][] pairs = [.. Enumerable.Range(0, 1000).Select(number => Post("/v1/models/ncf:predict", JsonSerializer.Serialize(new
        {
            instances = Enumerable.Range(number * Batch, Batch).Select(pair => new
            {
                user_id = model.Users.TextOf(users[pair % users.Length]), item_id = model.Items.TextOf(pair * 7919 % model.Items.Count),
            }),
        })))];
        double kernel = ListsOfKernel(model, users, seconds);
        using Process server = Process.Start(new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), "serve", "--run", run.RunDirectory, "--port", "0", "--set", "Serve:AccessLog=none",
                "--set", $"Score:TopK={K}", "--set", $"Serve:Queue={connections + 100}"])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            string line = server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server ended before it served.");
            var load = new HttpLoad(new Uri(line.Split(" at ")[1].Trim()).Port, connections);
            load.Saturate(lists, seconds); // compiled by now
            double saturated = load.Saturate(lists, seconds);
            double[] latencies = load.AtRate(lists, saturated / 2, seconds);
            double batches = 60 * load.Saturate(pairs, seconds);
            load.Send(lists, requests / 10);
            double early = Megabytes(server);
            load.Send(lists, requests - requests / 10);
            double late = Megabytes(server);
            double p50 = latencies[latencies.Length / 2], p99 = latencies[(int)(0.99 * latencies.Length)];
            Console.WriteLine($"{name,-28} {kernel,9:N0} {saturated,9:N0} {saturated / kernel,6:P0} {p50,7:N2} {p99,7:N2} {batches,12:N0} {early,7:N0} "
                + $"{late,8:N0}");
            return new
            {
                share_of_kernel = WindowOptions.Rounded(saturated / kernel),
                memory_late_over_early = WindowOptions.Rounded(late / early),
                lists_per_second = WindowOptions.Rounded(saturated),
                kernel_lists_per_second = WindowOptions.Rounded(kernel),
                p50_milliseconds = WindowOptions.Rounded(p50),
                p99_milliseconds = WindowOptions.Rounded(p99),
                batches_of_100_pairs_per_minute = WindowOptions.Rounded(batches),
                megabytes_early = WindowOptions.Rounded(early),
                megabytes_late = WindowOptions.Rounded(late),
            };
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    // One user a call, on as many threads as the machine has, as the server computes them.
    private static double ListsOfKernel(TrainedModel model, int[] users, double seconds)
    {
        using ISessionScorer scorer = Scorers.Of(model.Weights);
        long done = 0, began = Stopwatch.GetTimestamp();
        Parallel.For(0, Environment.ProcessorCount, worker =>
        {
            var best = new TopLists(1, K);
            for (int number = worker; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; number += Environment.ProcessorCount)
            {
                scorer.FindBest(new[] { users[number % users.Length] }, _ => [], best, threads: 1);
                Interlocked.Increment(ref done);
            }
        });
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static double Megabytes(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / 1e6;
    }

    private static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    private static byte[] Post(string path, string body) => Encoding.UTF8.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
}
