using System.Diagnostics;
using System.Text.Json;
using Amazon.S3;
using Amazon.S3.Transfer;
using NcfSpark.Storage;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Benchmarks;

/// <summary>
/// A file up to object storage and down again by <see cref="ObjectStore"/>, beside the SDK's own TransferUtility with as many parts at once, interleaved in one
/// run: MB a second, seconds of processor time of the client and of the server for a GB, the medians of the ratios within a round (limit: 1.3), and the most
/// memory of either. The server is the tests' small one on the loopback address, in a process of its own, so that its memory and time are not counted.
/// </summary>
internal static class StorageBenchmark
{
    private const string Serve = "serve";

    /// <param name="args">mb=1000 rounds=5.</param>
    public static int Run(string[] args)
    {
        if (args is [Serve]) return BeServer();
        Dictionary<string, string> given = args.Where(arg => arg.Contains('=')).Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        if (given.Count < args.Length || given.Keys.Except(["mb", "rounds"]).Any())
        {
            Console.Error.WriteLine("Usage: bench storage [mb=1000] [rounds=5]");
            return 2;
        }

        long megabytes = long.Parse(given.GetValueOrDefault("mb", "1000"));
        int rounds = int.Parse(given.GetValueOrDefault("rounds", "5"));
        using Process server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. ProgramArguments(), "storage", Serve])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        string folder = Directory.CreateTempSubdirectory("ncfspark-bench-storage-").FullName;
        try
        {
            string endpoint = server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server of the tests did not start.");
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Server.AccessKey);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Server.SecretKey);
            Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
            return Measure(server, endpoint, folder, megabytes, rounds);
        }
        finally
        {
            server.StandardInput.Close(); // which ends it
            server.WaitForExit();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Measure(Process server, string endpoint, string folder, long megabytes, int rounds)
    {
        string path = Path.Combine(folder, "artifact"), back = Path.Combine(folder, "back");
        WriteRandom(path, megabytes);
        var options = new StorageOptions { S3Endpoint = endpoint };
        using var store = new ObjectStore(options);
        using var client = new AmazonS3Client(new AmazonS3Config { ServiceURL = endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        using var utility = new TransferUtility(client, new TransferUtilityConfig { ConcurrentServiceRequests = options.Parallel });
        var place = new ObjectPlace(S3Server.Bucket, "ours");
        Action[] ways =
        [
            () => store.Put(path, place),
            () => utility.UploadAsync(path, S3Server.Bucket, "theirs").GetAwaiter().GetResult(),
            () => store.Get(place, back),
            () => utility.DownloadAsync(back, S3Server.Bucket, "theirs").GetAwaiter().GetResult(),
        ];
        foreach (Action way in ways) way(); // compiles, and makes the server's files
        Cost[][] costs = [.. Enumerable.Range(0, rounds).Select(_ => Array.ConvertAll(ways, way => CostOf(way, server)))];
        double Median(Func<Cost[], double> value) => costs.Select(value).Order().ElementAt(rounds / 2);
        (double Up, double Down) Ratio(Func<Cost, double> of) => (Median(round => of(round[0]) / of(round[1])), Median(round => of(round[2]) / of(round[3])));
        ((double up, double down), (double upCpu, double downCpu)) = (Ratio(cost => cost.Seconds), Ratio(cost => cost.Client));
        string[] names = ["up, ObjectStore", "up, TransferUtility", "down, ObjectStore", "down, TransferUtility"];
        Console.WriteLine($"{megabytes:N0} MB, {options.Parallel} parts at once; medians of {rounds} rounds: MB/s, processor s a GB of client and server");
        foreach ((int way, string name) in names.Index())
        {
            Console.WriteLine($"{name,-24}{Median(round => megabytes / round[way].Seconds),8:N0}{Median(round => 1000 * round[way].Client / megabytes),8:F2}"
                + $"{Median(round => 1000 * round[way].Server / megabytes),8:F2}");
        }

        using var process = Process.GetCurrentProcess();
        double memory = process.PeakWorkingSet64 / 1e6;
        Console.WriteLine($"seconds of ObjectStore over those of TransferUtility: up {up:F2}, down {down:F2} (limit 1.30); of the processor: up {upCpu:F2}, "
            + $"down {downCpu:F2}; most memory {memory:N0} MB");
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            storage = new
            {
                up_ratio = WindowOptions.Rounded(up),
                down_ratio = WindowOptions.Rounded(down),
                up_cpu_ratio = WindowOptions.Rounded(upCpu),
                down_cpu_ratio = WindowOptions.Rounded(downCpu),
                up_mb_per_second = WindowOptions.Rounded(Median(round => megabytes / round[0].Seconds)),
                down_mb_per_second = WindowOptions.Rounded(Median(round => megabytes / round[2].Seconds)),
                peak_memory_mb = WindowOptions.Rounded(memory),
            },
        }));
        return 0;
    }

    // Until standard input ends, as it does when the benchmark is gone.
    private static int BeServer()
    {
        using var server = new S3Server();
        Console.WriteLine(server.Endpoint);
        Console.In.ReadToEnd();
        return 0;
    }

    // Under `dotnet bench.dll` the program is dotnet.
    private static string[] ProgramArguments() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(StorageBenchmark).Assembly.Location] : [];

    private static Cost CostOf(Action way, Process server)
    {
        using var client = Process.GetCurrentProcess();
        (TimeSpan clientBefore, TimeSpan serverBefore) = (client.TotalProcessorTime, TimeOf(server));
        var watch = Stopwatch.StartNew();
        way();
        double seconds = watch.Elapsed.TotalSeconds;
        client.Refresh();
        return new Cost(seconds, (client.TotalProcessorTime - clientBefore).TotalSeconds, (TimeOf(server) - serverBefore).TotalSeconds);
    }

    private static TimeSpan TimeOf(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    private static void WriteRandom(string path, long megabytes)
    {
        var random = new Random(1);
        byte[] part = new byte[1_000_000];
        using FileStream file = File.Create(path);
        for (long written = 0; written < megabytes; written++)
        {
            random.NextBytes(part);
            file.Write(part);
        }
    }

    /// <param name="Client">Processor seconds of this process.</param>
    /// <param name="Server">Those of the server.</param>
    private sealed record Cost(double Seconds, double Client, double Server);
}
