using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>The fused step over histories against autograd, with every instruction set that this processor has.</summary>
public sealed class HistoryStepTests
{
    private static readonly SimdLevel[] Supported = [.. Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported)];

    public static TheoryData<SimdLevel, LossKind> LevelsAndLosses()
    {
        var data = new TheoryData<SimdLevel, LossKind>();
        foreach (SimdLevel level in Supported)
        {
            data.Add(level, LossKind.Logistic);
            data.Add(level, LossKind.Softmax);
        }

        return data;
    }

    /// <summary>
    /// One update by plain descent moves each weight in proportion to its gradient; the dense block's moments show its.
    /// L2 is tiny here (AnEpochAgreesWithTorch has it), since a row that several samples touch is shrunk by each in
    /// turn, which is autograd's sum only to the first order of rate times L2.
    /// </summary>
    [Property(MaxTest = 30)]
    public void GradientsEqualAutogradsForAnyShape(int seed, bool mlp, bool stored, bool softmax)
    {
        if (softmax) stored = false;
        RandomStream draw = RandomStream.Named(seed, "shape");
        int At(int place, int bound) => (int)draw.Below(place, bound);
        TrainingSet set = HistoryLogs.Random(seed, 1 + At(0, 40), 2 + At(1, 40), 1 + At(2, 12), stored ? 2 : 0);
        int length = 1 + At(3, 12);
        var model = PlainOptions.Model with
        {
            Kind = At(4, 2) == 0 ? NetworkKind.Mf : NetworkKind.Gmf,
            TrainedGmfHead = false,
            Biases = At(5, 2) == 0,
            EmbeddingSize = 1 + At(6, 40),
            User = UserEncoderKind.History,
            History = new() { Length = length, Decay = 0.5 + At(7, 5), Factor = 0.5 + At(8, 4) },
            UserMlp = new() { Width = mlp ? 1 + At(9, 70) : 0, Lags = At(10, length + 1), Dropout = 0.2 * At(11, 3), TemporalFeatures = At(17, 2) == 0 },
            EmbeddingInit = 0.3,
        };
        int negatives = 1 + At(12, 6), groups = 1 + At(13, 100);
        var options = PlainOptions.Train with { Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.05, Regularization = 1e-5 }, Negatives = stored
            ? NegativeSource.Stored
            : NegativeSource.Resampled, NegativesPerPositive = negatives, BatchSize = groups * (stored ? 1 : negatives + 1), Threads = 2, Seed = 7,
            RecencyScale = At(14, 2), Loss = softmax ? LossKind.Softmax : LossKind.Logistic, SoftmaxNegatives = At(15, 2) * 50 };
        if (At(18, 2) == 0) set = HistoryLogs.Weighted(set, seed);
        if (softmax && At(16, 3) == 0) options = options with { Negatives = NegativeSource.Uniform };
        TrainingState before = Random(model, set), torch = Random(model, set);
        using ISampleSource samples = Samples(set, options);
        long count = Math.Min(options.BatchSize, samples.Count);
        double expected = Advance(new TorchStep(torch, options, Rules(options)), samples, count);
        foreach (SimdLevel level in Supported)
        {
            TrainingState fused = Random(model, set);
            Assert.Equal(expected, Advance(new FusedTrainingStep(fused, options, Rules(options), level, samples), samples, count), 1e-5 * count);
            foreach (((OptimizedWeight one, OptimizedWeight two), OptimizedWeight old) in torch.All.Zip(fused.All).Zip(before.All))
            {
                bool dense = torch.Dense.Contains(one);
                float[] wanted = dense ? one.FirstMoments : Moved(one, old), actual = dense ? two.FirstMoments : Moved(two, old);
                float tolerance = 5e-5f * wanted.Max(MathF.Abs) + (dense ? 1e-8f : 2e-6f);
                for (int i = 0; i < wanted.Length; i++) Assert.Equal(wanted[i], actual[i], tolerance);
            }
        }
    }

    /// <summary>
    /// Central differences of the weighted loss against what one update by plain descent moves, of rows of users and items: a purchase that weighs ten
    /// times a view pulls ten times as much.
    /// </summary>
    [Theory]
    [InlineData(LossKind.Logistic, false)]
    [InlineData(LossKind.Logistic, true)]
    [InlineData(LossKind.Softmax, false)]
    [InlineData(LossKind.Softmax, true)]
    public void WeightedGradientsEqualFiniteDifferences(LossKind loss, bool fused)
    {
        const double Rate = 1e-3;
        TrainingSet set = HistoryLogs.Weighted(HistoryLogs.Random(8, 6, 12), 8);
        ModelOptions model = Model(0) with { EmbeddingSize = 4, Biases = false };
        var options = PlainOptions.Train with
        {
            Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = Rate }, Negatives = NegativeSource.Resampled, NegativesPerPositive = 3,
            BatchSize = 40, Loss = loss,
        };
        using ISampleSource samples = Samples(set, options);
        TrainingState before = Random(model, set), after = Random(model, set);
        ITrainingStep Step(TrainingState state, TrainOptions by) =>
            fused ? new FusedTrainingStep(state, by, Rules(by), SimdLevels.Best, samples) : new TorchStep(state, by, Rules(by));
        Advance(Step(after, options), samples, options.BatchSize);
        TrainOptions still = options with { Embeddings = options.Embeddings with { LearningRate = 1e-12 } };
        foreach ((OptimizedWeight old, OptimizedWeight moved) in before.UserTables.Concat(before.ItemTables).Zip(after.UserTables.Concat(after.ItemTables)))
        {
            if (old.Weight.Columns == 1) continue; // biases, which follow the logistic loss
            float[] gradients = Moved(moved, old);
            for (int i = 0; i < gradients.Length; i += 3)
            {
                double LossAt(float nudge, TrainOptions by)
                {
                    TrainingState state = Random(model, set);
                    state.All.Single(weight => weight.Weight.Name == old.Weight.Name).Weight.Values[i] += nudge;
                    return Advance(Step(state, by), samples, options.BatchSize);
                }

                // The softmax reports the logistic loss, too, which only biases follow.
                double At(float nudge) =>
                    LossAt(nudge, still) - (loss == LossKind.Softmax ? LossAt(nudge, still with { Loss = LossKind.Logistic }) : 0);

                Assert.Equal((At(0.02f) - At(-0.02f)) / 0.04, -gradients[i] / Rate, 2e-2);
            }
        }
    }

    [Theory]
    [InlineData(0, 1, LossKind.Logistic)]
    [InlineData(0, 40, LossKind.Logistic)]
    [InlineData(20, 1, LossKind.Logistic)]
    [InlineData(20, 40, LossKind.Logistic)]
    [InlineData(0, 1, LossKind.Softmax)]
    [InlineData(0, 40, LossKind.Softmax)]
    [InlineData(20, 40, LossKind.Softmax)]
    public void AnEpochAgreesWithTorch(int width, int groups, LossKind loss)
    {
        TrainingSet set = HistoryLogs.Random(5, 40, 60);
        ModelOptions model = Model(width);
        var options = PlainOptions.Train with
        {
            Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.02, Regularization = 0.01 },
            LearningRateSchedule = LearningRateSchedule.Linear,
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 3,
            BatchSize = 4 * groups,
            Threads = 2,
            Loss = loss,
        };
        using ISampleSource samples = Samples(set, options);
        TrainingState torch = Random(model, set), fused = Random(model, set);
        double expected = Advance(new TorchStep(torch, options, Rules(options)), samples, samples.Count);
        double actual = Advance(new FusedTrainingStep(fused, options, Rules(options), SimdLevels.Best, samples), samples, samples.Count);
        Assert.Equal(expected / samples.Count, actual / samples.Count, groups == 1 ? 1e-5 : 1e-4);
        foreach ((OptimizedWeight one, OptimizedWeight two) in torch.All.Zip(fused.All))
        {
            double apart = one.Weight.Values.ToArray().Zip(two.Weight.Values.ToArray(), (x, y) => Math.Abs(x - y)).Average();
            Assert.InRange(apart, 0, groups == 1 ? 1e-5 : 2e-4);
        }
    }

    [Theory]
    [MemberData(nameof(LevelsAndLosses))]
    public void AnyNumberOfThreadsGivesTheSameBytes(SimdLevel level, LossKind loss)
    {
        TrainingSet set = HistoryLogs.Random(6, 60, 100);
        var options = PlainOptions.Train with
        {
            Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.02, Regularization = 0.01 },
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 3,
            BatchSize = 400,
            Loss = loss,
        };
        using ISampleSource samples = Samples(set, options);
        TrainingState[] results = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            TrainingState state = Random(Model(40) with { EmbeddingSize = 70 }, set);
            Advance(new FusedTrainingStep(state, options with { Threads = threads }, Rules(options), level, samples), samples, samples.Count);
            return state;
        })];
        foreach (TrainingState other in results[1..]) AssertSameBytes(results[0], other);
    }

    [Theory]
    [MemberData(nameof(LevelsAndLosses))]
    public void AHeavyUserGivesTheSameBytesForAnyNumberOfThreads(SimdLevel level, LossKind loss)
    {
        TrainingSet set = HistoryLogs.WithHeavyUser(4, rows: 1500, items: 2000);
        var options = PlainOptions.Train with
        {
            Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.02 },
            Negatives = NegativeSource.PopularityUntouched,
            NegativesPerPositive = 3,
            BatchSize = 400,
            Loss = loss,
        };
        using ISampleSource samples = Samples(set, options);
        TrainingState[] results = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            TrainingState state = Random(Model(20), set);
            Advance(new FusedTrainingStep(state, options with { Threads = threads }, Rules(options), level, samples), samples, 4000);
            return state;
        })];
        foreach (TrainingState other in results[1..]) AssertSameBytes(results[0], other);
    }

    /// <summary>With a batch of few samples the heavy user's items are a set, of bits or of slots; autograd's twin searches their list.</summary>
    [Property(MaxTest = 8)]
    public void ABatchOfAHeavyUserAgreesWithTorch(int seed, bool wide)
    {
        TrainingSet set = HistoryLogs.WithHeavyUser(seed, rows: 300, items: wide ? 40_000 : 500);
        var options = PlainOptions.Train with
        {
            Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.05, Regularization = 1e-5 },
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 3,
            BatchSize = 80,
            Threads = 2,
            Loss = LossKind.Softmax,
        };
        TrainingState torch = Random(Model(20), set), fused = Random(Model(20), set);
        using ISampleSource samples = Samples(set, options);
        double expected = Advance(new TorchStep(torch, options, Rules(options)), samples, options.BatchSize);
        Assert.Equal(expected, Advance(new FusedTrainingStep(fused, options, Rules(options), SimdLevels.Best, samples), samples, options.BatchSize),
            1e-5 * options.BatchSize);
        foreach ((OptimizedWeight one, OptimizedWeight two) in torch.All.Zip(fused.All))
        {
            if (torch.Dense.Contains(one)) continue; // moved by Adam, whose first step has the size of the rate whatever the gradient
            Assert.DoesNotContain(one.Weight.Values.ToArray().Zip(two.Weight.Values.ToArray()), pair => MathF.Abs(pair.First - pair.Second) > 2e-5f);
        }
    }

    [Theory]
    [InlineData(LossKind.Logistic)]
    [InlineData(LossKind.Softmax)]
    public void WindowsOfAnyLengthGiveTheSameBytes(LossKind loss)
    {
        TrainingSet set = HistoryLogs.Random(6, 60, 100);
        var options = PlainOptions.Train with
        {
            Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.02, Regularization = 0.01 },
            Negatives = NegativeSource.Resampled,
            NegativesPerPositive = 3,
            BatchSize = 80,
            Threads = 2,
            Loss = loss,
        };
        using ISampleSource samples = Samples(set, options);
        TrainingState whole = Random(Model(20), set), parts = Random(Model(20), set);
        Advance(new FusedTrainingStep(whole, options, Rules(options), SimdLevels.Best, samples), samples, samples.Count);
        var position = new TrainingPosition();
        foreach (long end in new[] { 80, 320, 1600, samples.Count }) // each with a step of its own, as after a restart
        {
            using var step = new FusedTrainingStep(parts, options, Rules(options), SimdLevels.Best, samples);
            position = step.Advance(position, samples, end);
            step.Synchronize();
        }

        AssertSameBytes(whole, parts);
    }

    private static ModelOptions Model(int width) => PlainOptions.Model with
    {
        Kind = NetworkKind.Mf,
        EmbeddingSize = 24,
        EmbeddingInit = 0.1,
        User = UserEncoderKind.History,
        History = new() { Length = 6 },
        UserMlp = new() { Width = width },
    };

    internal static ISampleSource Samples(TrainingSet set, TrainOptions options) => options.Negatives == NegativeSource.Stored
        ? new StoredSamples(set, options, new PastItems(set))
        : new ResampledSamples(set, options, new PastItems(set));

    internal static UpdateRules Rules(TrainOptions options) => new(options, totalSteps: 10_000);

    internal static double Advance(ITrainingStep step, ISampleSource samples, long end)
    {
        using ITrainingStep owned = step;
        double loss = step.Advance(new TrainingPosition(), samples, end).LossSum;
        step.Synchronize();
        return loss;
    }

    private static float[] Moved(OptimizedWeight now, OptimizedWeight before) =>
        [.. now.Weight.Values.ToArray().Zip(before.Weight.Values.ToArray(), (x, y) => x - y)];

    internal static TrainingState Random(ModelOptions options, TrainingSet set)
    {
        ModelWeights weights = ModelWeights.Initialize(options, set.UserCount, set.ItemCount, 1);
        foreach (Weight weight in weights.All.Where(weight => weight != weights.Head))
        {
            RandomStream stream = RandomStream.Named(2, weight.Name);
            for (int i = 0; i < weight.Values.Length; i++) weight.Values[i] += (float)(0.1 * stream.Normal(i));
        }

        return new TrainingState(weights);
    }

    internal static void AssertSameBytes(TrainingState expected, TrainingState actual)
    {
        foreach ((OptimizedWeight one, OptimizedWeight two) in expected.All.Zip(actual.All))
        {
            Assert.Equal(one.Weight.Values.ToArray(), two.Weight.Values.ToArray());
            Assert.Equal(one.FirstMoments, two.FirstMoments);
            Assert.Equal(one.SecondMoments, two.SecondMoments);
        }
    }
}
