using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Training.Tests;

public sealed class SamplingTests
{
    [Property(MaxTest = 200)]
    public bool PermutationVisitsEveryPlaceOnce(PositiveInt count, int seed)
    {
        var permutation = new IndexPermutation(count.Get, RandomStream.Named(seed, "test"));
        return Enumerable.Range(0, count.Get).Select(place => permutation[place]).Order()
            .SequenceEqual(Enumerable.Range(0, count.Get).Select(place => (long)place));
    }

    [Property(MaxTest = 200)]
    public bool PermutationOfNeighboursIsThatOfEachPlace(PositiveInt count, NonNegativeInt start, PositiveInt length, int seed)
    {
        long size = seed % 2 == 0 ? count.Get : count.Get * 1_000_003L;
        var permutation = new IndexPermutation(size, RandomStream.Named(seed, "test"));
        long first = start.Get * 999_983L % size;
        long[] block = new long[Math.Min(length.Get * 3, size - first)];
        permutation.CopyTo(first, block);
        return block.SequenceEqual(block.Select((_, b) => permutation[first + b]));
    }

    [Fact]
    public void PermutationIsUniformOverPlaces()
    {
        // Where does 0 go, over 20,000 seeds? 13 places, chi-square with 12 degrees of freedom: 32.9 is passed once in 1,000.
        const int Count = 13, Seeds = 20_000;
        int[] hits = new int[Count];
        for (int seed = 0; seed < Seeds; seed++) hits[new IndexPermutation(Count, RandomStream.Named(seed, "test"))[0]]++;
        Assert.InRange(ChiSquare(hits), 0, 32.9);
    }

    [Fact]
    public void TheDesignsExampleOfUntouchedItems()
    {
        using var sampler = new NegativeSampler(InteractionLists.FromRows(1, [0, 0, 0], [1, 3, 4]), itemCount: 7);
        Assert.Equal(4, sampler.UntouchedCount(0));
        Assert.Equal([0, 2, 5, 6], Enumerable.Range(0, 4).Select(r => sampler.Untouched(0, r)));
    }

    [Property(MaxTest = 300)]
    public bool UntouchedItemsAreTheComplementInOrder(NonNegativeInt[] touched, PositiveInt extra)
    {
        int[] items = [.. touched.Select(item => item.Get % 50).Distinct().Order()];
        int itemCount = 50 + extra.Get % 10;
        using var sampler = new NegativeSampler(InteractionLists.FromRows(1, new int[items.Length], items), itemCount);
        IEnumerable<int> twin = Enumerable.Range(0, itemCount).Except(items);
        return Enumerable.Range(0, sampler.UntouchedCount(0)).Select(r => sampler.Untouched(0, r)).SequenceEqual(twin);
    }

    [Property(MaxTest = 10)]
    public bool UntouchedItemsOfAUserWithThousandsAreTheComplementInOrder(int seed, PositiveInt users)
    {
        const int ItemCount = 25_000;
        var draw = new Random(seed);
        int[][] touched = [.. Enumerable.Range(0, 1 + users.Get % 3).Select(_ => Enumerable.Range(0, ItemCount).Where(_ => draw.Next(4) > 0).ToArray())];
        using var sampler = new NegativeSampler(InteractionLists.FromRows(touched.Length,
            [.. touched.SelectMany((items, user) => Enumerable.Repeat(user, items.Length))], [.. touched.SelectMany(items => items)]), ItemCount);
        return touched.Index()
            .All(user => Enumerable.Range(0, sampler.UntouchedCount(user.Index)).Select(r => sampler.Untouched(user.Index, r))
            .SequenceEqual(Enumerable.Range(0, ItemCount).Except(user.Item)));
    }

    [Theory]
    [InlineData(300)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(1_000_000)]
    public void ADrawCountsNoMoreOfAUserWithAMillionItemsThanOfOneWithThousands(int count)
    {
        // Every other item is touched, so the r-th untouched one is 2r + 1.
        using var sampler = new NegativeSampler(InteractionLists.FromRows(1, new int[count], [.. Enumerable.Range(0, count).Select(k => 2 * k)]), 2 * count);
        for (int r = 0; r < count; r += 1 + count / 997)
        {
            (int start, int end) = sampler.Counted(0, r);
            Assert.InRange(end - start, 1, 256);
            Assert.Equal(2 * r + 1, sampler.Untouched(0, r));
        }
    }

