using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>Deep matrix factorization: the fused step against autograd, plain loops and slopes, with every instruction set that this processor has.</summary>
public sealed class InteractionsStepTests : IDisposable
{
    private static readonly SimdLevel[] Supported = [.. Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported)];

    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    public static TheoryData<SimdLevel> Levels => [.. Supported];

    /// <summary>
    /// Adam's first moments after one update show the gradient of each matrix and row. Vectors of one or two numbers are left out: of a vector with
    /// one number above 0 the gradient is 0 but for rounding, which the slope of a cosine near 1 multiplies by up to 1e6.
    /// </summary>
    [Property(MaxTest = 25)]
    public void TheLossAndEveryGradientAreAutogradsForAnyShape(int seed)
    {
        RandomStream draw = RandomStream.Named(seed, "shape");
        int At(int place, int bound) => (int)draw.Below(place, bound);
        TrainingSet set = HistoryLogs.Weighted(HistoryLogs.Random(seed, 2 + At(0, 60), 2 + At(1, 60), negatives: At(2, 2)), seed);
        ModelOptions model = Model(8 + At(3, 90)) with
        {
            Interactions = new() { UserLayers = [1 + At(4, 150), .. At(5, 2) == 0 ? [7] : Array.Empty<int>()], ItemLayers = [1 + At(6, 90)] },
        };
        TrainOptions options = Options with
        {
            BatchSize = 1 + At(7, 200), RecencyScale = 3 * At(8, 2), Negatives = At(2, 2) == 0 ? NegativeSource.Resampled : NegativeSource.Stored,
        };
        using ISampleSource samples = SampleSources.Of(set, model, options, past: null);
        long count = Math.Min(options.BatchSize, samples.Count);
        TrainingState torch = Random(model, set);
        double expected = HistoryStepTests.Advance(new TorchInteractionsStep(torch, options, HistoryStepTests.Rules(options)), samples, count);
        foreach (SimdLevel level in Supported)
        {
            TrainingState fused = Random(model, set);
            double actual = HistoryStepTests.Advance(Fused(fused, options, level, threads: 2), samples, count);
            Assert.Equal(expected, actual, 1e-4 * count);
            foreach ((OptimizedWeight one, OptimizedWeight two) in torch.All.Zip(fused.All))
            {
                float tolerance = 5e-4f * one.FirstMoments.Max(MathF.Abs) + 1e-7f;
                for (int i = 0; i < one.FirstMoments.Length; i++)
                {
                    (float wanted, float got) = (one.FirstMoments[i], two.FirstMoments[i]);
                    Assert.True(Math.Abs(wanted - got) <= tolerance, $"{one.Weight.Name}[{i}] of {model.EmbeddingSize}: {wanted}, {got} at {level}");
                }
            }
        }
    }

    /// <summary>One update by plain descent moves each parameter by its slope, taken of a loss in plain loops.</summary>
    [Fact]
    public void EveryParameterMovesByTheSlopeOfTheNaiveLoss()
    {
        TrainingSet set = HistoryLogs.Weighted(HistoryLogs.Random(3, 9, 7), 3);
        ModelOptions model = Model(4) with { Interactions = new() { UserLayers = [5, 3], ItemLayers = [6] } };
        TrainOptions options = Options with { Optimizer = Optimizer.Sgd, LearningRate = 1e-3, BatchSize = 40 };
        using ISampleSource samples = SampleSources.Of(set, model, options, past: null);
        TrainingState before = Random(model, set), after = Random(model, set);
        int count = (int)Math.Min(options.BatchSize, samples.Count);
        double loss = HistoryStepTests.Advance(Fused(after, options, SimdLevels.Best, threads: 2), samples, count);
        Assert.Equal(NaiveLoss(before, samples, count), loss, 1e-3);
        int compared = 0;
        foreach ((Weight weight, Weight moved) in before.Weights.All.Zip(after.Weights.All))
        {
            if (weight == before.Weights.UserGmf || weight == before.Weights.ItemGmf) continue; // they follow from the others
            for (int i = 0; i < weight.Values.Length; i += 3)
            {
                float value = weight.Values[i];
                double slope = SlopeBy(5e-3f), other = SlopeBy(2e-3f), actual = (value - moved.Values[i]) / options.LearningRate;
                if (Math.Abs(slope - other) > 0.02 * Math.Abs(slope) + 0.01) continue; // there is a bend of ReLU or of the floor between
                Assert.InRange(Math.Abs(other - actual), 0, 0.03 * Math.Abs(other) + 0.03);
                compared++;

                double SlopeBy(float step)
                {
                    weight.Values[i] = value + step;
                    double more = NaiveLoss(before, samples, count);
                    weight.Values[i] = value - step;
                    double less = NaiveLoss(before, samples, count);
                    weight.Values[i] = value;
                    return (more - less) / (2 * step);
                }
            }
        }

        Assert.InRange(compared, 40, int.MaxValue);
    }

    [Fact]
    public void AnEpochAgreesWithTorch()
    {
        TrainingSet set = HistoryLogs.Weighted(HistoryLogs.Random(5, 50, 40), 5);
        TrainOptions options = Options with { BatchSize = 64, WeightDecay = 0.01, LearningRateSchedule = LearningRateSchedule.Linear };
        using ISampleSource samples = SampleSources.Of(set, Model(), options, past: null);
        TrainingState torch = Random(Model(), set), fused = Random(Model(), set);
        double expected = HistoryStepTests.Advance(new TorchInteractionsStep(torch, options, HistoryStepTests.Rules(options)), samples, samples.Count);
        double actual = HistoryStepTests.Advance(Fused(fused, options, SimdLevels.Best, threads: 2), samples, samples.Count);
        Assert.Equal(expected / samples.Count, actual / samples.Count, 1e-4);
        foreach ((Weight one, Weight two) in torch.Weights.All.Zip(fused.Weights.All))
        {
            Assert.InRange(one.Values.ToArray().Zip(two.Values.ToArray(), (x, y) => Math.Abs(x - y)).Average(), 0, 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void AnyNumberOfThreadsGivesTheSameBytes(SimdLevel level)
    {
        TrainingSet set = HistoryLogs.Weighted(HistoryLogs.Random(6, 300, 120), 6);
        TrainOptions options = Options with { BatchSize = 400 };
        using ISampleSource samples = SampleSources.Of(set, Model(), options, past: null);
        TrainingState[] results = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            TrainingState state = Random(Model(), set);
            HistoryStepTests.Advance(Fused(state, options, level, threads), samples, 4000);
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
        TrainOptions options = Options with { Epochs = 3, Step = step, CheckpointMinutes = 1e-9 };
        ModelWeights whole = Train("whole", options, SilentProgress.Instance, default).Weights;
        for (int windows = 1; windows <= 7; windows += 3)
        {
            using var stop = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => Train($"stopped-{windows}", options, new StopAfter(windows, stop), stop.Token));
            ModelWeights resumed = Train($"stopped-{windows}", options with { Threads = 3 }, SilentProgress.Instance, default).Weights;
            foreach ((Weight one, Weight two) in whole.All.Zip(resumed.All)) Assert.Equal(one.Values.ToArray(), two.Values.ToArray());
        }

        TrainingResult Train(string name, TrainOptions of, IProgressReporter progress, CancellationToken cancellation) =>
            new Trainer(Model(), of, CheckpointStore.Open(Path.Combine(run, name), "test"), null, progress, TimeProvider.System).Train(set, cancellation);
    }

    [Theory]
    [InlineData(StepChoice.Torch)]
    [InlineData(StepChoice.Fused)]
    public void PlantedTastesAreRecoveredAndSomebodyNewIsScoredByWhatTheyUsed(StepChoice step)
    {
        TrainingSet set = Logs.TwoTastes();
        TrainOptions options = Options with { Step = step, Epochs = 30, BatchSize = 64, LearningRate = 1e-3 };
        var checkpoints = CheckpointStore.Open(Path.Combine(run, "planted"), "test");
        ModelWeights weights = new Trainer(Model(16), options, checkpoints, null, SilentProgress.Instance, TimeProvider.System).Train(set).Weights;
        using var scorer = new FusedScorer(weights, SimdLevels.Best);
        float[] scores = new float[set.ItemCount];
        double right = 0;
        for (int user = 0; user < set.UserCount; user++)
        {
            scorer.ScoreAll([user], scores);
            Assert.All(scores, score => Assert.InRange(score, -1e-5f, 1 + 1e-5f)); // vectors after ReLU are not below 0, so no cosine is
            int[] untouched = [.. Enumerable.Range(0, set.ItemCount).Except(set.Avoided[user].ToArray()).OrderByDescending(item => scores[item])];
            int own = untouched.Count(item => item % 2 == user % 2);
            right += untouched.Take(own).Count(item => item % 2 == user % 2) / (double)own;
        }

        Assert.InRange(right / set.UserCount, 0.95, 1);
        var best = new TopLists(1, 5);
        scorer.FindBest(new UserSession(-1, [1, 3, 5], [], 0), [1, 3, 5], best);
        Assert.All(best.Items(0).ToArray(), item => Assert.Equal(1, item % 2));
    }

    private static ModelOptions Model(int size = 24) => PlainOptions.Model with
    {
        Kind = NetworkKind.Cosine,
        EmbeddingSize = size,
        EmbeddingInit = 0.1,
        User = UserEncoderKind.Interactions,
        Interactions = new() { UserLayers = [70], ItemLayers = [40] },
    };

    private static TrainOptions Options => PlainOptions.Train with
    {
        Negatives = NegativeSource.Resampled, NegativesPerPositive = 3, BatchSize = 50, Threads = 2, Seed = 7,
    };

    private static FusedTrainingStep Fused(TrainingState state, TrainOptions options, SimdLevel level, int threads) =>
        new(state, options with { Threads = threads }, HistoryStepTests.Rules(options), level);

    private static TrainingState Random(ModelOptions model, TrainingSet set) =>
        new(HistoryStepTests.Random(model, set).Weights) { Interactions = set.Interactions() };

    private static double NaiveLoss(TrainingState state, ISampleSource samples, int count)
    {
        ModelWeights weights = state.Weights;
        InteractionMatrix matrix = state.Interactions!;
        (int[] users, int[] items, float[] labels, float[] sampleWeights) = (new int[count], new int[count], new float[count], new float[count]);
        samples.InEpoch(0).Fill(0, users, items, labels, sampleWeights);
        double loss = 0, largest = matrix.Values.Max();
        for (int s = 0; s < count; s++)
        {
            double[] p = Encode(weights.UserInteractions!, weights.ItemCount, item => matrix.At(users[s], item));
            double[] q = Encode(weights.ItemInteractions!, weights.UserCount, user => matrix.At(user, items[s]));
            double lengths = Math.Sqrt(Dot(p, p) * Dot(q, q)), y = Math.Clamp(lengths == 0 ? 0 : Dot(p, q) / lengths, 1e-6, 1 - 1e-6);
            double target = labels[s] * matrix.At(users[s], items[s]) / largest;
            loss -= sampleWeights[s] * (target * Math.Log(y) + (1 - target) * Math.Log(1 - y));
        }

        return loss;
    }

    private static double[] Encode(ModelWeights.EncoderWeights encoder, int columns, Func<int, float> row)
    {
        double[] y = new double[encoder.Table.Columns];
        for (int c = 0; c < columns; c++)
        {
            for (int k = 0; k < y.Length; k++) y[k] += row(c) * encoder.Table.Row(c)[k];
        }

        foreach ((Weight weight, Weight bias) in encoder.Layers)
        {
            double[] x = y;
            y = [.. Enumerable.Range(0, weight.Rows).Select(n => Math.Max(0, bias.Values[n] + x.Select((value, k) => value * weight.Row(n)[k]).Sum()))];
        }

        return y;
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
