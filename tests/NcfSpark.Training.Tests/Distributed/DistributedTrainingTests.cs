using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

public sealed class DistributedTrainingTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Theory]
    [InlineData(StepChoice.Torch, false)]
    [InlineData(StepChoice.Fused, false)]
    [InlineData(StepChoice.Torch, true)]
    [InlineData(StepChoice.Fused, true)]
    [InlineData(StepChoice.Fused, false, true)]
    public void OneWorkerThroughTheServerGivesTheBytesOfARunWithoutOne(StepChoice step, bool history, bool attention = false)
    {
        (TrainingSet set, ModelOptions model, TrainOptions options) = attention ? AttentionCase(workers: 1) : Case(step, history, workers: 1);
        ModelWeights alone = new Trainer(
            model, options, CheckpointStore.Open(Path.Combine(run, "alone"), "test"), null, SilentProgress.Instance, TimeProvider.System).Train(set).Weights;
        SortedDictionary<string, byte[]> expected = WorkerRun.FilesOf(alone, 8, Path.Combine(run, "files"));
        DistributedResult threads = new WorkerRun(set, model, options, Path.Combine(run, "threads")).Threads();
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(threads));
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(new WorkerRun(set, model, options, Path.Combine(run, "grpc")).OverGrpc()));
    }

    [Theory]
    [InlineData(StepChoice.Torch, false, OuterOptimizer.Nesterov, WirePrecision.Fp32)]
    [InlineData(StepChoice.Fused, false, OuterOptimizer.Nesterov, WirePrecision.Fp32)]
    [InlineData(StepChoice.Fused, false, OuterOptimizer.Average, WirePrecision.Fp16)]
    [InlineData(StepChoice.Torch, true, OuterOptimizer.Average, WirePrecision.Fp32)]
    [InlineData(StepChoice.Fused, true, OuterOptimizer.Nesterov, WirePrecision.Fp16)]
    [InlineData(StepChoice.Fused, false, OuterOptimizer.Nesterov, WirePrecision.Fp32, true)]
    public void SeveralWorkersGiveTheSameBytesEachTimeAndEverywhere(
        StepChoice step, bool history, OuterOptimizer outer, WirePrecision wire, bool attention = false)
    {
        (TrainingSet set, ModelOptions model, TrainOptions options) = attention ? AttentionCase(workers: 3) : Case(step, history, workers: 3);
        options = options with { Server = options.Server with { OuterOptimizer = outer, WirePrecision = wire } };
        DistributedResult first = new WorkerRun(set, model, options, Path.Combine(run, "a")).Threads();
        SortedDictionary<string, byte[]> expected = WorkerRun.FilesOf(first);
        Assert.Equal(9, expected.Count);
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(new WorkerRun(set, model, options, Path.Combine(run, "b")).Threads()));
        DistributedResult grpc = new WorkerRun(set, model, options, Path.Combine(run, "c")).OverGrpc();
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(grpc));
        Assert.Equal(first.Epochs.Select(epoch => epoch.Loss), grpc.Epochs.Select(epoch => epoch.Loss));
        Assert.Equal(first.Workers.Select(worker => worker.Samples), grpc.Workers.Select(worker => worker.Samples));
    }

    [Theory]
    [InlineData(StepChoice.Torch, 3)]
    [InlineData(StepChoice.Fused, 1)]
    [InlineData(StepChoice.Fused, 4)]
    [InlineData(StepChoice.Fused, 9)]
    public void StoppedAnywhereAndStartedAgainItEndsWithTheSameBytes(StepChoice step, int stopAfter)
    {
        (TrainingSet set, ModelOptions model, TrainOptions options) = Case(step, history: false, workers: 2);
        options = options with { Epochs = 4, Patience = 2, Server = options.Server with { CheckpointRounds = 1 } };
        static ValidationScore Validate(ModelWeights weights) => new(-Math.Abs(weights.HeadBias.Values[0] + 0.02), 3); // best in the middle
        SortedDictionary<string, byte[]> whole = WorkerRun.FilesOf(
            new WorkerRun(set, model, options, Path.Combine(run, "whole")) { Validate = Validate }.Threads());
        using var stop = new CancellationTokenSource();
        string stopped = Path.Combine(run, "stopped");
        var first = new WorkerRun(set, model, options, stopped) { Validate = Validate, Progress = new StopAfter(stopAfter, stop) };
        Assert.ThrowsAny<OperationCanceledException>(() => first.Threads(stop.Token));
        WorkerRun.AssertEqual(whole, WorkerRun.FilesOf(new WorkerRun(set, model, options, stopped) { Validate = Validate }.Threads()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FromGivenWeightsOneWorkerGivesTheBytesOfARunWithoutAServer(bool history)
    {
        (TrainingSet set, ModelOptions model, TrainOptions options) = Case(StepChoice.Fused, history, workers: 1);
        ModelWeights Initial() => ModelWeights.Initialize(model, set.UserCount, set.ItemCount, seed: 99);
        var trainer = new Trainer(model, options, CheckpointStore.Open(Path.Combine(run, "alone"), "test"), null, SilentProgress.Instance,
            TimeProvider.System) { Initial = Initial() };
        SortedDictionary<string, byte[]> expected = WorkerRun.FilesOf(trainer.Train(set).Weights, 8, Path.Combine(run, "files"));
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(new WorkerRun(set, model, options, Path.Combine(run, "threads")) { Initial = Initial }.Threads()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FromGivenWeightsSeveralWorkersGiveTheSameBytesEverywhere(bool history)
    {
        (TrainingSet set, ModelOptions model, TrainOptions options) = Case(StepChoice.Fused, history, workers: 3);
        Func<ModelWeights> Initial(int seed) => () => ModelWeights.Initialize(model, set.UserCount, set.ItemCount, seed);
        SortedDictionary<string, byte[]> byChance = FilesOf("chance", null), sameByChance = FilesOf("same", Initial(options.Seed));
        SortedDictionary<string, byte[]> given = FilesOf("given", Initial(99));
        WorkerRun.AssertEqual(byChance, sameByChance);
        Assert.All(byChance, file => Assert.NotEqual(file.Value, given[file.Key])); // users' rows of each shard, and what is shared
        WorkerRun.AssertEqual(given, WorkerRun.FilesOf(new WorkerRun(set, model, options, Path.Combine(run, "grpc")) { Initial = Initial(99) }.OverGrpc()));

        SortedDictionary<string, byte[]> FilesOf(string name, Func<ModelWeights>? initial) =>
            WorkerRun.FilesOf(new WorkerRun(set, model, options, Path.Combine(run, name)) { Initial = initial }.Threads());
    }

    /// <summary>Before the first checkpoint of its own, and after: given weights are made once.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void FromGivenWeightsStoppedAndStartedAgainItEndsWithTheSameBytes(int stopAfter)
    {
        (TrainingSet set, ModelOptions model, TrainOptions options) = Case(StepChoice.Fused, history: true, workers: 2);
        options = options with { Server = options.Server with { CheckpointRounds = 2 }, Epochs = 40 }; // far more than are trained before it stops
        ModelWeights Initial() => ModelWeights.Initialize(model, set.UserCount, set.ItemCount, seed: 99);
        SortedDictionary<string, byte[]> whole = WorkerRun.FilesOf(
            new WorkerRun(set, model, options, Path.Combine(run, "whole")) { Initial = Initial }.Threads());
        using var stop = new CancellationTokenSource();
        string stopped = Path.Combine(run, "stopped");
        var first = new WorkerRun(set, model, options, stopped) { Initial = Initial, Progress = new StopAfter(stopAfter, stop) };
        Assert.ThrowsAny<OperationCanceledException>(() => first.Threads(stop.Token));
        var second = new WorkerRun(set, model, options, stopped) { Initial = () => throw new InvalidOperationException("They are in the checkpoint.") };
        WorkerRun.AssertEqual(whole, WorkerRun.FilesOf(second.Threads()));
    }

    /// <summary>Even with more workers than make sense, rounds without a step, and a worker without any rows.</summary>
    [Fact]
    public void WorkersWithoutRowsTakePart()
    {
        TrainingSet set = Logs.TwoTastes(users: 3);
        TrainOptions options = Options with { Workers = 5, Server = Options.Server with { RoundsPerEpoch = 7 }, BatchSize = 50 };
        DistributedResult result = new WorkerRun(set, Network, options, Path.Combine(run, "few")).Threads();
        Assert.Equal(3, result.Epochs.Count);
        Assert.Equal(0, result.Workers[^1].Samples);
    }

    [Fact]
    public void PlantedTastesAreLearnedByFourWorkers()
    {
        TrainingSet set = Logs.TwoTastes();
        TrainOptions options = Options with { Workers = 4, Epochs = 20, Server = Options.Server with { RoundsPerEpoch = 5 } };
        IReadOnlyList<EpochRecord> alone = new Trainer(Network, options with { Workers = 1 }, CheckpointStore.Open(Path.Combine(run, "alone"), "test"), null,
            SilentProgress.Instance, TimeProvider.System).Train(set).Epochs;
        IReadOnlyList<EpochRecord> four = new WorkerRun(set, Network, options, Path.Combine(run, "four")).Threads().Epochs;
        Assert.Equal(alone[^1].Samples, four[^1].Samples);
        Assert.InRange(four[^1].Loss, 0, 0.8 * alone[0].Loss);
        Assert.InRange(four[^1].Loss, 0, 0.3 * four[0].Loss);
    }

    [Fact]
    public void MoreWorkersThanShardsAreRefused()
    {
        string message = Assert.Throws<InvalidInputException>(
            () => new WorkerRun(Logs.TwoTastes(), Network, Options with { Workers = 9 }, Path.Combine(run, "many")).Threads()).Message;
        Assert.Contains("Train:Workers is 9, but users were dealt into 8 shards", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADivergedWorkerEndsTheRunWithItsMessage()
    {
        TrainOptions options = Options with { Workers = 2, LearningRate = 1e30, Server = Options.Server with { WorkerAttempts = 0 } };
        Assert.Throws<TrainingDivergedException>(() => new WorkerRun(Logs.TwoTastes(), Network, options, Path.Combine(run, "a")).Threads());
        Assert.Throws<TrainingDivergedException>(() => new WorkerRun(Logs.TwoTastes(), Network, options, Path.Combine(run, "b")).OverGrpc());
    }

    [Fact]
    public void BytesOfARoundAreThoseOfTouchedRows()
    {
        // Users of one taste use items of one half; without negatives no other item is touched.
        TrainingSet whole = Logs.TwoTastes(users: 40, items: 1000, density: .01);
        TrainOptions options = Options with
        {
            Workers = 2,
            Epochs = 1,
            Server = Options.Server with { RoundsPerEpoch = 1 },
            NegativesPerPositive = 0,
            BatchSize = 16,
        };
        var network = PlainOptions.Model with { Kind = NetworkKind.Mf, EmbeddingSize = 8 };
        DistributedResult result = new WorkerRun(whole, network, options, Path.Combine(run, "bytes"), shards: 2).Threads();
        foreach (WorkerRecord worker in result.Workers)
        {
            int touched = Enumerable.Range(0, whole.Rows.Count).Where(row => whole.Rows.Users[row] % 2 == worker.Worker).Select(row => whole.Rows.Items[row])
                .Distinct().Count();
            Assert.Equal(touched * (4 + 4 * 8) + touched * (4 + 4) + (4 + 4), worker.Times.BytesSent); // item_gmf, item_bias, head.bias
        }
    }

    private static TrainOptions Options => PlainOptions.Train with
    {
        Negatives = NegativeSource.Resampled,
        NegativesPerPositive = 4,
        Epochs = 3,
        BatchSize = 64,
        LearningRate = 0.01,
        Threads = 1,
        Server = new() { RoundsPerEpoch = 3 },
    };

    private static ModelOptions Network =>
        PlainOptions.Model with { EmbeddingSize = 8, MlpEmbeddingSize = 8, MlpLayers = [16, 8], Dropout = [0.1], EmbeddingInit = 0.1 };

    private static (TrainingSet Set, ModelOptions Model, TrainOptions Options) AttentionCase(int workers)
    {
        (TrainingSet set, ModelOptions network, TrainOptions options) = Case(StepChoice.Fused, history: true, workers);
        return (
            set,
            network with { EmbeddingSize = 16, User = UserEncoderKind.Attention, Attention = new() { Heads = 1, Blocks = 2, Length = 10 } },
            options with { Loss = LossKind.Softmax, Negatives = NegativeSource.Resampled, RecencyScale = 0, UsersPerBatch = 3, SoftmaxNegatives = 12 });
    }

    private static (TrainingSet Set, ModelOptions Model, TrainOptions Options) Case(StepChoice step, bool history, int workers)
    {
        TrainOptions options = Options with { Step = step, Workers = workers, LearningRateSchedule = LearningRateSchedule.Linear };
        ModelOptions network = PlainOptions.Model with
        {
            Kind = NetworkKind.Mf,
            EmbeddingSize = 8,
            EmbeddingInit = 0.1,
            User = UserEncoderKind.History,
            History = new() { Length = 5 },
            UserMlp = new() { Width = 10, TemporalFeatures = true },
        };
        TrainOptions ofHistory = options with
        {
            BatchSize = 20,
            Embeddings = new() { Optimizer = Optimizer.Sgd },
            Negatives = NegativeSource.PopularityUntouched,
            RecencyScale = 4,
        };
        return history ? (HistoryLogs.Random(4, 25, 30), network, ofHistory) : (Logs.TwoTastes(), Network, options);
    }

    /// <summary>Cancels after hearing of so many steps forward.</summary>
    private sealed class StopAfter(int times, CancellationTokenSource stop) : IProgressReporter, IProgressTask
    {
        private int left = times;

        public IProgressTask Start(string title, long total, string unit) => this;

        public void Line(string text)
        {
        }

        public void Advance(long units)
        {
            if (Interlocked.Decrement(ref left) == 0) Task.Run(stop.Cancel); // the caller holds the server's lock
        }

        public void Detail(string text)
        {
        }

        public void Dispose()
        {
        }
    }
}
