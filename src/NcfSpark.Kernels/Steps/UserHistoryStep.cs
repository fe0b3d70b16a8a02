namespace NcfSpark.Kernels;

/// <summary>
/// Trains matrix factorization with a user history: the encoder <see cref="UserHistoryShape"/> under "dot", by the
/// logistic loss or the softmax. A group of samples, a positive and its negatives, shares the user's vector, which is
/// computed once. A batch holds several groups: all gradients are taken at the weights at its start; then rows are
/// updated by plain gradient descent, and the dense block by its own rule. A batch of one group is an update after
/// every positive.
/// </summary>
/// <remarks>
/// Its two phases (<see cref="TwoPhases"/>): a chunk of phase one is 32 groups, of which it computes gradients. The
/// pieces of phase two are columns of the rows and pieces of the dense block. To arrange a batch is to index its
/// negatives, for the softmax, and its features, where items have some; these are composed before phase one.
/// </remarks>
public sealed class UserHistoryStep : IFusedStep, ITwoPhaseStep
{
    private const int LeastColumnsAtOnce = 32;    // two cache lines of a row
    private const int LeastGroupsToShare = 16;    // with fewer, a thread would wait longer for the others than it computes

    private readonly int groupSize;
    private readonly SampledSoftmaxOptions? softmax;
    private readonly UserHistoryMemory memory;
    private readonly UserHistoryBuffers buffers;
    private readonly UserHistoryKernel kernel;
    private readonly ItemSets? touched;
    private readonly ItemComposition? composition;
    private readonly TwoPhases phases;
    private readonly int columnsAtOnce;
    private readonly int columnPieces;
    private readonly int densePieces;

    // Batch b is filled into batches[b % 3] while b - 2 is trained on, indexed in negatives[b % 2] while b - 1 is, and
    // then trained on.
    private readonly RawBatch[] batches;
    private readonly NegativeIndex[] negatives;
    private bool disposed;

    private UserHistoryWork work; // on the current batch
    private int turn;
    private ulong ownDropoutKey;

    /// <param name="longPast">With the softmax, users with more items than this get a set (<see cref="ItemSets"/>).
    /// Null: the number of samples of a batch.</param>
    public UserHistoryStep(StepSettings settings, int? longPast = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Threads, 1);
        (groupSize, softmax) = (settings.GroupSize, settings.Softmax);
        int groups = settings.BatchSize / groupSize, chunks = (groups + UserHistoryWork.ChunkGroups - 1) / UserHistoryWork.ChunkGroups;
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        UserHistories histories = settings.Histories!;
        ArgumentOutOfRangeException.ThrowIfNotEqual(histories.Starts.Length, settings.UserCount);
        int capacity = chunks * UserHistoryWork.ChunkGroups * groupSize;
        memory = new UserHistoryMemory(new PackedLayout(settings.Shape), histories, settings.UserCount, settings.ItemCount, chunks,
            settings.Features is null ? null : capacity);
        if (settings.Features is { } features) composition = memory.Compose(features, capacity, settings.OwnDropout);
        kernel = UserHistoryKernel.For(settings.Level);
        buffers = new UserHistoryBuffers(memory, chunks * UserHistoryWork.ChunkGroups, groupSize, sampledSoftmax: softmax is not null);
        batches = [.. Enumerable.Range(0, 3).Select(_ => new RawBatch(capacity, pasts: true))];
        negatives = softmax is null ? [] : [new(settings.ItemCount, capacity), new(settings.ItemCount, capacity)];
        if (softmax is { ExceptTouched: true })
        {
            touched = new ItemSets(histories.Items, [.. histories.Starts, histories.Items.Length], settings.ItemCount, longPast ?? groups * groupSize);
        }

        int threads = groups < LeastGroupsToShare ? 1 : settings.Threads;
        columnsAtOnce = threads == 1 ? memory.Width : Math.Max(LeastColumnsAtOnce, memory.Width / threads / LeastColumnsAtOnce * LeastColumnsAtOnce);
        columnPieces = (memory.Width + columnsAtOnce - 1) / columnsAtOnce;
        densePieces = DensePieces.Count(memory.Layout);
        phases = new TwoPhases(this, threads, "history step", chunks);
        memory.AddTo(Parameters);
    }

    public ParameterTables Parameters { get; } = new();

    /// <summary>Number of visits and lookups, over all batches, that leaving out seen items took.</summary>
    internal long Lookups
    {
        get
        {
            long sum = 0;
            foreach (long lookups in buffers.Lookups) sum += lookups;
            return sum;
        }
    }

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
        IEnumerable<IDisposable> owned = [memory, buffers, .. batches, .. negatives];
        foreach (IDisposable one in owned) one.Dispose();
        touched?.Dispose();
        composition?.Dispose();
    }

    bool ITwoPhaseStep.Arranges => softmax is not null || composition is not null;

    void ITwoPhaseStep.Fill(IBatchFeed feed, long batch, int start, int count) => batches[batch % 3].Fill(feed, batch, start, count);

    unsafe void ITwoPhaseStep.Arrange(long batch, int count)
    {
        RawBatch next = batches[batch % 3];
        if (softmax is not null) negatives[batch & 1].Set(next.Items, next.Labels, count);
        composition?.Arrange((int)(batch & 1), next.Items, count);
    }

    unsafe (int Chunks, int Pieces) ITwoPhaseStep.Begin(long batch, in BatchTerms terms)
    {
        (turn, ownDropoutKey) = ((int)(batch & 1), terms.DropoutKey);
        int groups = terms.Count / groupSize;
        work = new UserHistoryWork
        {
            Memory = memory,
            Buffers = buffers,
            Batch = batches[batch % 3],
            ItemRows = composition is null ? batches[batch % 3].Items : composition.RowsOf(turn),
            Samples = terms.Count,
            GroupSize = groupSize,
            Groups = groups,
            DropoutKey = terms.UserDropoutKey,
            Negatives = softmax is null ? null : negatives[batch & 1],
            NegativeShift = softmax is { Negatives: > 0 } ? MathF.Log((float)softmax.Negatives / (groups * (groupSize - 1))) : 0,
            Touched = touched,
            Rows = new UpdateRule(terms.Gmf, terms.Step, terms.Count),
            Dense = new UpdateRule(terms.Dense, terms.Step, terms.Count),
        };
        return (work.Chunks, columnPieces + densePieces);
    }

    int ITwoPhaseStep.Preludes => composition is null ? 0 : columnPieces;

    void ITwoPhaseStep.Prelude(int piece, int thread)
    {
        (int column, int columns) = ColumnsOf(piece);
        composition!.Compose(turn, column, columns, ownDropoutKey);
    }

    void ITwoPhaseStep.Compute(int chunk, int thread) => phases.EndChunk(chunk, kernel.Compute(in work, chunk));

    void ITwoPhaseStep.Update(int piece, int thread)
    {
        if (piece >= columnPieces)
        {
            kernel.UpdateDense(in work, piece - columnPieces);
            return;
        }

        (int column, int columns) = ColumnsOf(piece);
        kernel.UpdateRows(in work, column, columns);
        composition?.Scatter(turn, column, columns);
    }

    void ITwoPhaseStep.Prefetch(long next, int thread)
    {
    }

    private (int Column, int Columns) ColumnsOf(int piece) => (piece * columnsAtOnce, Math.Min(columnsAtOnce, memory.Width - piece * columnsAtOnce));
}
