using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Whole epochs of 2 workers of 1 thread each through the parameter server, beside 1 worker of 2 threads without one, interleaved in one run: thousand
/// samples a second, and the median of their ratios within a round. The workers are threads of this process, once with the server called directly, as
/// with Train:Placement threads, once over gRPC on the loopback address, as processes do, and once so with TLS. Ratios by processor time ("cpu") say
/// what the code does where other programs take cores away; spinning at barriers counts against either side.
/// Then what a round moves and costs, beside the cost model of src/README.md.
/// </summary>
internal static class ParameterServerBenchmark
{
    private const int Workers = 2;

    /// <param name="args">rounds=5 interactions=5000000 perepoch=10 wire=fp32.</param>
    public static int Run(string[] args)
    {
        Dictionary<string, string> given = args.Where(arg => arg.Contains('=')).Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        if (given.Count < args.Length || given.Keys.Except(["rounds", "interactions", "perepoch", "wire"]).Any())
        {
            Console.Error.WriteLine("Usage: bench parameter-server [rounds=5] [interactions=5000000] [perepoch=10] [wire=fp32]");
            return 2;
        }

        int rounds = int.Parse(given.GetValueOrDefault("rounds", "5")), interactions = int.Parse(given.GetValueOrDefault("interactions", "5000000"));
        int perEpoch = int.Parse(given.GetValueOrDefault("perepoch", "10"));
        StepCase of = StepCase.All().Single(one => one.Name == "seed 138493x26744 batch 4096");
        TrainOptions options = of.Train with
        {
            Epochs = 1,
            Threads = 2,
            Server = new() { RoundsPerEpoch = perEpoch, WirePrecision = Enum.Parse<WirePrecision>(given.GetValueOrDefault("wire", "fp32"), ignoreCase: true) },
        };
        Epochs(of, options, SyntheticSet.Make(of.Users, of.Items, interactions / 20, seed: 2)).Measure(); // compiles and warms up
        EpochMeasurement measurement = Epochs(of, options, SyntheticSet.Make(of.Users, of.Items, interactions, seed: 1));
        EpochRound[] measured = [.. Enumerable.Range(0, rounds).Select(_ => measurement.Measure())];

        double Median(Func<EpochRound, double> value) => measured.Select(value).Order().ElementAt(rounds / 2);
        Console.WriteLine($"{of.Name}, {measured[0].Samples:N0} samples an epoch, {perEpoch} rounds of it; thousand samples/s, median of {rounds} rounds");
        Console.WriteLine($"1 worker x 2 threads            {Median(round => round.Alone.PerSecond) / 1e3,8:N0}");
        Console.WriteLine($"2 workers x 1 thread            {Median(round => round.Direct.PerSecond) / 1e3,8:N0}  ratio "
            + $"{Median(round => round.Direct.PerSecond / round.Alone.PerSecond),5:F2}  cpu "
            + $"{Median(round => round.Direct.PerCpuSecond / round.Alone.PerCpuSecond),5:F2}");
        Console.WriteLine($"2 workers x 1 thread, over gRPC {Median(round => round.Grpc.PerSecond) / 1e3,8:N0}  ratio "
            + $"{Median(round => round.Grpc.PerSecond / round.Alone.PerSecond),5:F2}  cpu "
            + $"{Median(round => round.Grpc.PerCpuSecond / round.Alone.PerCpuSecond),5:F2}");
        Console.WriteLine($"the same with TLS               {Median(round => round.Tls.PerSecond) / 1e3,8:N0}  over without "
            + $"{Median(round => round.Tls.PerSecond / round.Grpc.PerSecond),5:F2}  cpu "
            + $"{Median(round => round.Tls.PerCpuSecond / round.Grpc.PerCpuSecond),5:F2}");

        var combining = new CombineMeasurement(of.Model, of.Items, Workers);
        double[] rates = [.. Enumerable.Range(0, 3 + 20).Select(_ => combining.Measure()).Skip(3).Order()]; // the first ones compile
        Console.WriteLine($"the server takes in and combines {rates[rates.Length / 2] / 1e9:F2} GB/s of pushes that touch all rows, "
            + $"by {Workers} workers (median of {rates.Length})");

        WorkerTimes times = measured[^1].GrpcTimes;
        double perRound(double value) => value / times.Rounds;
        int rows = of.Items * (of.Model.EmbeddingSize + of.Model.MlpEmbeddingSize);
        Console.WriteLine($"a worker's round over gRPC: {perRound(times.BytesSent) / 1e6:F2} MB sent, {perRound(times.BytesReceived) / 1e6:F2} MB received "
            + $"(all items' rows are {rows * 4 / 1e6:F2}); computing {perRound(times.Computing) * 1e3:N0} ms, waiting {perRound(times.Waiting) * 1e3:N0} ms, "
            + $"communicating {perRound(times.Communicating) * 1e3:N0} ms");
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            parameter_server = new
            {
                ratio = WindowOptions.Rounded(Median(round => round.Direct.PerSecond / round.Alone.PerSecond)),
                ratio_by_cpu = WindowOptions.Rounded(Median(round => round.Direct.PerCpuSecond / round.Alone.PerCpuSecond)),
                ratio_over_grpc = WindowOptions.Rounded(Median(round => round.Grpc.PerSecond / round.Alone.PerSecond)),
                ratio_over_grpc_by_cpu = WindowOptions.Rounded(Median(round => round.Grpc.PerCpuSecond / round.Alone.PerCpuSecond)),
                tls_over_plain = WindowOptions.Rounded(Median(round => round.Tls.PerSecond / round.Grpc.PerSecond)),
                tls_over_plain_by_cpu = WindowOptions.Rounded(Median(round => round.Tls.PerCpuSecond / round.Grpc.PerCpuSecond)),
                bytes_sent_a_round = perRound(times.BytesSent),
                bytes_received_a_round = perRound(times.BytesReceived),
                combined_bytes_per_second = WindowOptions.Rounded(rates[rates.Length / 2]),
                communicating_ms_a_round = WindowOptions.Rounded(perRound(times.Communicating) * 1e3),
                samples_per_second = WindowOptions.Rounded(Median(round => round.Direct.PerSecond)),
            },
        }));
        return 0;
    }

    private static EpochMeasurement Epochs(StepCase of, TrainOptions options, TrainingSet set) => new(of.Model, options, set, Workers);
}