    [Fact]
    public void ResampledNegativesAreUniformOverUntouchedItemsAndNeverTouched()
    {
        // One user, items 0 to 9, touched 1, 3, 4: 7 untouched. 400 epochs x 3 positives x 5 draws.
        TrainingSet set = Logs.Of(1, 10, [(0, 1), (0, 3), (0, 4)]);
        using var samples = new ResampledSamples(set, Fresh(5, 1));
        int[] hits = new int[10];
        for (int epoch = 0; epoch < 400; epoch++)
        {
            Batch batch = Epoch(samples, epoch);
            for (int b = 0; b < batch.Count; b++)
            {
                if (batch.Labels[b] == 0) hits[batch.Items[b]]++;
                else Assert.Contains(batch.Items[b], new[] { 1, 3, 4 });
            }
        }

        Assert.Equal(400 * 15, hits.Sum());
        Assert.Equal(0, hits[1] + hits[3] + hits[4]);
        Assert.InRange(ChiSquare([.. new[] { 0, 2, 5, 6, 7, 8, 9 }.Select(item => hits[item])]), 0, 22.5); // 6 degrees of freedom, once in 1,000
    }

    [Fact]
    public void EachEpochHasEveryPositiveOnceAndAsManyNegativesAsAskedFor()
    {
        TrainingSet set = Logs.TwoTastes();
        using var samples = new ResampledSamples(set, Fresh(4, 9));
        Batch first = Epoch(samples, 0), second = Epoch(samples, 1);
        foreach (Batch epoch in new[] { first, second })
        {
            var positives = Enumerable.Range(0, epoch.Count).Where(b => epoch.Labels[b] == 1).Select(b => (epoch.Users[b], epoch.Items[b])).Order();
            Assert.Equal(set.Rows.Users.Zip(set.Rows.Items).Order(), positives);
            Assert.Equal(4 * set.Rows.Count, epoch.Labels.Count(label => label == 0));
        }

        Assert.NotEqual(first.Items, second.Items);
    }

    [Theory]
    [InlineData(NegativeSource.Uniform, 0.0)]
    [InlineData(NegativeSource.Popularity, 0.5)]
    [InlineData(NegativeSource.Popularity, 1.0)]
    public void OtherNegativesFollowAPowerOfPopularityAndMayHaveBeenSeen(NegativeSource negatives, double power)
    {
        // Items 0 … 3 are used 16, 4, 1 and 0 times, the last counting as once.
        TrainingSet set = Logs.Of(16, 4, [.. Enumerable.Range(0, 16).Select(user => (user, 0)), .. Enumerable.Range(0, 4).Select(user => (user, 1)), (0, 2)]);
        using var samples = new ResampledSamples(set, Fresh(20, 1, negatives) with { NegativePopularity = power });
        double[] hits = new double[4];
        for (int epoch = 0; epoch < 100; epoch++)
        {
            Batch batch = Epoch(samples, epoch);
            for (int b = 0; b < batch.Count; b++) hits[batch.Items[b]] += 1 - batch.Labels[b];
        }

        double[] weights = [.. new[] { 16.0, 4, 1, 1 }.Select(used => Math.Pow(used, power))];
        double total = 100 * 21 * 20,
            chiSquare = hits.Zip(weights,
            (hit, weight) => (hit - total * weight / weights.Sum()) * (hit - total * weight / weights.Sum()) / (total * weight / weights.Sum())).Sum();
        Assert.Equal(total, hits.Sum());
        Assert.InRange(chiSquare, 0, 16.3); // 3 degrees of freedom, once in 1,000
    }

    [Fact]
    public void PopularNegativesThatAreUntouchedFollowThePowerAmongWhatTheUserHasNotTouched()
    {
        // Items 0 … 3 are used 16, 4, 1 and 0 times, the last counting as once. User 20 has item 0 alone, so draws from the others.
        TrainingSet set = Logs.Of(21, 4,
            [.. Enumerable.Range(0, 15).Select(user => (user, 0)), .. Enumerable.Range(0, 4).Select(user => (user, 1)), (0, 2), (20, 0)]);
        using var samples = new ResampledSamples(set, Fresh(20, 1, NegativeSource.PopularityUntouched) with { NegativePopularity = 0.5 });
        double[] hits = new double[4];
        for (int epoch = 0; epoch < 300; epoch++)
        {
            Batch batch = Epoch(samples, epoch);
            for (int b = 0; b < batch.Count; b++)
            {
                Assert.Equal(batch.Labels[b] == 1, set.Avoided[batch.Users[b]].Contains(batch.Items[b]));
                if (batch.Users[b] == 20) hits[batch.Items[b]] += 1 - batch.Labels[b];
            }
        }

        double total = 300 * 20,
            chiSquare = new[] { 1, 2, 3 }.Sum(item => Math.Pow(hits[item] - total * (item == 1 ? 2 : 1) / 4, 2) / (total * (item == 1 ? 2 : 1) / 4));
        Assert.Equal(total, hits.Sum());
        Assert.InRange(chiSquare, 0, 13.8); // 2 degrees of freedom, once in 1,000
    }

