using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>The fused step of attention against autograd, with every instruction set that this processor has.</summary>
public sealed class AttentionStepTests : IDisposable
{
    private static readonly SimdLevel[] Supported = [.. Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported)];

    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    public static TheoryData<SimdLevel> Levels => [.. Supported];

    /// <summary>Adam's first moments after one update show the gradient of each matrix and row.</summary>
    [Property(MaxTest = 20)]
    public void TheLossAndEveryGradientAreAutogradsForAnyShape(int seed)
    {
        RandomStream draw = RandomStream.Named(seed, "shape");
        int At(int place, int bound) => (int)draw.Below(place, bound);
        TrainingSet set = HistoryLogs.Random(seed, 2 + At(0, 30), 2 + At(1, 60), 1 + At(2, 12));
        ModelOptions model = Model(heads: 1 + At(3, 3), blocks: 1 + At(4, 3), length: 2 + At(5, 40), dropout: 0.2 * At(6, 3));
        TrainOptions options = Options.For(model) with { BatchSize = 1 + At(7, 20), SoftmaxNegatives = 1 + At(8, 80) };
        if (At(9, 2) == 0) options = options with { Negatives = NegativeSource.Uniform };
        using var samples = new UserSamples(set, new PastItems(set), options.Seed);
        if (samples.Count == 0) return;
        long count = Math.Min(options.BatchSize, samples.Count);
        TrainingState torch = Random(model, set);
        double expected = HistoryStepTests.Advance(new TorchAttentionStep(torch, options, HistoryStepTests.Rules(options)), samples, count);
        foreach (SimdLevel level in Supported)
        {
            TrainingState fused = Random(model, set);
            double actual = HistoryStepTests.Advance(
                new FusedTrainingStep(fused, options with { Threads = 2 }, HistoryStepTests.Rules(options), level, samples), samples, count);
            Assert.Equal(expected, actual, 1e-4 * count);
            foreach ((OptimizedWeight one, OptimizedWeight two) in torch.All.Zip(fused.All))
            {
                float tolerance = 2e-4f * one.FirstMoments.Max(MathF.Abs) + 1e-7f;
                for (int i = 0; i < one.FirstMoments.Length; i++) Assert.Equal(one.FirstMoments[i], two.FirstMoments[i], tolerance);
            }
        }
    }

    [Fact]
    public void AnEpochAgreesWithTorch()
    {
        TrainingSet set = HistoryLogs.Random(5, 40, 60);
        ModelOptions model = Model();
        TrainOptions options = Options.For(model) with { WeightDecay = 0.01, LearningRateSchedule = LearningRateSchedule.Linear };
        using var samples = new UserSamples(set, new PastItems(set), options.Seed);
        TrainingState torch = Random(model, set), fused = Random(model, set);
        double expected = HistoryStepTests.Advance(new TorchAttentionStep(torch, options, HistoryStepTests.Rules(options)), samples, samples.Count);
        double actual = HistoryStepTests.Advance(
            new FusedTrainingStep(fused, options, HistoryStepTests.Rules(options), SimdLevels.Best, samples), samples, samples.Count);
        Assert.Equal(expected / samples.Count, actual / samples.Count, 1e-4);
        foreach ((OptimizedWeight one, OptimizedWeight two) in torch.All.Zip(fused.All))
        {
            // The size of Adam's first steps is that of the rate, whatever the gradient: where that is 0 but for rounding, they differ.
            double apart = one.Weight.Values.ToArray().Zip(two.Weight.Values.ToArray(), (x, y) => Math.Abs(x - y)).Average();
            Assert.InRange(apart, 0, 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void AnyNumberOfThreadsGivesTheSameBytes(SimdLevel level)
    {
        TrainingSet set = HistoryLogs.Random(6, 60, 100);
        ModelOptions model = Model();
        TrainOptions options = Options.For(model);
        using var samples = new UserSamples(set, new PastItems(set), options.Seed);
        TrainingState[] results = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            TrainingState state = Random(model, set);
            HistoryStepTests.Advance(
                new FusedTrainingStep(state, options with { Threads = threads }, HistoryStepTests.Rules(options), level, samples), samples, samples.Count);
            return state;
        })];
        foreach (TrainingState other in results[1..]) HistoryStepTests.AssertSameBytes(results[0], other);
    }

    [Theory]
    [InlineData(StepChoice.Torch)]
    [InlineData(StepChoice.Fused)]
    public void StoppedAndStartedAgainItEndsWithTheSameBytes(StepChoice step)
    {
        TrainingSet set = HistoryLogs.Random(4, 25, 30);
        TrainOptions options = Options with { Epochs = 3, Step = step, UsersPerBatch = 4, CheckpointMinutes = 1e-9 };
        ModelWeights whole = Train("whole", options, SilentProgress.Instance, default).Weights;
        for (int windows = 1; windows <= 7; windows += 3)
        {
            using var stop = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => Train($"stopped-{windows}", options, new StopAfter(windows, stop), stop.Token));
            ModelWeights resumed = Train($"stopped-{windows}", options with { Threads = 2 }, SilentProgress.Instance, default).Weights;
            foreach ((Weight one, Weight two) in whole.All.Zip(resumed.All)) Assert.Equal(one.Values.ToArray(), two.Values.ToArray());
            Assert.Equal(whole.Pools!.Items_UK, resumed.Pools!.Items_UK);
            Assert.Equal(whole.Pools.Times_UK, resumed.Pools.Times_UK);
        }

        TrainingResult Train(string name, TrainOptions of, IProgressReporter progress, CancellationToken cancellation) =>
            new Trainer(Model(), of, CheckpointStore.Open(Path.Combine(run, name), "test"), null, progress, TimeProvider.System).Train(set, cancellation);
    }

    /// <summary>
    /// The vector that an item is predicted from depends on nothing that the user did then or later, at the same second or not; where the moment is told,
    /// on the item's time as well, and on nothing else of it.
    /// </summary>
    [Property(MaxTest = 20)]
    public void NothingThatComesAfterAnItemChangesWhatItIsPredictedFrom(int seed, byte times, bool told)
    {
        TrainingSet set = HistoryLogs.Random(seed, 8, 20, 1 + times % 6);
        ModelWeights weights = Random(Model(dropout: 0), set).Weights;
        var past = new PastItems(set);
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var module = new NeuMFModule(weights);
        for (int user = 0; user < set.UserCount; user++)
        {
            int start = past.StartOf(user), end = past.StartOf(user + 1);
            for (int cut = start + 1; cut < end; cut++)
            {
                // What comes from the cut on: other items at other times.
                int[] items = [.. past.Items[start..end]], others = [.. items.Select((item, k) => start + k < cut ? item : (item + 7) % set.ItemCount)];
                long[] seconds = past.Times[start..end];
                long[] later = [.. seconds.Select((time, k) => start + k < cut || (told && start + k == cut) ? time : time + 1_000 * k)];
                float[] one = VectorsOf(items, seconds), two = VectorsOf(others, later);
                Assert.Equal(one[..((cut - start) * 32)], two[..((cut - start) * 32)]);
            }
        }

        float[] VectorsOf(int[] items, long[] seconds)
        {
            int kept = Math.Min(items.Length, weights.Options.Attention.Length);
            TorchSharp.torch.Tensor rows = module[weights.ItemGmf!].index_select(0, TorchSharp.torch.tensor(items[..kept], TorchSharp.torch.int64));
            long[] moments = told ? [.. seconds[1..kept], seconds[kept - 1] + 50] : [];
            return module.Attention(rows, seconds.AsSpan(0, kept), moments, []).data<float>().ToArray();
        }
    }

    private static ModelOptions Model(int heads = 2, int blocks = 2, int length = 200, double dropout = 0.2) => PlainOptions.Model with
    {
        Kind = NetworkKind.Mf,
        EmbeddingSize = 16 * heads,
        EmbeddingInit = 0.1,
        User = UserEncoderKind.Attention,
        Attention = new() { Heads = heads, Blocks = blocks, Length = length, Dropout = dropout },
    };

    private static TrainOptions Options => PlainOptions.Train with
    {
        Loss = LossKind.Softmax,
        Negatives = NegativeSource.Resampled,
        UsersPerBatch = 8,
        SoftmaxNegatives = 20,
        Threads = 2,
        Seed = 7,
    };

    private static TrainingState Random(ModelOptions model, TrainingSet set) => HistoryStepTests.Random(model, set);
}
