namespace NcfSpark.Kernels;

/// <summary>
/// Trains matrix factorization whose users are encoded by attention (<see cref="AttentionShape"/>), by the softmax over
/// sampled items. A sample is a user: all items of a user are predicted, each from those before. A batch's loss is the
/// mean over its tokens (times its users, since it is reported by sample); matrices and touched rows of items are
/// updated once a batch.
/// </summary>
/// <remarks>
/// Its two phases (<see cref="TwoPhases"/>): a chunk of phase one is some passes of users. The pieces of phase two are
/// parts of the matrices and distinct items. To arrange a batch is to draw its negatives and to list its items.
/// </remarks>
public sealed unsafe class AttentionStep : IFusedStep, ITwoPhaseStep
{
    private const int MatrixPiece = 4096, ItemPiece = 32;

    private readonly AttentionMemory memory;
    private readonly AttentionKernel kernel;
    private readonly AttentionBuffers[] buffers; // of each thread
    private readonly SharedNegatives negatives;
    private readonly UserPasts pasts;
    private readonly TwoPhases phases;
    private readonly float shift;

    // Batch b is filled into users[b % 3] while b - 2 is trained on, arranged in arranged[b % 2] while b - 1 is, and then trained on.
    private readonly int[][] users;
    private readonly ulong[] keys = new ulong[3];
    private readonly AttentionBatch[] arranged;
    private bool disposed;

    private AttentionWork work; // on the current batch

    public AttentionStep(StepSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.BatchSize, 1);
        (AttentionShape shape, long[] times, int wanted, bool exceptTouched) = settings.Attention!;
        int count = Math.Min(wanted, settings.ItemCount);
        (negatives, shift) = (new(count, shape.Size), (float)Math.Log((double)settings.ItemCount / count));
        pasts = new(settings.Histories!, times);
        memory = new(shape, settings.ItemCount, settings.BatchSize, negatives);
        kernel = AttentionKernel.For(settings.Level);
        buffers = [.. Enumerable.Range(0, settings.Threads).Select(_ => new AttentionBuffers(shape, training: true, negatives.LogitStride))];
        users = [.. Enumerable.Range(0, 3).Select(_ => new int[settings.BatchSize])];
        arranged = [.. Enumerable.Range(0, 2).Select(_ => new AttentionBatch(shape, pasts, settings.ItemCount, settings.BatchSize, count, exceptTouched))];
        phases = new TwoPhases(this, settings.Threads, "attention step", AttentionBatch.MostChunks);
        memory.AddTo(Parameters);
    }

    public ParameterTables Parameters { get; } = new();

    /// <inheritdoc/>
    /// <remarks>If a loss is not finite, its batch changes nothing.</remarks>
    public long Run(IBatchFeed from, long count, ref double losses)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return phases.Run(from, count, ref losses);
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        phases.Dispose();
        IEnumerable<IDisposable> owned = [memory, negatives, pasts, .. buffers, .. arranged];
        foreach (IDisposable one in owned) one.Dispose();
    }

    void ITwoPhaseStep.Fill(IBatchFeed feed, long batch, int start, int count)
    {
        feed.FillUsers(batch, start, users[batch % 3].AsSpan(start, count));
        if (start == 0) keys[batch % 3] = feed.TermsOf(batch).DropoutKey;
    }

    void ITwoPhaseStep.Arrange(long batch, int count) => arranged[batch & 1].Arrange(users[batch % 3].AsSpan(0, count), keys[batch % 3]);

    (int Chunks, int Pieces) ITwoPhaseStep.Begin(long batch, in BatchTerms terms)
    {
        AttentionBatch now = arranged[batch & 1];
        work = new AttentionWork
        {
            Memory = memory,
            Batch = now,
            Negatives = negatives,
            DropoutKey = terms.UserDropoutKey,
            Rows = new UpdateRule(terms.Gmf, terms.Step, terms.Count),
            Dense = new UpdateRule(terms.Dense, terms.Step, terms.Count),
        };
        memory.Weights.Derive();
        negatives.Gather(now.Negatives, memory.Items, memory.Stride, shift);
        return (now.Chunks, MatrixPieces + (now.Distinct + ItemPiece - 1) / ItemPiece);
    }

    void ITwoPhaseStep.Compute(int chunk, int thread) => phases.EndChunk(chunk, kernel.Compute(in work, chunk, buffers[thread]));

    void ITwoPhaseStep.Update(int piece, int thread)
    {
        if (piece < MatrixPieces)
        {
            kernel.UpdateMatrices(in work, piece * MatrixPiece, Math.Min(MatrixPiece, memory.Weights.Size - piece * MatrixPiece));
            return;
        }

        piece -= MatrixPieces;
        kernel.UpdateItems(in work, piece * ItemPiece, Math.Min((piece + 1) * ItemPiece, work.Batch.Distinct));
    }

    void ITwoPhaseStep.Prefetch(long next, int thread)
    {
    }

    private int MatrixPieces => (memory.Weights.Size + MatrixPiece - 1) / MatrixPiece;
}

/// <summary>What <see cref="AttentionStep"/> needs to know beside what other steps do.</summary>
/// <param name="Times">A time in seconds for each item of the histories.</param>
/// <param name="Negatives">Number of negatives that all positives of a batch compete with; at most the catalogue counts.</param>
/// <param name="ExceptTouched">Whether a positive does not compete with anything that its user has used; otherwise, only not with itself.</param>
public sealed record AttentionStepSettings(AttentionShape Shape, long[] Times, int Negatives, bool ExceptTouched = true);
