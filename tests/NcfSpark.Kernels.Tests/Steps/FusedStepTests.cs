namespace NcfSpark.Kernels.Tests;

/// <summary>
/// The step's memory, threads and failures. NcfSpark.Training.Tests checks its mathematics against autograd.
/// </summary>
public sealed class FusedStepTests
{
    private static readonly NetworkShape Shape = new() { GmfSize = 5, MlpSize = 3, Layers = [7, 4], Dropout = [0.2, 0.1], Biases = true };

    [Fact]
    public void PartsComeBackAsTheyWereSet()
    {
        using var step = new FusedStep(Shape, 9, 6, 32, threads: 1, SimdLevels.Best);
        (ModelPart Part, int Layer, int Size)[] parts =
        [
            (ModelPart.UserGmf, 0, 9 * 5), (ModelPart.UserMlp, 0, 9 * 3), (ModelPart.UserBias, 0, 9), (ModelPart.ItemGmf, 0, 6 * 5),
            (ModelPart.ItemMlp, 0, 6 * 3), (ModelPart.ItemBias, 0, 6),
            (ModelPart.MlpWeight, 0, 7 * 6), (ModelPart.MlpBias, 0, 7), (ModelPart.MlpWeight, 1, 4 * 7), (ModelPart.MlpBias, 1, 4),
            (ModelPart.HeadWeight, 0, 9), (ModelPart.HeadBias, 0, 1),
        ];
        float[] Values(int part, OptimizerSlot slot, int size) => [.. Enumerable.Range(0, size).Select(i => Numbers.At(i, 10 * part + (int)slot))];
        for (int p = 0; p < parts.Length; p++)
        {
            foreach (OptimizerSlot slot in Enum.GetValues<OptimizerSlot>())
            {
                step.Parameters.Set(parts[p].Part, slot, Values(p, slot, parts[p].Size), parts[p].Layer);
            }
        }

        for (int p = 0; p < parts.Length; p++)
        {
            foreach (OptimizerSlot slot in Enum.GetValues<OptimizerSlot>())
            {
                float[] actual = new float[parts[p].Size];
                step.Parameters.Get(parts[p].Part, slot, actual, parts[p].Layer);
                Assert.Equal(Values(p, slot, parts[p].Size), actual);
            }
        }
    }

    [Fact]
    public void AMatrixOfTheWrongSizeIsRefused()
    {
        using var step = new FusedStep(Shape, 9, 6, 32, threads: 1, SimdLevels.Best);
        Assert.Throws<ArgumentOutOfRangeException>(() => step.Parameters.Set(ModelPart.UserGmf, OptimizerSlot.Weight, new float[44]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void StepsAllocateNothing(int threads)
    {
        using var step = new FusedStep(Shape, 50, 40, 100, threads, SimdLevels.Best);
        double loss = 0;
        step.Run(new Feed(), 20, ref loss); // compiles
        // A collection that another test sets off can move the runtime's count of a thread by a buffer of 8 KB, so a count of 0 in one of some
        // runs is what counts: what a step allocated would show in all.
        long least = long.MaxValue;
        for (int run = 0; run < 10 && least > 0; run++)
        {
            var feed = new Feed();
            step.Run(feed, 2000, ref loss);
            Assert.True(feed.Fills > 2000);
            least = Math.Min(least, feed.Allocated);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void ALossThatIsNotFiniteEndsTheRun()
    {
        using var step = new FusedStep(Shape, 50, 40, 100, threads: 2, SimdLevels.Best);
        step.Parameters.Set(ModelPart.HeadBias, OptimizerSlot.Weight, [float.NaN]);
        double loss = 0;
        Assert.Equal(0, step.Run(new Feed(), 10, ref loss));
        Assert.True(double.IsNaN(loss));
        step.Parameters.Set(ModelPart.HeadBias, OptimizerSlot.Weight, [0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9)]
    public void AFeedThatFailsFailsTheRunAndHoldsUpNobody(int failsAt)
    {
        using var step = new FusedStep(Shape, 50, 40, 100, threads: 3, SimdLevels.Best);
        double loss = 0;
        Assert.Equal("no more", Assert.Throws<InvalidOperationException>(() => step.Run(new Feed { FailsAt = failsAt }, 20, ref loss)).Message);
        Assert.Equal(20, step.Run(new Feed(), 20, ref loss)); // and the step is not broken
    }

    private sealed class Feed : IBatchFeed
    {
        public long FailsAt { get; init; } = long.MaxValue;

        // What each thread has allocated since it first came here; other tests' threads do not count.
        [ThreadStatic]
        private static Feed? countedFor;
        [ThreadStatic]
        private static long before;
        private long allocated;
        private int fills;

        public long Allocated => allocated;

        public int Fills => fills;

        public BatchTerms TermsOf(long batch)
        {
            var rule = new PartRule { LearningRate = 0.01 };
            return new BatchTerms(100 - (int)(batch % 7), batch + 1, (ulong)batch * 12345, rule, rule, rule);
        }

        public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
            if (countedFor != this)
            {
                countedFor = this;
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            Interlocked.Add(ref allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Interlocked.Increment(ref fills);
            if (batch >= FailsAt) throw new InvalidOperationException("no more");
            for (int b = 0; b < users.Length; b++)
            {
                (users[b], items[b], labels[b], weights[b]) =
                    (Numbers.Below(start + b, (int)batch, 50), Numbers.Below(start + b, (int)batch + 1, 40), b % 3 == 0 ? 1 : 0, 1);
            }
        }
    }
}
