using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>The fused step against autograd, with every instruction set that this processor has.</summary>
public sealed class FusedStepTests
{
    private static readonly SimdLevel[] Supported = [.. Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported)];

    public static TheoryData<SimdLevel> Levels() => [.. Supported];

    /// <summary>Each weight moved a little along its gradient and against it, with the same lanes dropped: the loss changes by the gradient's length.</summary>
    [Theory]
    [MemberData(nameof(Levels))]
    public void GradientsWithDropoutAreSlopesOfTheLoss(SimdLevel level)
    {
        const int Count = 500;
        const double Move = 0.003;
        var options = PlainOptions.Train with { BatchSize = Count, Threads = 2, Seed = 7 };
        Samples samples = Samples.Random(users: 40, items: 30, Count, seed: 5);
        TrainingState state = Random(Seed(0.25), users: 40, items: 30);
        Train(Fused(state, options, level), samples);
        for (int w = 0; w < state.All.Count(); w++)
        {
            float[] moments = [.. state.All.ElementAt(w).FirstMoments];
            double length = Math.Sqrt(moments.Sum(m => (double)m * m)); // of m = (1 - b1) g
            double LossAt(double along)
            {
                TrainingState moved = Random(Seed(0.25), users: 40, items: 30);
                for (int i = 0; i < moments.Length; i++) moved.All.ElementAt(w).Weight.Values[i] += (float)(along * moments[i] / length);
                return Train(Fused(moved, options, level), samples).LossSum / Count;
            }

            double slope = (LossAt(Move) - LossAt(-Move)) / (2 * Move), gradient = length / 0.1;
            Assert.InRange(slope / gradient, 0.99, 1.01);
        }
    }

    /// <summary>After one update from zero moments m = (1 - b1) g, so the moments are the gradients.</summary>
    [Property(MaxTest = 60)]
    public void GradientsEqualAutogradsForAnyArchitecture(int seed, PositiveInt batchSize, bool dropout)
    {
        RandomStream draw = RandomStream.Named(seed, "architecture");
        ModelOptions model = Architecture(draw, dropout);
        int users = 1 + (int)draw.Below(50, 60), items = 1 + (int)draw.Below(51, 60), count = 1 + batchSize.Get * 37 % 300;
        var options = PlainOptions.Train with
        {
            BatchSize = count,
            LearningRate = 0.01,
            Regularization = draw.Below(52, 2) * 0.03,
            Threads = 1 + (int)draw.Below(53, 2),
            Seed = 7,
        };
        Samples samples = Samples.Random(users, items, count, seed);
        TrainingState torch = Random(model, users, items);
        double expected = Train(Torch(torch, options), samples).LossSum;
        foreach (SimdLevel level in Supported)
        {
            TrainingState fused = Random(model, users, items);
            Assert.Equal(expected, Train(Fused(fused, options, level), samples).LossSum, 1e-5 * count);
            foreach ((OptimizedWeight one, OptimizedWeight two) in torch.All.Zip(fused.All))
            {
                // Positives and negatives nearly cancel in a bias: what is added up there is of order 0.01, whose rounding is 1e-9.
                float tolerance = 1e-5f * one.FirstMoments.Max(MathF.Abs) + (torch.Dense.Contains(one) ? 3e-9f : 1e-12f);
                for (int i = 0; i < one.FirstMoments.Length; i++) Assert.Equal(one.FirstMoments[i], two.FirstMoments[i], tolerance);
            }
        }
    }

    public static TheoryData<string> OptionNames() => [.. Variants.Keys];

    private static readonly Dictionary<string, (ModelOptions Model, TrainOptions Train)> Variants = new()
    {
        ["biases of every kind"] = (Seed(0.25) with { Biases = true }, PlainOptions.Train with { Regularization = 0.02 }),
        ["fixed head"] = (Seed(0) with { TrainedGmfHead = false }, PlainOptions.Train),
        ["fixed head of gmf"] = (Seed(0) with { Kind = NetworkKind.Gmf, TrainedGmfHead = false, Biases = true }, PlainOptions.Train),
        ["sgd"] = (Seed(0.25), PlainOptions.Train with { Optimizer = Optimizer.Sgd, LearningRate = 3e-4, Regularization = 0.02 }),
        ["sgd for gmf"] = (Seed(0.25) with { Biases = true },
            PlainOptions.Train with { Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 1e-3, Regularization = 0.05 } }),
        ["adam for gmf"] = (Seed(0), PlainOptions.Train with
        {
            Optimizer = Optimizer.Sgd,
            LearningRate = 3e-4,
            Embeddings = new() { Optimizer = Optimizer.Adam, LearningRate = 3e-3 },
        }),
        ["decay"] = (Seed(0), PlainOptions.Train with { WeightDecay = 3, Embeddings = new() { WeightDecay = 1 } }),
        ["linear"] = (Seed(0), PlainOptions.Train with { LearningRateSchedule = LearningRateSchedule.Linear }),
        ["recency"] = (Seed(0.25) with { Biases = true }, PlainOptions.Train with { RecencyScale = 10, Regularization = 0.02 }),
        ["recipe A of notes/quality.md"] = (
            Seed(0) with { Biases = true, TrainedGmfHead = false, Dropout = [0, 0.7] },
            PlainOptions.Train with { Embeddings = new()
            {
                Optimizer = Optimizer.Sgd,
                LearningRate = 1e-3,
                Regularization = 0.005,
            }, LearningRateSchedule = LearningRateSchedule.Linear, RecencyScale = 10 }),
    };

    [Theory]
    [MemberData(nameof(OptionNames))]
    public void EveryOptionDoesTheSameInBothSteps(string name)
    {
        (ModelOptions model, TrainOptions train) = Variants[name];
        train = train with { BatchSize = 100, Threads = 2 };
        Samples samples = Samples.Random(60, 40, 600, 5, weighted: train.RecencyScale > 0);
        TrainingState before = Random(model, 60, 40), torch = Random(model, 60, 40), fused = Random(model, 60, 40);
        Assert.Equal(Train(Torch(torch, train), samples).LossSum, Train(Fused(fused, train, SimdLevels.Best), samples).LossSum, 1e-4 * samples.Count);
        bool changed = false;
        foreach (((OptimizedWeight one, OptimizedWeight two), OptimizedWeight old) in torch.All.Zip(fused.All).Zip(before.All))
        {
            // As far as rounding goes: on average, since Adam turns the rounding of an almost vanishing gradient into a step.
            float[] expected = one.Weight.Values.ToArray(), actual = two.Weight.Values.ToArray(), start = old.Weight.Values.ToArray();
            double moved = expected.Zip(start, (x, y) => Math.Abs(x - y)).Average(), apart = expected.Zip(actual, (x, y) => Math.Abs(x - y)).Average();
            Assert.InRange(apart, 0, 2e-3 * moved + 1e-9);
            changed |= moved > 0;
        }

        Assert.True(changed);
        if (!model.TrainedGmfHead) Assert.Equal(before.Weights.Head!.Values[..32].ToArray(), fused.Weights.Head!.Values[..32].ToArray());
    }

    [Fact]
    public void InstructionSetsAgree()
    {
        Samples samples = Samples.Random(300, 100, 20 * 500, 5);
        var options = PlainOptions.Train with { BatchSize = 500, Threads = 2, Regularization = 0.01 };
        TrainingState[] results = [.. Supported.Select(level =>
        {
            TrainingState state = Random(Seed(0.25), 300, 100);
            Train(Fused(state, options, level), samples);
            return state;
        })];
        foreach ((OptimizedWeight one, OptimizedWeight two) in results[1..].SelectMany(other => results[0].All.Zip(other.All)))
        {
            // Adam divides by the gradient's own size, so where a gradient is almost nothing its rounding is turned into a step; on average it is not.
            double difference = Enumerable.Range(0, one.Weight.Values.Length).Average(i => Math.Abs(one.Weight.Values[i] - two.Weight.Values[i]));
            Assert.InRange(difference, 0, 1e-5);
        }
    }

    [Theory]
    [InlineData(NetworkKind.Neumf, 0.25)]
    [InlineData(NetworkKind.Neumf, 0.0)]
    [InlineData(NetworkKind.Gmf, 0.0)]
    [InlineData(NetworkKind.Mlp, 0.25)]
    [InlineData(NetworkKind.Mf, 0.0)]
    public void TwoHundredStepsAgreeWithTorchInLoss(NetworkKind kind, double rate)
    {
        var model = PlainOptions.Model with
        {
            Kind = kind,
            EmbeddingSize = 16,
            MlpEmbeddingSize = 16,
            MlpLayers = [32, 16, 8],
            Dropout = kind is NetworkKind.Neumf or NetworkKind.Mlp ? [rate, rate, rate] : [],
            EmbeddingInit = 0.1,
        };
        var options = PlainOptions.Train with { BatchSize = 256, Threads = 2, Regularization = 0.001 };
        Samples samples = Samples.Random(200, 150, 200 * 256, 3);
        double torch = Train(Torch(new TrainingState(ModelWeights.Initialize(model, 200, 150, 1)), options), samples).LossSum;
        double fused = Train(Fused(new TrainingState(ModelWeights.Initialize(model, 200, 150, 1)), options, SimdLevels.Best), samples).LossSum;
        Assert.Equal(torch / samples.Count, fused / samples.Count, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void AnyNumberOfThreadsGivesTheSameBytes(SimdLevel level)
    {
        ModelOptions model = Seed(0.25);
        Samples samples = Samples.Random(300, 100, 10_000, 5);
        TrainingState[] results = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            TrainingState state = Random(model, 300, 100);
            Train(Fused(state, PlainOptions.Train with { BatchSize = 1000, Threads = threads }, level), samples);
            return state;
        })];
        foreach (TrainingState other in results[1..]) AssertSameBytes(results[0], other);
    }

    [Fact]
    public void WindowsOfAnyLengthGiveTheSameBytes()
    {
        Samples samples = Samples.Random(30, 20, 1000, 5);
        var options = PlainOptions.Train with { BatchSize = 64, Threads = 2 };
        TrainingState whole = Random(Seed(0.25), 30, 20), parts = Random(Seed(0.25), 30, 20);
        Train(Fused(whole, options, SimdLevels.Best), samples);
        var position = new TrainingPosition();
        foreach (int end in new[] { 64, 192, 640, 1000 }) // each with a step of its own, as after a restart
        {
            using var step = Fused(parts, options, SimdLevels.Best);
            position = step.Advance(position, samples, end);
            step.Synchronize();
        }

        AssertSameBytes(whole, parts);
    }

    private static TorchStep Torch(TrainingState state, TrainOptions options) => new(state, options, new UpdateRules(options, totalSteps: 10));

    private static FusedTrainingStep Fused(TrainingState state, TrainOptions options, SimdLevel level) =>
        new(state, options, new UpdateRules(options, totalSteps: 10), level);

    private static ModelOptions Seed(double dropout) =>
        PlainOptions.Model with { MlpLayers = [64, 32, 16, 8], Dropout = [dropout, dropout, dropout], EmbeddingInit = 0.1 };

    private static ModelOptions Architecture(RandomStream draw, bool dropout)
    {
        int At(int place, int bound) => (int)draw.Below(place, bound);
        int depth = 1 + At(0, 4);
        return PlainOptions.Model with
        {
            Kind = new[] { NetworkKind.Neumf, NetworkKind.Gmf, NetworkKind.Mlp, NetworkKind.Mf }[At(1, 4)],
            EmbeddingSize = 1 + At(2, 40),
            MlpEmbeddingSize = 1 + At(3, 40),
            MlpLayers = [.. Enumerable.Range(0, depth).Select(l => 1 + At(10 + l, l == 0 ? 150 : 70))],
            Dropout = dropout ? [.. Enumerable.Range(0, At(4, depth + 2)).Select(l => 0.2 * At(20 + l, 3))] : [],
            EmbeddingActivation = At(5, 2) == 0 ? Activation.None : Activation.Relu,
            Biases = At(6, 2) == 0,
        };
    }

    private static TrainingState Random(ModelOptions options, int users, int items)
    {
        ModelWeights weights = ModelWeights.Initialize(options, users, items, 1);
        foreach (Weight weight in weights.All)
        {
            RandomStream stream = RandomStream.Named(2, weight.Name);
            for (int i = 0; i < weight.Values.Length; i++) weight.Values[i] += (float)(0.2 * stream.Normal(i));
        }

        return new TrainingState(weights);
    }

    private static TrainingPosition Train(ITrainingStep step, Samples samples, int epochs = 1)
    {
        using ITrainingStep owned = step;
        var position = new TrainingPosition();
        for (int epoch = 0; epoch < epochs; epoch++) position = step.Advance(position with { Epoch = epoch, Samples = 0 }, samples, samples.Count);
        step.Synchronize();
        return position;
    }

    private static void AssertSameBytes(TrainingState expected, TrainingState actual)
    {
        foreach ((OptimizedWeight one, OptimizedWeight two) in expected.All.Zip(actual.All))
        {
            Assert.Equal(one.Weight.Values.ToArray(), two.Weight.Values.ToArray());
            Assert.Equal(one.FirstMoments, two.FirstMoments);
            Assert.Equal(one.SecondMoments, two.SecondMoments);
        }
    }

    /// <summary>Given samples, in their order.</summary>
    private sealed class Samples(int[] users, int[] items, float[] labels, float[] weights) : ISampleSource, IEpochSamples
    {
        public long Count => users.Length;

        /// <summary>Repeats rows: half of the samples are of the first few users and items.</summary>
        public static Samples Random(int users, int items, int count, int seed, bool weighted = false)
        {
            RandomStream stream = RandomStream.Named(seed, "samples");
            int Below(long place, int bound) => (int)stream.Below(place, stream.Below(place + 1, 2) == 0 ? bound : Math.Min(bound, 4));
            return new(
                [.. Enumerable.Range(0, count).Select(b => Below(10L * b, users))],
                [.. Enumerable.Range(0, count).Select(b => Below(10L * b + 2, items))],
                [.. Enumerable.Range(0, count).Select(b => (float)stream.Below(10L * b + 4, 2))],
                [.. Enumerable.Range(0, count).Select(b => weighted ? 0.2f + (float)stream.Unit(10L * b + 5) : 1f)]);
        }

        public IEpochSamples InEpoch(int epoch) => this;

        public void Dispose()
        {
        }

        public void Fill(long start, Span<int> batchUsers, Span<int> batchItems, Span<float> batchLabels, Span<float> batchWeights)
        {
            users.AsSpan((int)start, batchUsers.Length).CopyTo(batchUsers);
            items.AsSpan((int)start, batchUsers.Length).CopyTo(batchItems);
            labels.AsSpan((int)start, batchUsers.Length).CopyTo(batchLabels);
            weights.AsSpan((int)start, batchUsers.Length).CopyTo(batchWeights);
        }
    }
}
