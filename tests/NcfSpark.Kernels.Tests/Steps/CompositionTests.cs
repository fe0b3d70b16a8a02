namespace NcfSpark.Kernels.Tests;

/// <summary>
/// Every composition of user encoder and interaction, against its equations (<see cref="NaiveModel"/>): the loss, and the
/// gradient of each parameter as the slope of the loss. NcfSpark.Training.Tests compares the same with autograd.
/// </summary>
public sealed class CompositionTests
{
    private const int Users = 4, Items = 7, GroupSize = 3, Groups = 15; // 45 samples: the second tile begins within a group
    private const ulong DropoutKey = 0x1234_5678_9ABC, UserDropoutKey = 0xDEF0_1234_5678;
    private const double Rate = 0.25;

    private static readonly UserHistories Past = new([3, 0, 5, 6, 1, 2, 4, 1, 0, 6, 3, 5, 2], [0, 5, 5, 9], [5, 1, 2, 6, 3, 7, 0, 1, 4, 2, 6, 5, 3]);

    private static readonly UserHistoryShape Pool = new() { Length = 3, Shares = [[], [1], [0.6f, 0.4f], [0.5f, 0.3f, 0.2f]], Factor = 2 };

    private static readonly UserHistoryShape PoolAndMlp = Pool with { Hidden = 5, Lags = 2, TemporalFeatureCount = 3, Dropout = 0.4 };

    private static readonly Dictionary<string, NetworkShape> Interactions = new()
    {
        ["dot"] = new() { GmfSize = 3, Biases = true, TrainedGmfHead = false },
        ["gmf"] = new() { GmfSize = 18 },
        ["mlp"] = new() { MlpSize = 2, Layers = [4, 3], Dropout = [0.3, 0.2, 0.1] },
        ["neumf"] = new() { GmfSize = 3, MlpSize = 2, Layers = [4, 3], Biases = true, Dropout = [0.3, 0.2] },
    };

    private static readonly NaiveModel.Sample[] Batch = [.. Enumerable.Range(0, Groups * GroupSize).Select(place =>
    {
        (int group, bool positive) = (place / GroupSize, place % GroupSize == 0);
        int user = Numbers.Below(group, 3, Users), start = Past.Starts[user], end = user + 1 < Users ? Past.Starts[user + 1] : Past.Items.Length;
        int pastEnd = end == start ? start : start + Numbers.Below(group, 6, end - start);
        return new NaiveModel.Sample(user, Numbers.Below(place, 4, Items), positive ? 1 : 0, 0.5f + Numbers.Below(group, 5, 3), pastEnd);
    })];

    public static TheoryData<SimdLevel, string, string> Compositions()
    {
        var data = new TheoryData<SimdLevel, string, string>();
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            foreach (string interaction in Interactions.Keys)
            {
                data.Add(level, "embedding", interaction);
                if (interaction == "mlp") continue; // which does not read the vector that a history enters
                data.Add(level, "history", interaction);
                data.Add(level, "history with MLP", interaction);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Compositions))]
    public void AStepFollowsTheSlopeOfEachParameter(SimdLevel level, string encoder, string interaction)
    {
        NetworkShape shape = Interactions[interaction] with { History = encoder switch { "embedding" => null, "history" => Pool, _ => PoolAndMlp } };
        foreach (bool plainRows in interaction == "dot" ? [false, true] : new[] { false })
        {
            using IFusedStep step = FusedSteps.Of(Settings(shape, level) with { PlainRows = plainRows });
            Assert.Equal(shape.History is not null && interaction == "dot" && plainRows, step is UserHistoryStep);
            AssertFollowsSlopes(step, shape, model => model.Loss(Batch, DropoutKey, UserDropoutKey),
                (model, _) => model.Loss(Batch, DropoutKey, UserDropoutKey));
        }
    }

    public static TheoryData<SimdLevel, bool, bool> Softmaxes()
    {
        var data = new TheoryData<SimdLevel, bool, bool>();
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            foreach (bool exceptTouched in new[] { false, true })
            {
                foreach (bool mlp in new[] { false, true }) data.Add(level, exceptTouched, mlp);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Softmaxes))]
    public void AStepFollowsTheSlopeOfTheSoftmax(SimdLevel level, bool exceptTouched, bool mlp)
    {
        NetworkShape shape = Interactions["dot"] with { History = mlp ? PoolAndMlp : Pool };
        var softmax = new SampledSoftmaxOptions(exceptTouched, Negatives: exceptTouched ? 100 : 0);
        using IFusedStep step = FusedSteps.Of(Settings(shape, level) with { PlainRows = true, Softmax = softmax });
        AssertFollowsSlopes(
            step, shape,
            model => model.SoftmaxLoss(Batch, softmax, UserDropoutKey) is var (one, other) ? one + other : 0,
            (model, part) => part is ModelPart.UserBias or ModelPart.HeadBias
                ? model.SoftmaxLoss(Batch, softmax, UserDropoutKey).Logistic : model.SoftmaxLoss(Batch, softmax, UserDropoutKey).Softmax);
    }

    private static StepSettings Settings(NetworkShape shape, SimdLevel level) => new()
    {
        Shape = shape,
        UserCount = Users,
        ItemCount = Items,
        BatchSize = Batch.Length,
        Threads = 2,
        Level = level,
        Histories = Past with { FeatureBits = shape.History is { TemporalFeatureCount: > 0 } ? Past.FeatureBits : [] },
        GroupSize = GroupSize,
    };

    private static void AssertFollowsSlopes(IFusedStep step, NetworkShape shape, Func<NaiveModel, double> lossOf, Func<NaiveModel, ModelPart, double> lossFor)
    {
        NaiveModel model = NaiveModel.Random(shape, Past, Users, Items, GroupSize);
        foreach ((ModelPart part, int layer) in model.Parts)
        {
            step.Parameters.Set(part, OptimizerSlot.Weight, Array.ConvertAll(model[part, layer], value => (float)value), layer);
        }

        double losses = 0;
        Assert.Equal(1, step.Run(new Feed(), 1, ref losses));
        Assert.Equal(lossOf(model), losses, 1e-4);
        foreach ((ModelPart part, int layer) in model.Parts)
        {
            float[] after = new float[model[part, layer].Length];
            step.Parameters.Get(part, OptimizerSlot.Weight, after, layer);
            for (int i = 0; i < after.Length; i++)
            {
                bool isFixed = part == ModelPart.HeadWeight && i < shape.GmfSize && !shape.TrainedGmfHead;
                double slope = isFixed ? 0 : Numbers.Slope(model[part, layer], i, () => lossFor(model, part));
                double moved = (model[part, layer][i] - after[i]) / Rate;
                Assert.True(Math.Abs(moved - slope) < 2e-4, $"{part} {layer} [{i}]: moved by {moved}, slope {slope}");
            }
        }
    }

    private sealed class Feed : IBatchFeed
    {
        public BatchTerms TermsOf(long batch)
        {
            var rule = new PartRule { Optimizer = Optimizer.Sgd, LearningRate = Rate };
            return new BatchTerms(Batch.Length, Step: 1, DropoutKey, rule, rule, rule) { UserDropoutKey = UserDropoutKey };
        }

        public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
            for (int b = 0; b < users.Length; b++)
            {
                NaiveModel.Sample sample = Batch[start + b];
                (users[b], items[b], labels[b], weights[b]) = (sample.User, sample.Item, sample.Label, sample.Weight);
            }
        }

        public void FillPastEnds(long batch, int start, Span<int> ends)
        {
            for (int b = 0; b < ends.Length; b++) ends[b] = Batch[start + b].PastEnd;
        }
    }
}
