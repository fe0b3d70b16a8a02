using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Tests;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Training on 140,000 rows of one user, beside the same rows dealt to 4,000 users, in windows that take turns:
/// thousand samples a second. Each figure is the median over rounds, and the ratio is formed within each round, by the
/// clock and by processor time ("cpu"), which says more where others use the machine, too. "stages" measures the stages
/// of two logs instead (<see cref="HeavyUserStages"/>).
/// </summary>
internal static class HeavyUserBenchmark
{
    private const int Rows = 140_000, Items = 200_000, DealtTo = 4000;

    private static readonly ModelOptions History = PlainOptions.Model with
    {
        Kind = NetworkKind.Mf, EmbeddingSize = 128, EmbeddingInit = 0.1, User = UserEncoderKind.History, History = new() { Length = 20, Decay = 3, Factor = 2 },
        UserMlp = new() { Width = 128, Lags = 3, TemporalFeatures = true, Dropout = 0.5 },
    };

    private static readonly TrainOptions Softmax = PlainOptions.Train with
    {
        Loss = LossKind.Softmax, SoftmaxNegatives = 256, Negatives = NegativeSource.PopularityUntouched, NegativesPerPositive = 8, BatchSize = 576,
        Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.05, Regularization = 0.005 },
    };

    private static readonly (string Name, ModelOptions Model, TrainOptions Train)[] Cases =
    [
        ("history, softmax", History, Softmax), // conf/ml-1m-history.json
        ("history, logistic", History, Softmax with { Loss = LossKind.Logistic }),
        ("neumf, batch 256", StepCase.All().First().Model,
            PlainOptions.Train with { Negatives = NegativeSource.Resampled, NegativesPerPositive = 5, BatchSize = 256 }),
        ("neumf, batch 16384", StepCase.All().First().Model,
            PlainOptions.Train with { Negatives = NegativeSource.Resampled, NegativesPerPositive = 5, BatchSize = 16_384 }),
    ];

    /// <param name="args">rounds=5 seconds=0.3 threads=(all) case=(a part of a case's name).</param>
    public static int Run(string[] args)
    {
        if (args is ["stages", .. string[] rest]) return HeavyUserStages.Run(rest);
        if (WindowOptions.Read("heavy-user", "softmax", args) is not { } options) return 2;
        Console.WriteLine($"{options.Threads} threads, {SimdLevels.FromEnvironment().ToString().ToLowerInvariant()}; thousand samples/s on {Rows:N0} rows, "
            + $"median of {options.Rounds} rounds");
        Console.WriteLine($"{"case",-20} {"one user",9} {$"{DealtTo:N0} users",12} {"ratio",6} {"cpu",6}");
        var results = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach ((string name, ModelOptions model, TrainOptions train) in Cases.Where(one => options.Measures(one.Name)))
        {
            using Side heavy = new(model, train with { Threads = options.Threads }, users: 1);
            Side dealt = new(model, train with { Threads = options.Threads }, DealtTo);
            Round(heavy, dealt, options.Seconds / 4); // compiles and warms up
            (WindowRate One, WindowRate Many)[] rounds = [.. Enumerable.Range(0, options.Rounds).Select(_ => Round(heavy, dealt, options.Seconds))];
            double Median(Func<(WindowRate One, WindowRate Many), double> value) => rounds.Select(value).Order().ElementAt(options.Rounds / 2);
            (double one, double many) = (Median(round => round.One.PerSecond), Median(round => round.Many.PerSecond));
            (double ratio, double cpuRatio) =
                (Median(round => round.One.PerSecond / round.Many.PerSecond), Median(round => round.One.PerCpuSecond / round.Many.PerCpuSecond));
            Console.WriteLine($"{name,-20} {one / 1e3,9:N0} {many / 1e3,12:N0} {ratio,6:N2} {cpuRatio,6:N2}");
            results[name] = new
            {
                ratio_to_dealt = WindowOptions.Rounded(ratio),
                ratio_to_dealt_by_cpu = WindowOptions.Rounded(cpuRatio),
                samples_per_second = WindowOptions.Rounded(one),
                dealt_samples_per_second = WindowOptions.Rounded(many),
            };
        }

        Console.WriteLine(JsonSerializer.Serialize(new { heavy_user = results, rows = Rows, dealt_to = DealtTo, threads = options.Threads }));
        return 0;
    }

    private static (WindowRate One, WindowRate Many) Round(Side one, Side many, double seconds) => (one.Rate(seconds), many.Rate(seconds));

    /// <summary>A model that is trained on the rows, dealt to some users in turn.</summary>
    private sealed class Side : IDisposable
    {
        private readonly ResampledSamples samples;
        private readonly ITrainingStep step;
        private readonly int batchSize;
        private TrainingPosition position = new();

        public Side(ModelOptions model, TrainOptions options, int users)
        {
            var scattered = new IndexPermutation(Items, RandomStream.Named(1, "items"));
            int[] rowUsers = [.. Enumerable.Range(0, Rows).Select(row => row % users)];
            int[] rowItems = [.. Enumerable.Range(0, Rows).Select(row => (int)scattered[row])];
            int[] labels = new int[Rows];
            Array.Fill(labels, 1);
            TrainingSet set = TrainingSet.Of(
                users, Items, new InteractionRows(rowUsers, rowItems, [.. Enumerable.Range(0, Rows).Select(row => 1_000_000_000L + 100 * row)]), labels, []);
            batchSize = options.BatchSize;
            samples = new ResampledSamples(set, options, model.HasHistory ? new PastItems(set) : null);
            step = TrainingSteps.Make(new TrainingState(ModelWeights.Initialize(model, users, Items, seed: 1)), options, samples);
        }

        public WindowRate Rate(double seconds) => TrainingWindow.Measure(step, samples, batchSize, ref position, seconds);

        public void Dispose()
        {
            step.Dispose();
            samples.Dispose();
        }
    }
}