    [Fact]
    public void AUserWhoHasAllThatIsPopularGetsOneOfTheOthers()
    {
        // Items 0 to 2 are drawn a million times as often as 3 and 4, the only ones that user 0 has not touched. User 1 has touched everything.
        TrainingSet set = Logs.Of(1003, 5,
            [.. Enumerable.Range(2, 1000).SelectMany(user => new[] { (user, 0), (user, 1), (user, 2) }), (0, 0), (0, 1), (0, 2),
            .. Enumerable.Range(0, 5).Select(item => (1, item))]);
        using var samples = new ResampledSamples(set, Fresh(4, 1, NegativeSource.PopularityUntouched) with { NegativePopularity = 2 });
        int[] hits = new int[5];
        for (int epoch = 0; epoch < 20; epoch++)
        {
            Batch batch = Epoch(samples, epoch);
            for (int b = 0; b < batch.Count; b++)
            {
                if (batch.Users[b] == 1) Assert.Equal(1, batch.Labels[b]);
                if (batch.Users[b] == 0 && batch.Labels[b] == 0) hits[batch.Items[b]]++;
            }
        }

        Assert.Equal([0, 0, 0], hits[..3]);
        Assert.Equal(20 * 12, hits.Sum());
        Assert.InRange(hits[3], 80, 160);
    }

    [Fact]
    public void RecencyWeighsByHowManyOfTheUsersPositivesAreLater()
    {
        // User 0 at the seconds 5, 9, 9, the middle one with a stored negative; user 1 at 100.
        TrainingSet set = Logs.Of(2, 9, [(0, 1), (0, 2), (0, 8), (0, 3), (1, 4)]) with
        {
            Labels = [1, 1, 0, 1, 1],
            Rows = new InteractionRows([0, 0, 0, 0, 1], [1, 2, 8, 3, 4], [5, 9, 9, 9, 100]),
        };
        double old = 0.05 + 0.95 * Math.Exp(-2 / 10.0), mean = (old + 1 + 1 + 1) / 4;
        float[] weights = SampleWeights.Of(set, PlainOptions.Train with { RecencyScale = 10 })!;
        double[] expected = [old / mean, 1 / mean, 1 / mean, 1 / mean, 1 / mean];
        for (int row = 0; row < 5; row++) Assert.Equal(expected[row], weights[row], 1e-6);
        Assert.Null(SampleWeights.Of(set, PlainOptions.Train));

        using var asStored = new StoredSamples(set, PlainOptions.Train with { RecencyScale = 10 });
        Batch stored = Epoch(asStored, 0);
        for (int b = 0; b < 5; b++) Assert.Equal(weights[Array.IndexOf(set.Rows.Items, stored.Items[b])], stored.Weights[b]);
        using var samples = new ResampledSamples(set, Fresh(3, 1) with { RecencyScale = 10 });
        Batch fresh = Epoch(samples, 0);
        Assert.Equal(4, fresh.Weights.Count(weight => Math.Abs(weight - old / mean) < 1e-6)); // the old positive and its three negatives
    }

    [Fact]
    public void SomeOfTheUsersWeighAsAmongAllByTheTotalsOfAll()
    {
        TrainingSet whole = HistoryLogs.Random(3, 40, 30);
        TrainOptions options = Fresh(3, 1, NegativeSource.Popularity) with { RecencyScale = 4 };
        TrainingSet[] parts = [.. Enumerable.Range(0, 3).Select(part => Of(user => user % 3 == part))];
        var all = SampleTotals.Sum(parts.Select(part => SampleTotals.Of(part, options)));
        SampleTotals expected = SampleTotals.Of(whole, options);
        Assert.Equal(expected.Positives, all.Positives);
        Assert.Equal(expected.ItemUses, all.ItemUses);
        Assert.Equal(expected.RecencySum, all.RecencySum, 1e-9 * expected.RecencySum); // in another order
        float[] weights = SampleWeights.Of(whole, options)!;
        for (int part = 0; part < 3; part++)
        {
            float[] among = [.. Enumerable.Range(0, weights.Length).Where(row => whole.Rows.Users[row] % 3 == part).Select(row => weights[row])];
            float[] own = SampleWeights.Of(parts[part], options, all)!;
            for (int row = 0; row < own.Length; row++) Assert.Equal(among[row], own[row], 1e-6);
        }

        TrainingSet Of(Predicate<int> isOwn)
        {
            int[] rows = [.. Enumerable.Range(0, whole.Rows.Count).Where(row => isOwn(whole.Rows.Users[row]))];
            return whole with
            {
                Rows = new InteractionRows(Array.ConvertAll(rows, row => whole.Rows.Users[row]), Array.ConvertAll(rows, row => whole.Rows.Items[row]),
                    Array.ConvertAll(rows, row => whole.Rows.Timestamps[row])),
                Labels = Array.ConvertAll(rows, row => whole.Labels[row]),
            };
        }
    }

