using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Training.Tests.Distributed;
using static NcfSpark.Training.Tests.HistoryStepTests;

namespace NcfSpark.Training.Tests;

/// <summary>
/// Histories under every interaction and with every optimizer of rows: the fused step against autograd, with every
/// instruction set that this processor has.
/// </summary>
public sealed class HistoryInteractionTests
{
    private static readonly SimdLevel[] Supported = [.. Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported)];

    public static TheoryData<SimdLevel> Levels() => [.. Supported];

    /// <summary>After one update from zero moments m = (1 - b1) g, so the moments are the gradients, those of L2 included.</summary>
    [Property(MaxTest = 40)]
    public void GradientsEqualAutogradsForAnyShape(int seed, bool userMlp, bool stored, bool dropout)
    {
        RandomStream draw = RandomStream.Named(seed, "shape");
        int At(int place, int bound) => (int)draw.Below(place, bound);
        TrainingSet set = HistoryLogs.Random(seed, 1 + At(0, 40), 2 + At(1, 40), 1 + At(2, 12), stored ? 2 : 0);
        int length = 1 + At(3, 12), depth = 1 + At(4, 3), negatives = 1 + At(12, 6), groups = 1 + At(13, 100);
        var model = PlainOptions.Model with
        {
            Kind = new[] { NetworkKind.Neumf, NetworkKind.Gmf, NetworkKind.Mf }[At(5, 3)],
            TrainedGmfHead = At(6, 2) == 0,
            Biases = At(7, 2) == 0,
            EmbeddingSize = 1 + At(8, 40),
            MlpEmbeddingSize = 1 + At(9, 40),
            MlpLayers = [.. Enumerable.Range(0, depth).Select(l => 1 + At(20 + l, 70))],
            Dropout = dropout ? [.. Enumerable.Range(0, At(10, depth + 2)).Select(l => 0.2 * At(30 + l, 3))] : [],
            User = UserEncoderKind.History,
            History = new() { Length = length, Decay = 0.5 + At(11, 5), Factor = 0.5 + At(14, 4) },
            UserMlp = new() { Width = userMlp ? 1 + At(15, 70) : 0, Lags = At(16, length + 1), Dropout = dropout
                ? 0.2 * At(17, 3)
                : 0, TemporalFeatures = At(18, 2) == 0 },
            EmbeddingInit = 0.3,
        };
        var options = PlainOptions.Train with
        {
            Negatives = stored ? NegativeSource.Stored : NegativeSource.Resampled,
            NegativesPerPositive = negatives,
            BatchSize = groups * (stored ? 1 : negatives + 1),
            Regularization = 0.03 * At(40, 2),
            RecencyScale = At(41, 2),
            Threads = 2,
            Seed = 7,
        };
        using ISampleSource samples = Samples(set, options);
        long count = Math.Min(options.BatchSize, samples.Count);
        TrainingState torch = Random(model, set);
        double expected = Advance(new TorchStep(torch, options, Rules(options)), samples, count);
        foreach (SimdLevel level in Supported)
        {
            TrainingState fused = Random(model, set);
            Assert.Equal(expected, Advance(new FusedTrainingStep(fused, options, Rules(options), level, samples), samples, count), 1e-5 * count);
            foreach ((OptimizedWeight one, OptimizedWeight two) in torch.All.Zip(fused.All))
            {
                float tolerance = 5e-5f * one.FirstMoments.Max(MathF.Abs) + (torch.Dense.Contains(one) ? 1e-8f : 1e-9f);
                for (int i = 0; i < one.FirstMoments.Length; i++) Assert.Equal(one.FirstMoments[i], two.FirstMoments[i], tolerance);
            }
        }
    }

    private static readonly ModelOptions NeuMF = PlainOptions.Model with
    {
        EmbeddingSize = 24,
        MlpEmbeddingSize = 12,
        MlpLayers = [32, 16],
        Dropout = [0.2, 0.1],
        Biases = true,
        EmbeddingInit = 0.1,
        User = UserEncoderKind.History,
        History = new() { Length = 6 },
        UserMlp = new() { Width = 20, TemporalFeatures = true },
    };

    private static readonly Dictionary<string, (ModelOptions Model, TrainOptions Train)> Variants = new()
    {
        ["sgd for gmf"] = (NeuMF, PlainOptions.Train with { Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.01, Regularization = 0.02 } }),
        ["sgd"] = (NeuMF, PlainOptions.Train with { Optimizer = Optimizer.Sgd, LearningRate = 0.002, Regularization = 0.02 }),
        ["adam"] = (NeuMF with { UserMlp = new() { Width = 0 } },
            PlainOptions.Train with { Regularization = 0.02, LearningRateSchedule = LearningRateSchedule.Linear }),
        ["decay, recency"] = (NeuMF, PlainOptions.Train with { WeightDecay = 3, Embeddings = new() { WeightDecay = 1 }, RecencyScale = 10 }),
        ["gmf with a trained head"] = (NeuMF with { Kind = NetworkKind.Gmf },
            PlainOptions.Train with { Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.01, Regularization = 0.02 } }),
        ["fixed head"] = (NeuMF with { TrainedGmfHead = false },
            PlainOptions.Train with { Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.01 } }),
        ["mf by adam"] = (NeuMF with { Kind = NetworkKind.Mf }, PlainOptions.Train),
        ["mf with decay"] = (NeuMF with { Kind = NetworkKind.Mf },
            PlainOptions.Train with { Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.01, WeightDecay = 1 } }),
    };

    public static TheoryData<string> VariantNames() => [.. Variants.Keys];

    [Theory]
    [MemberData(nameof(VariantNames))]
    public void AnEpochAgreesWithTorch(string name)
    {
        (ModelOptions model, TrainOptions options) = Variants[name];
        options = options with { Negatives = NegativeSource.Resampled, NegativesPerPositive = 3, BatchSize = 120, Threads = 2 };
        TrainingSet set = HistoryLogs.Random(5, 40, 60);
        using ISampleSource samples = Samples(set, options);
        TrainingState before = Random(model, set), torch = Random(model, set), fused = Random(model, set);
        double expected = Advance(new TorchStep(torch, options, Rules(options)), samples, samples.Count);
        double actual = Advance(new FusedTrainingStep(fused, options, Rules(options), SimdLevels.Best, samples), samples, samples.Count);
        Assert.Equal(expected / samples.Count, actual / samples.Count, 1e-4);
        foreach (((OptimizedWeight one, OptimizedWeight two), OptimizedWeight old) in torch.All.Zip(fused.All).Zip(before.All))
        {
            // As far as rounding goes: on average, since Adam turns the rounding of an almost vanishing gradient into a step.
            float[] start = old.Weight.Values.ToArray(), wanted = one.Weight.Values.ToArray(), values = two.Weight.Values.ToArray();
            double moved = wanted.Zip(start, (x, y) => Math.Abs(x - y)).Average(), apart = wanted.Zip(values, (x, y) => Math.Abs(x - y)).Average();
            Assert.InRange(apart, 0, 5e-3 * moved + 1e-8);
        }
    }

    /// <summary>Each weight moved a little along its gradient and against it, with the same lanes dropped: the loss changes by the gradient's length.</summary>
    [Theory]
    [MemberData(nameof(Levels))]
    public void GradientsWithDropoutAreSlopesOfTheLoss(SimdLevel level)
    {
        const double Move = 0.003;
        TrainingSet set = HistoryLogs.Random(5, 40, 60);
        var options = PlainOptions.Train with { Negatives = NegativeSource.Resampled, NegativesPerPositive = 3, BatchSize = 480, Threads = 2, Seed = 7 };
        using ISampleSource samples = Samples(set, options);
        TrainingState state = Random(NeuMF, set);
        Advance(new FusedTrainingStep(state, options, Rules(options), level, samples), samples, options.BatchSize);
        for (int w = 0; w < state.All.Count(); w++)
        {
            float[] moments = [.. state.All.ElementAt(w).FirstMoments];
            double length = Math.Sqrt(moments.Sum(m => (double)m * m)); // of m = (1 - b1) g
            double LossAt(double along)
            {
                TrainingState moved = Random(NeuMF, set);
                for (int i = 0; i < moments.Length; i++) moved.All.ElementAt(w).Weight.Values[i] += (float)(along * moments[i] / length);
                return Advance(new FusedTrainingStep(moved, options, Rules(options), level, samples), samples, options.BatchSize) / options.BatchSize;
            }

            double slope = (LossAt(Move) - LossAt(-Move)) / (2 * Move), gradient = length / 0.1;
            Assert.InRange(slope / gradient, 0.98, 1.02);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void AnyNumberOfThreadsGivesTheSameBytes(SimdLevel level)
    {
        TrainingSet set = HistoryLogs.Random(6, 60, 100);
        var options = PlainOptions.Train with
        {
            Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.01 },
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 3,
            BatchSize = 400,
        };
        using ISampleSource samples = Samples(set, options);
        TrainingState[] results = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            TrainingState state = Random(NeuMF, set);
            Advance(new FusedTrainingStep(state, options with { Threads = threads }, Rules(options), level, samples), samples, samples.Count);
            return state;
        })];
        foreach (TrainingState other in results[1..]) AssertSameBytes(results[0], other);
    }

    /// <summary>Users' rows stay with their worker; pools, layers and head are shared through the server.</summary>
    [Fact]
    public void SeveralWorkersGiveTheSameBytesInThreadsAndOverGrpc()
    {
        var options = PlainOptions.Train with
        {
            Negatives = NegativeSource.Resampled, NegativesPerPositive = 4, BatchSize = 20, Epochs = 2, Workers = 3,
            Server = new() { RoundsPerEpoch = 4 }, LearningRate = 0.01,
        };
        (TrainingSet set, string run) = (HistoryLogs.Random(4, 25, 30), Directory.CreateTempSubdirectory("ncfspark-").FullName);
        SortedDictionary<string, byte[]> expected = WorkerRun.FilesOf(new WorkerRun(set, NeuMF, options, Path.Combine(run, "threads")).Threads());
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(new WorkerRun(set, NeuMF, options, Path.Combine(run, "grpc")).OverGrpc()));
        Directory.Delete(run, recursive: true);
    }

    /// <summary>
    /// Users walk along the catalogue, so that the item before tells the next. NeuMF over histories learns it by the step that
    /// StepChoice.Auto takes, which is fused, and is scored without libtorch as the module scores it.
    /// </summary>
    [Fact]
    public void NeuMFLearnsWhatComesNextAndIsScoredAsTheModuleScoresIt()
    {
        const int Users = 120, Items = 30, Steps = 8;
        int[] users = [.. Enumerable.Range(0, Users * Steps).Select(row => row / Steps)];
        int[] items = [.. Enumerable.Range(0, Users * Steps).Select(row => (row / Steps * 7 + row % Steps) % Items)];
        TrainingSet set = TrainingSet.Of(
            Users, Items, new InteractionRows(users, items, [.. Enumerable.Range(0, Users * Steps).Select(row => 1_000_000_000L + row)]),
            [.. Enumerable.Repeat(1, users.Length)], heldOut: []);
        var options = PlainOptions.Train with
        {
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 4,
            BatchSize = 60,
            Epochs = 40,
            LearningRate = 0.01,
            Threads = 2,
        };
        ModelOptions model = NeuMF with { EmbeddingSize = 16, History = new() { Decay = 1 }, UserMlp = new() { Width = 0 } };
        Assert.Null(options.WhyTorch(model));
        string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;
        ModelWeights weights = new Trainer(model, options, CheckpointStore.Open(run, "test"), null, SilentProgress.Instance, TimeProvider.System)
            .Train(set).Weights;
        Directory.Delete(run, recursive: true);
        using ISessionScorer fused = Scorers.Of(weights);
        using var module = new ModelScorer(weights);
        int[] all = [.. Enumerable.Range(0, Users)];
        float[] scores = new float[Users * Items], expected = new float[scores.Length];
        fused.ScoreAll(all, scores);
        module.ScoreAll(all, expected);
        for (int i = 0; i < scores.Length; i++) Assert.Equal(expected[i], scores[i], 1e-5f);
        int right = all.Count(user =>
        {
            int next = (user * 7 + Steps) % Items;
            return Enumerable.Range(0, Items).Except(set.Avoided[user].ToArray()).MaxBy(item => scores[user * Items + item]) == next;
        });
        Assert.InRange(right, Users * 0.9, Users);
    }
}
