namespace NcfSpark.Kernels.Tests;

/// <summary>
/// The step with attention against its equations (<see cref="NaiveAttention"/>): the loss, and the gradient of each part
/// as the slope of the loss. NcfSpark.Model.Tests compares the encoder with autograd.
/// </summary>
public sealed class AttentionStepTests
{
    private const int Items = 40;
    private const ulong Key = 0x1234_5678_9ABC, DropoutKey = 0xDEF0_1234_5678;
    private const double Rate = 0.01;

    private static readonly AttentionShape Shape = new() { Size = 32, Heads = 2, Blocks = 2, Length = 21, Dropout = 0.3, Told = 0.5 };

    // Five users with 4, 2, 30, 11 and 22 uses, more and fewer than Length; some share a second.
    private static readonly int[] Counts = [4, 2, 30, 11, 22], Users = [2, 0, 4, 1, 3];

    private static readonly UserHistories Past = new(
        [.. Counts.SelectMany((count, user) => Numbers.Distinct(new Random(user), Items, count))], [.. Counts.Select((_, user) => Counts[..user].Sum())], []);

    private static readonly long[] Times = [.. Counts.SelectMany((count, user) => Enumerable.Range(0, count).Select(k => (long)k / 2 * k * k * (user + 1)))];

    public static TheoryData<SimdLevel, int, bool> Cases()
    {
        var data = new TheoryData<SimdLevel, int, bool>();
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            data.Add(level, 9, true); // few of all items
        }

        data.Add(SimdLevels.Best, 30, false); // most
        data.Add(SimdLevels.Best, 1000, true); // all
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AStepFollowsTheSlopeOfEachPart(SimdLevel level, int negatives, bool exceptTouched)
    {
        var model = new NaiveAttention(Shape, Past, Times, Items);
        int[] drawn = NegativesOf(negatives);
        double LossOf() => model.Loss(Users, drawn, Key, DropoutKey, exceptTouched);
        using IFusedStep step = Step(level, threads: 2, negatives, model, exceptTouched);
        double losses = 0;
        Assert.Equal(1, step.Run(new Feed(), 1, ref losses));
        Assert.Equal(LossOf(), losses, 1e-4);
        Follows(ModelPart.ItemGmf, 0, model.ItemRows);
        Follows(ModelPart.ItemBias, 0, model.ItemBiases);
        for (int p = 0; p < model.Matrices.Length; p++) Follows(ModelPart.Attention, p, model.Matrices[p]);

        void Follows(ModelPart part, int layer, double[] weights)
        {
            float[] after = new float[weights.Length];
            step.Parameters.Get(part, OptimizerSlot.Weight, after, layer);
            int moving = 0;
            for (int i = 0, every = Math.Max(1, weights.Length / 10); i < weights.Length; i += every)
            {
                // The loss is a batch's, so the step of descent (by the sum) and the loss have the same factor.
                double slope = Numbers.Slope(weights, i, LossOf), moved = (weights[i] - after[i]) / Rate;
                Assert.True(Math.Abs(moved - slope) < 1e-3 * (1 + Math.Abs(slope)), $"{part} {layer} [{i}]: moved by {moved}, slope {slope}");
                if (Math.Abs(slope) > 1e-6) moving++;
            }

            Assert.True(moving > 0, $"{part} {layer}: no gradient");
        }
    }