    /// <summary>Item 2 was used by others alone: seven times of ten.</summary>
    [Fact]
    public void DrawsGoByThePopularityOfAllUsers()
    {
        using var samples = new ResampledSamples(
            Logs.Of(1, 4, [(0, 0)]), Fresh(10_000, 1, NegativeSource.Popularity) with { NegativePopularity = 1 }, all: new SampleTotals(9, 0, [1, 1, 7, 0]));
        Batch epoch = Epoch(samples, 0);
        Assert.InRange(epoch.Items.Zip(epoch.Labels).Count(sample => sample == (2, 0f)), 6_800, 7_200);
    }

    [Fact]
    public void ALinearScheduleFallsFromTheWholeRateTowardsZero()
    {
        var options = PlainOptions.Train with
        {
            LearningRateSchedule = LearningRateSchedule.Linear,
            LearningRate = 0.4,
            Embeddings = new() { LearningRate = 0.2 },
            BatchSize = 10,
            Epochs = 2,
        };
        Assert.Equal(4, UpdateRules.StepsOf(options, samples: 11));
        var rules = new UpdateRules(options, 4);
        Assert.Equal([0.4, 0.3, 0.2, 0.1], Enumerable.Range(1, 4).Select(step => Math.Round(rules.Dense(step).LearningRate, 9)));
        Assert.Equal(0.05, rules.Gmf(4).LearningRate, 1e-9);
    }

    [Fact]
    public void AUserWhoTouchedEverythingHasNoNegatives()
    {
        using var samples = new ResampledSamples(Logs.Of(1, 2, [(0, 0), (0, 1)]), Fresh(3, 1));
        Assert.DoesNotContain(0f, Epoch(samples, 0).Labels);
    }

    [Fact]
    public void SamplesDoNotDependOnHowTheyAreBatched()
    {
        using var samples = new ResampledSamples(Logs.TwoTastes(), Fresh(2, 5));
        Batch whole = Epoch(samples, 3);
        var part = new Batch(7) { Epoch = 3, Start = 11, Count = 7 };
        part.FillFrom(samples);
        Assert.Equal(whole.Items[11..18], part.Items);
    }

    [Property(MaxTest = 200)]
    public bool GroupsHoldEachSampleOnceInOrder(NonNegativeInt[] raw)
    {
        int[] rows = [.. raw.Select(row => row.Get % 10)];
        var groups = new RowGroups(10, Math.Max(rows.Length, 1));
        groups.Group([3]); // an earlier batch leaves no trace
        groups.Group(rows);
        return Enumerable.Range(0, groups.DistinctCount).All(d =>
        {
            int row = groups.Row(d);
            var samples = new List<int>();
            for (int sample = groups.FirstSample(row); sample >= 0; sample = groups.NextSample(sample)) samples.Add(sample);
            return samples.SequenceEqual(Enumerable.Range(0, rows.Length).Where(b => rows[b] == row));
        }) && groups.DistinctCount == rows.Distinct().Count();
    }

    [Fact]
    public void DropoutKeepsTheExpectationAndDropsAtItsRate()
    {
        float[] mask = new DropoutMasks(new NetworkShape { MlpSize = 32, Layers = [8], Dropout = [0.25] }).Of(key: 5, firstSample: 0, count: 4000, layer: 0)!;
        Assert.Equal(0.25, mask.Count(value => value == 0) / (double)mask.Length, 0.005);
        Assert.Equal(1, mask.Average(), 0.007);
    }

    [Fact]
    public void DropoutOfASampleDoesNotDependOnItsChunk()
    {
        var masks = new DropoutMasks(new NetworkShape { MlpSize = 3, Layers = [5, 20], Dropout = [0.5, 0, 0.5] });
        ulong key = DropoutMasks.Keys(1, 2).Bits(3);
        Assert.Equal(masks.Of(key, 0, 10, 2)![80..140], masks.Of(key, 4, 3, 2));
        Assert.Null(masks.Of(key, 0, 10, 1));
        Assert.NotEqual(masks.Of(key, 0, 10, 0), masks.Of(DropoutMasks.Keys(1, 2).Bits(4), 0, 10, 0));
    }

    private static TrainOptions Fresh(int negatives, int seed, NegativeSource from = NegativeSource.Resampled) =>
        PlainOptions.Train with { Negatives = from, NegativesPerPositive = negatives, Seed = seed };

    private static Batch Epoch(ISampleSource samples, int epoch)
    {
        var batch = new Batch((int)samples.Count) { Epoch = epoch, Count = (int)samples.Count };
        batch.FillFrom(samples);
        return batch;
    }

    private static double ChiSquare(int[] hits)
    {
        double expected = hits.Average();
        return hits.Sum(hit => (hit - expected) * (hit - expected) / expected);
    }
}
