using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;
using NcfSpark.Training.Tests.Distributed;

namespace NcfSpark.Training.Tests;

/// <summary>Laws of the item encoder "features".</summary>
public sealed class ItemFeaturesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-features-").FullName;

    private static readonly ModelOptions Model = PlainOptions.Model with
    {
        Kind = NetworkKind.Mf, Item = ItemEncoderKind.Features, User = UserEncoderKind.History, EmbeddingSize = 19, EmbeddingInit = 0.3, OwnDropout = 0.3,
    };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Any items with any features, of which some items are not trained.</summary>
    private static FeatureLists Lists(int seed, int items, int count)
    {
        RandomStream stream = RandomStream.Named(seed, "lists");
        int[][] ofItem = [.. Enumerable.Range(0, items).Select(item =>
            Enumerable.Range(0, count).Where(feature => stream.Below((long)item * count + feature, 3) == 0).ToArray())];
        int[] starts = new int[items + 1];
        for (int item = 0; item < items; item++) starts[item + 1] = starts[item] + ofItem[item].Length;
        return new FeatureLists(
            count, starts, [.. ofItem.SelectMany(features => features)], [.. Enumerable.Range(0, items).Select(item => stream.Below(1_000_000 + item, 5) > 0)]);
    }

    private static TrainOptions Options(LossKind loss) => PlainOptions.Train with
    {
        Embeddings = new() { Optimizer = Optimizer.Sgd, LearningRate = 0.05, Regularization = 1e-5 }, Negatives = NegativeSource.Resampled,
        NegativesPerPositive = 3, BatchSize = 40, Loss = loss, Seed = 7, Threads = 1,
    };

    private static TrainingState State(TrainingSet set, FeatureLists lists)
    {
        ModelWeights weights = ModelWeights.Initialize(Model, set.UserCount, set.ItemCount, 1, features: lists);
        RandomStream stream = RandomStream.Named(2, "parts");
        for (int i = 0; i < weights.ItemParts!.Values.Length; i++) weights.ItemParts.Values[i] += (float)(0.1 * stream.Normal(i));
        weights.ComposeItems();
        return new TrainingState(weights);
    }

    /// <summary>Of a loss that is linear in composed vectors: what parts are moved by is their slope, by finite differences, at the stated rates.</summary>
    [Property(MaxTest = 40)]
    public unsafe void WhatPartsAreMovedByIsTheirSlope(int seed)
    {
        const int Items = 9, Count = 6, Columns = 5, Samples = 12;
        const float Rate = 0.25f;
        FeatureLists lists = Lists(seed, Items, Count);
        RandomStream stream = RandomStream.Named(seed, "values");
        using AlignedArray<float> composed = new(Items * Columns), parts = new((Items + Count) * Columns), biases = new(Items), partBiases = new(Items + Count);
        for (int i = 0; i < parts.Length; i++) parts.Start[i] = (float)stream.Normal(i);
        float[] before = parts.Span.ToArray(), towards = [.. Enumerable.Range(0, Items * Columns).Select(i => (float)stream.Normal(1000 + i))];
        int[] batch = [.. Enumerable.Range(0, Samples).Select(s => (int)stream.Below(2000 + s, Items))];
        using var composition = new ItemComposition(
            lists,
            [(new(composed.Start, Columns, Columns), new(parts.Start, Columns, Columns)), (new(biases.Start, 1, 1), new(partBiases.Start, 1, 1))],
            Samples,
            0.4);
        ulong key = stream.Bits(3000);
        double Loss()
        {
            fixed (int* items = batch) composition.Compose(items, Samples, key);
            double sum = 0;
            foreach (int item in batch.Distinct().Where(item => lists.IsTrained[item]))
            {
                for (int c = 0; c < Columns; c++) sum += (double)towards[item * Columns + c] * composed.Start[item * Columns + c];
            }

            return sum;
        }

        Loss();
        foreach (int item in batch.Distinct())
        {
            for (int c = 0; c < Columns; c++) composed.Start[item * Columns + c] -= Rate * towards[item * Columns + c];
        }

        composition.Scatter();
        float[] after = parts.Span.ToArray();
        for (int i = 0; i < after.Length; i++)
        {
            double At(float nudge)
            {
                before.CopyTo(parts.Span);
                parts.Start[i] += nudge;
                return Loss();
            }

            int row = i / Columns, uses = row < Items ? 1 : batch.Distinct().Count(item => lists.IsTrained[item] && lists[item].Contains(row - Items));
            double slope = (At(0.5f) - At(-0.5f)) / Math.Sqrt(Math.Max(1, uses));
            Assert.Equal(-Rate * slope, after[i] - before[i], 1e-4);
        }
    }

    /// <summary>Pieces of columns give the bytes of a plain loop, in compact rows or not, whatever the turn.</summary>
    [Property(MaxTest = 40)]
    public unsafe void PiecesGiveTheBytesOfAPlainLoop(int seed)
    {
        const int Items = 30, Count = 8, Columns = 150, Samples = 40;
        FeatureLists lists = Lists(seed, Items, Count);
        RandomStream stream = RandomStream.Named(seed, "values");
        int[] batch = [.. Enumerable.Range(0, Samples).Select(s => (int)stream.Below(2000 + s, Items))], distinct = [.. batch.Distinct()];
        float[] start = [.. Enumerable.Range(0, (Items + Count) * Columns).Select(i => (float)stream.Normal(i))];
        float Move(int item, int c) => (item * 7 + c) % 13 * 0.25f;

        float[] expected = [.. start], sums = new float[Count * Columns];
        foreach (int item in distinct.Where(item => lists.IsTrained[item]))
        {
            for (int c = 0; c < Columns; c++)
            {
                float sum = 0, share = FeatureLists.Share(lists[item].Length);
                foreach (int feature in lists[item]) sum += start[(Items + feature) * Columns + c];
                float composed = share * sum + start[item * Columns + c], moved = composed + Move(item, c) - composed;
                expected[item * Columns + c] += moved;
                foreach (int feature in lists[item]) sums[feature * Columns + c] += share * moved;
            }
        }

        for (int i = 0; i < sums.Length; i++)
        {
            int uses = distinct.Count(item => lists.IsTrained[item] && lists[item].Contains(i / Columns));
            if (uses > 0) expected[Items * Columns + i] += 1 / MathF.Sqrt(uses) * sums[i];
        }

        foreach (bool compact in new[] { false, true })
        {
            using AlignedArray<float> vectors = new(Items * Columns), parts = new((Items + Count) * Columns);
            start.CopyTo(parts.Span);
            using var composition = new ItemComposition(
                lists, [(new(vectors.Start, Columns, Columns), new(parts.Start, Columns, Columns))], Samples, 0, compact);
            fixed (int* items = batch)
            {
                int turn = seed & 1;
                composition.Arrange(turn, items, Samples);
                composition.Arrange(1 - turn, items, Samples / 2); // the next batch
                composition.Compose(turn, 48, Columns, 5);
                composition.Compose(turn, 0, 48, 5);
                for (int s = 0; s < Samples; s++) Assert.Equal(batch[s], distinct[composition.RowsOf(turn)[s]]);
                for (int d = 0; d < distinct.Length; d++)
                {
                    for (int c = 0; c < Columns; c++) vectors.Start[(compact ? d : distinct[d]) * Columns + c] += Move(distinct[d], c);
                }

                composition.Scatter(turn, 32, Columns);
                composition.Scatter(turn, 0, 32);
            }

            Assert.Equal(expected, parts.Span.ToArray());
        }
    }

    [Theory]
    [InlineData(LossKind.Logistic)]
    [InlineData(LossKind.Softmax)]
    public void AnEpochAgreesWithTorchAndWithAnyThreadsToTheByte(LossKind loss)
    {
        TrainingSet set = HistoryLogs.Random(3);
        FeatureLists lists = Lists(4, set.ItemCount, 7);
        TrainOptions options = Options(loss);
        using ISampleSource samples = HistoryStepTests.Samples(set, options);
        TrainingState torch = State(set, lists), one = State(set, lists), three = State(set, lists), start = State(set, lists);
        HistoryStepTests.Advance(new TorchStep(torch, options, HistoryStepTests.Rules(options)), samples, samples.Count);
        HistoryStepTests.Advance(new FusedTrainingStep(one, options, HistoryStepTests.Rules(options), SimdLevels.Best, samples), samples, samples.Count);
        TrainOptions threads = options with { Threads = 3 };
        HistoryStepTests.Advance(new FusedTrainingStep(three, threads, HistoryStepTests.Rules(options), SimdLevels.Best, samples), samples, samples.Count);
        HistoryStepTests.AssertSameBytes(one, three);
        foreach ((Weight expected, Weight actual) in torch.Weights.All.Zip(one.Weights.All))
        {
            for (int i = 0; i < expected.Values.Length; i++) Assert.Equal(expected.Values[i], actual.Values[i], 1e-3f);
        }

        // Features were learnt; an item without interactions has no row of its own, and is what its features say.
        ModelWeights weights = one.Weights;
        Assert.Contains(Enumerable.Range(0, 7), f => !weights.ItemParts!.Row(weights.ItemCount + f).SequenceEqual(
            start.Weights.ItemParts!.Row(weights.ItemCount + f)));
        int cold = Array.IndexOf(lists.IsTrained, false);
        Assert.True(weights.ItemParts!.Row(cold).SequenceEqual(start.Weights.ItemParts!.Row(cold)));
        float share = FeatureLists.Share(lists[cold].Length), sum = 0;
        foreach (int feature in lists[cold]) sum += share * weights.ItemParts.Row(weights.ItemCount + feature)[0];
        Assert.Equal(sum, weights.ItemGmf!.Row(cold)[0], 1e-6f);
    }

    [Fact]
    public void WorkersGiveTheSameBytesEverywhereAndOneThoseOfARunWithoutAServer()
    {
        TrainingSet set = HistoryLogs.Random(3);
        set = set with { Features = Lists(4, set.ItemCount, 7) };
        TrainOptions options = Options(LossKind.Softmax) with { Epochs = 2 };
        SortedDictionary<string, byte[]> Workers(int count, string name, bool grpc = false)
        {
            var run = new WorkerRun(set, Model, options with { Workers = count }, Path.Combine(folder, name));
            return WorkerRun.FilesOf(grpc ? run.OverGrpc() : run.Threads());
        }

        WorkerRun.AssertEqual(Workers(3, "threads"), Workers(3, "grpc", grpc: true));
        var trainer = new Trainer(
            Model, options, CheckpointStore.Open(Path.Combine(folder, "alone"), "test"), null, SilentProgress.Instance, TimeProvider.System);
        WorkerRun.AssertEqual(WorkerRun.FilesOf(trainer.Train(set).Weights, 8, Path.Combine(folder, "files")), Workers(1, "one"));
    }

    [Fact]
    public void AFileOfAModelHoldsPartsAndComposedVectors()
    {
        TrainingSet set = HistoryLogs.Random(3);
        TrainingState state = State(set, Lists(4, set.ItemCount, 7));
        state.Weights.Pools = UserPools.Empty(set.UserCount, Model.History.Length, keepTimes: false);
        var users = new IdTable([.. Enumerable.Range(0, set.UserCount).Select(id => (long)id)], new int[set.UserCount]);
        var items = new IdTable([.. Enumerable.Range(0, set.ItemCount).Select(id => (long)id)], new int[set.ItemCount]);
        new TrainedModel(state.Weights, users, items).Write(folder, shards: 3);
        ModelWeights read = TrainedModel.ReadWeights(folder, Model, set.UserCount, set.ItemCount);
        foreach ((Weight wrote, Weight there) in state.Weights.All.Zip(read.All)) Assert.Equal(wrote.Values.ToArray(), there.Values.ToArray());
    }

    /// <summary>Two items changed places, one is new; of the features one is new and one is gone.</summary>
    [Fact]
    public void AWarmStartFindsItemsByIdsAndFeaturesByNames()
    {
        ModelOptions model = Model with { EmbeddingSize = 2 };
        var lists = new FeatureLists(2, [0, 1, 2], [0, 1], [true, true]);
        ModelWeights then = ModelWeights.Initialize(model, 1, 2, 1, features: lists);
        for (int i = 0; i < then.ItemParts!.Values.Length; i++) then.ItemParts.Values[i] = i + 1; // rows 1 2 3, 4 5 6; features 7 8 9, 10 11 12
        var incumbent = new TrainedModel(then, new IdTable([5L], [1]), new IdTable([10L, 20L], [2, 1])) { Features = ["a", "b"] };
        var now = new FeatureLists(2, [0, 1, 2, 4], [0, 1, 0, 1], [true, true, false]);
        ModelWeights weights = WarmStart.From(incumbent, model, new IdTable([5L], [1]), new IdTable([20L, 10L, 30L], [2, 1, 0]), now, ["b", "c"]);
        Assert.Equal([4, 5, 6, 1, 2, 3, 0, 0, 0, 10, 11, 12, 0, 0, 0], weights.ItemParts!.Values.ToArray());
        weights.ComposeItems();
        Assert.Equal([14, 16], weights.ItemGmf!.Row(0).ToArray());
        Assert.Equal(18, weights.ItemBias!.Row(0)[0]);
        Assert.Equal(10 / MathF.Sqrt(2), weights.ItemGmf.Row(2)[0], 1e-5f);
        Assert.Equal(12 / MathF.Sqrt(2) + 1.5f, weights.ItemBias.Row(2)[0], 1e-5f);
    }

    [Fact]
    public void WhatHasNoFeaturesIsRefused()
    {
        TrainingSet set = HistoryLogs.Random(3);
        var state = new TrainingState(ModelWeights.Initialize(Model, set.UserCount, set.ItemCount, 1));
        using ISampleSource samples = HistoryStepTests.Samples(set, Options(LossKind.Softmax));
        Assert.Contains("Input:ItemFeatures:Path",
            Assert.Throws<InvalidInputException>(() => TrainingSteps.Make(state, Options(LossKind.Softmax), samples)).Message, StringComparison.Ordinal);
    }
}