    [Fact]
    public void AnyNumberOfThreadsGivesTheSameBytes()
    {
        float[][] results = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            using IFusedStep step = Step(SimdLevels.Best, threads, 9, new NaiveAttention(Shape, Past, Times, Items));
            double losses = 0;
            Assert.Equal(7, step.Run(new Feed(Optimizer.Adam), 7, ref losses));
            float[] rows = new float[Items * Shape.Size];
            step.Parameters.Get(ModelPart.ItemGmf, OptimizerSlot.Weight, rows);
            return (float[])[.. rows, (float)losses];
        })];
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(21)]
    [InlineData(30)]
    public void TheEncoderFollowsItsEquations(int count)
    {
        var model = new NaiveAttention(Shape, Past, Times, Items);
        int end = Past.Starts[2] + 30, start = end - count;
        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            using var encoder = new AttentionEncoder(Shape, level);
            for (int p = 0; p < model.Matrices.Length; p++) encoder.Set(p, Array.ConvertAll(model.Matrices[p], value => (float)value));
            float[] vector = new float[Shape.Size], rows = Array.ConvertAll(model.ItemRows, value => (float)value);
            int first = Math.Max(start, end - Shape.Length);
            foreach (long? moment in new long?[] { null, Times[end - 1], Times[end - 1] + 86_400 })
            {
                encoder.Encode(Past.Items.AsSpan(start, count), Times.AsSpan(start, count), moment, rows, vector);
                long[]? moments = moment is { } asked ? [.. Times[(first + 1)..end], asked] : null;
                double[] expected = model.Encode(Past.Items[first..end], Times[first..end], moments, 0, dropoutKey: null)[^1];
                for (int k = 0; k < vector.Length; k++) Assert.Equal(expected[k], vector[k], 1e-4);
            }
        }
    }

    [Fact]
    public void WhoDidNothingHasNoVector()
    {
        using var encoder = new AttentionEncoder(Shape, SimdLevels.Best);
        float[] vector = [.. Enumerable.Repeat(1f, Shape.Size)];
        encoder.Encode([], [], 5, new float[Shape.Size], vector);
        Assert.All(vector, value => Assert.Equal(0, value));
    }

    [Fact]
    public void AShareOfTheUsersIsToldAndOthersInTheNextBatch()
    {
        bool[] Of(ulong key, double share) => [.. Enumerable.Range(0, 10_000).Select(slot => ToldUsers.IsTold(key, slot, share))];
        Assert.InRange(Of(1, 0.3).Count(told => told), 2_800, 3_200);
        Assert.InRange(Of(1, 0.5).Zip(Of(1UL << 40, 0.5)).Count(pair => pair.First && pair.Second), 2_300, 2_700);
        Assert.All(Of(2, 0), told => Assert.False(told));
        Assert.All(Of(2, 1), told => Assert.True(told));
    }

    [Fact]
    public void TimesFallIntoBucketsOfHalfAnOctave()
    {
        Assert.Equal([0, 0, 1, 3, 4, 5, 5, 6, 6, 7], new long[] { -5, 0, 1, 2, 3, 4, 5, 6, 7, 8 }.Select(TimeBuckets.Of));
        Assert.Equal(TimeBuckets.Count - 1, TimeBuckets.Of(long.MaxValue));
        for (long time = 1; time < 1L << 34; time += 1 + time / 7)
        {
            int bucket = TimeBuckets.Of(time);
            Assert.True(TimeBuckets.Least(bucket) <= time);
            if (bucket + 1 < TimeBuckets.Count && bucket > 1) Assert.True(TimeBuckets.Least(bucket + 1) > time);
        }
    }

    private static int[] NegativesOf(int wanted)
    {
        int count = Math.Min(wanted, Items);
        using var pasts = new UserPasts(Past, Times);
        using var batch = new AttentionBatch(Shape, pasts, Items, Users.Length, count);
        batch.Arrange(Users, Key);
        unsafe
        {
            int[] drawn = new Span<int>(batch.Negatives, count).ToArray();
            Assert.Equal(count, drawn.Distinct().Count());
            return drawn;
        }
    }

    private static IFusedStep Step(SimdLevel level, int threads, int negatives, NaiveAttention model, bool exceptTouched = true)
    {
        IFusedStep step = FusedSteps.Of(new StepSettings
        {
            Shape = new NetworkShape(), UserCount = Counts.Length, ItemCount = Items, BatchSize = Users.Length, Threads = threads, Level = level,
            Histories = Past, Attention = new AttentionStepSettings(Shape, Times, negatives, exceptTouched),
        });
        step.Parameters.Set(ModelPart.ItemGmf, OptimizerSlot.Weight, Array.ConvertAll(model.ItemRows, value => (float)value));
        step.Parameters.Set(ModelPart.ItemBias, OptimizerSlot.Weight, Array.ConvertAll(model.ItemBiases, value => (float)value));
        for (int p = 0; p < model.Matrices.Length; p++)
        {
            step.Parameters.Set(ModelPart.Attention, OptimizerSlot.Weight, Array.ConvertAll(model.Matrices[p], value => (float)value), p);
        }

        return step;
    }

    private sealed class Feed(Optimizer optimizer = Optimizer.Sgd) : IBatchFeed
    {
        public BatchTerms TermsOf(long batch)
        {
            var rule = new PartRule { Optimizer = optimizer, LearningRate = Rate };
            return new BatchTerms(Users.Length, batch + 1, Key, rule, rule, rule) { UserDropoutKey = DropoutKey };
        }

        public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights) => throw new NotSupportedException();

        public void FillUsers(long batch, int start, Span<int> users) => Users.AsSpan(start, users.Length).CopyTo(users);
    }
}
