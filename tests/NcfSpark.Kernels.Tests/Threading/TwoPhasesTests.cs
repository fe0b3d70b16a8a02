namespace NcfSpark.Kernels.Tests;

public sealed class TwoPhasesTests
{
    private const int Batches = 200, Samples = 1000, Chunks = 6, Pieces = 11;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryPieceIsDoneOnceAndInItsPhase(int threads)
    {
        var step = new Step();
        using var phases = new TwoPhases(step, threads, "test", Chunks);
        step.Phases = phases;
        double losses = 0.5;
        Assert.Equal(Batches, phases.Run(new Feed(), Batches, ref losses));
        Assert.Equal(0.5 + Batches * (0 + 1 + 2 + 3 + 4 + 5), losses); // of the chunks, each once
        Assert.Equal(Batches, step.Begun);
        Assert.Empty(step.Faults);
    }

    [Fact]
    public void ABatchWhoseLossIsNotFiniteIsTheLastAndUpdatesNothing()
    {
        var step = new Step { FailsAt = 7 };
        using var phases = new TwoPhases(step, threads: 2, "test", Chunks);
        step.Phases = phases;
        double losses = 0;
        Assert.Equal(7, phases.Run(new Feed(), Batches, ref losses));
        Assert.Equal(8, step.Begun);
        Assert.Equal(0, step.Updated(7));
        Assert.Empty(step.Faults);
    }

    /// <summary>Notes what is done out of turn.</summary>
    private sealed class Step : ITwoPhaseStep
    {
        private readonly int[] filled = new int[Batches], arranged = new int[Batches], computed = new int[Batches], updated = new int[Batches];
        private long now = -1;

        public TwoPhases Phases { get; set; } = null!;

        public long FailsAt { get; init; } = -1;

        public long Begun => now + 1;

        public List<string> Faults { get; } = [];

        public int Updated(int batch) => updated[batch];

        public void Fill(IBatchFeed feed, long batch, int start, int count)
        {
            Expect(batch <= Math.Max(now, 0) + 2, "filled too early");
            Interlocked.Add(ref filled[batch], count);
        }

        public void Arrange(long batch, int count)
        {
            Expect(filled[batch] == Samples && count == Samples, "arranged before it was filled");
            Interlocked.Increment(ref arranged[batch]);
        }

        public (int Chunks, int Pieces) Begin(long batch, in BatchTerms terms)
        {
            Expect(batch == now + 1 && arranged[batch] == 1, "begun before it was arranged");
            if (now >= 0) Expect(updated[now] == Pieces, "begun before the updates of the one before");
            now = batch;
            return (Chunks, Pieces);
        }

        public void Compute(int chunk, int thread)
        {
            for (; chunk >= 0; chunk = Next(chunk, thread))
            {
                Expect(updated[now] == 0, "computed after an update");
                Interlocked.Increment(ref computed[now]);
            }
        }

        public void Update(int piece, int thread)
        {
            Expect(computed[now] == Chunks, "updated before all chunks were computed");
            Interlocked.Increment(ref updated[now]);
        }

        public void Prefetch(long next, int thread) => Expect(next == now + 1 && arranged[next] == 1, "prefetched before it was arranged");

        private int Next(int chunk, int thread)
        {
            int next = Phases.ClaimChunk(thread); // before the chunk ends: the phase goes on
            Phases.EndChunk(chunk, now == FailsAt ? double.NaN : chunk);
            return next;
        }

        private void Expect(bool holds, string fault)
        {
            if (holds) return;
            lock (Faults) Faults.Add($"batch {now}: {fault}");
        }
    }

    private sealed class Feed : IBatchFeed
    {
        public BatchTerms TermsOf(long batch) => new(Samples, batch + 1, 0, default, default, default);

        public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
        }
    }
}
