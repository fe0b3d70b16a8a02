namespace NcfSpark.Kernels;

/// <summary>
/// Trains any <see cref="NetworkShape"/> by the logistic loss, in packed memory (<see cref="PackedLayout"/>). For each
/// batch it computes the gradient of the mean loss, updates each distinct row of users, items and pools once, by the sum
/// of its samples' gradients, and updates the dense block (layers and head) once. README.md of this project follows one
/// batch through a step.
/// <para>
/// Its two phases (<see cref="TwoPhases"/>): a chunk of phase one is some tiles, each of which goes forward and
/// backward, and updates the rows that no other sample of the batch uses. The pieces of phase two are those of the dense
/// block and the rows that several samples use. To arrange a batch is to group it by user (<see cref="GroupedBatch"/>).
/// </para>
/// </summary>
public sealed unsafe class FusedStep : IFusedStep, ITwoPhaseStep
{
    private const int RowsAtOnce = Tile.Samples; // a piece of deferred rows: a few microseconds

    private readonly PackedLayout layout;
    private readonly StepMemory memory;
    private readonly StepKernel kernel;
    private readonly int densePieces;
    private readonly TwoPhases phases;
    private readonly TileBuffers[] buffers; // of each thread

    // Batch b is filled into raw[b % 2] while b - 2 is trained on, grouped into grouped[b % 2] while b - 1 is, and then
    // trained on.
    private readonly RawBatch[] raw;
    private readonly GroupedBatch[] grouped;
    private readonly RowSort userSort;
    private readonly RowSort itemSort;
    private readonly RowSort? poolSort;
    private bool disposed;

    // The current batch.
    private GroupedBatch now = null!;
    private StepRules rules;
    private ulong dropoutKey;
    private ulong userDropoutKey;

    /// <param name="batchSize">Most samples of a batch.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="histories">Users' histories, if the shape has one.</param>
    /// <param name="groupSize">Samples of a group, which share a user and what that user had before.</param>
    public FusedStep(
        NetworkShape shape, int userCount, int itemCount, int batchSize, int threads, SimdLevel level, UserHistories? histories = null, int groupSize = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        layout = new PackedLayout(shape);
        int capacity = (batchSize + Tile.Samples - 1) / Tile.Samples * Tile.Samples; // vectors read whole tiles
        UserHistoryEncoder? encoder = shape.History is null ? null : new UserHistoryEncoder(layout, histories!, itemCount, moments: true);
        int runs = GroupedPools.RunsOf(capacity, groupSize);
        memory = new StepMemory(layout, userCount, itemCount, capacity, encoder, runs);
        kernel = StepKernel.For(level);
        densePieces = DensePieces.Count(layout);
        GroupedBatch NewGrouped() => new(capacity, encoder is null ? null : new GroupedPools(encoder, capacity, groupSize));
        (raw, grouped) = ([new(capacity, encoder is not null), new(capacity, encoder is not null)], [NewGrouped(), NewGrouped()]);
        (userSort, itemSort) = (new(userCount, capacity), new(itemCount, capacity));
        if (encoder is not null) poolSort = new RowSort(itemCount, runs * encoder.Shape.Length);
        buffers = [.. Enumerable.Range(0, threads).Select(_ => new TileBuffers(layout, encoder))];
        phases = new TwoPhases(this, threads, "fused step", GroupedBatch.ChunksOf(capacity / Tile.Samples));
        memory.AddTo(Parameters);
    }

    public ParameterTables Parameters { get; } = new();

    /// <inheritdoc/>
    /// <remarks>If a loss is not finite, some rows of its batch may have been updated.</remarks>
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
        IEnumerable<IDisposable> owned = [memory, .. raw, .. grouped, userSort, itemSort, .. buffers];
        foreach (IDisposable one in owned) one.Dispose();
        poolSort?.Dispose();
    }

    void ITwoPhaseStep.Fill(IBatchFeed feed, long batch, int start, int count) => raw[batch & 1].Fill(feed, batch, start, count);

    void ITwoPhaseStep.Arrange(long batch, int count)
    {
        raw[batch & 1].Count = count;
        grouped[batch & 1].Group(raw[batch & 1], userSort, itemSort, poolSort);
    }

    (int Chunks, int Pieces) ITwoPhaseStep.Begin(long batch, in BatchTerms terms)
    {
        now = grouped[batch & 1];
        rules = new StepRules(new(terms.Gmf, terms.Step, terms.Count), new(terms.Mlp, terms.Step, terms.Count), new(terms.Dense, terms.Step, terms.Count));
        (dropoutKey, userDropoutKey) = (terms.DropoutKey, terms.UserDropoutKey);
        int rowPieces = PiecesOf(now.DeferredUsers) + PiecesOf(now.DeferredItems) + (now.Pools is null ? 0 : PiecesOf(now.Pools.Rows));
        return (now.Chunks, densePieces + rowPieces);
    }

    // The next chunk is claimed before the last tile of the current one, so that its records can be prefetched.
    void ITwoPhaseStep.Compute(int chunk, int thread)
    {
        TileBuffers mine = buffers[thread];
        GroupedBatch current = now;
        while (chunk >= 0)
        {
            double loss = 0;
            int first = current.TileStart(chunk), end = current.TileStart(chunk + 1), following = -1;
            for (int tile = first; tile < end; tile++)
            {
                if (tile + 1 == end) following = phases.ClaimChunk(thread);
                int next = tile + 1 < end ? tile + 1 : following >= 0 ? current.TileStart(following) : -1;
                mine.Prefetch.Clear();
                if (next >= 0) current.ListRecords(next, memory, ref mine.Prefetch);
                var work = new TileWork
                {
                    Layout = layout,
                    Memory = memory,
                    Buffers = mine,
                    Batch = current,
                    Start = tile * Tile.Samples,
                    Count = Math.Min(Tile.Samples, current.Count - tile * Tile.Samples),
                    Gradient = memory.Dense.ChunkGradient(chunk),
                    First = tile == first,
                    DropoutKey = dropoutKey,
                    UserDropoutKey = userDropoutKey,
                    Rules = rules,
                };
                loss += kernel.ComputeTile(in work);
            }

            phases.EndChunk(chunk, loss);
            chunk = following;
        }
    }

    void ITwoPhaseStep.Update(int piece, int thread)
    {
        if (piece < densePieces)
        {
            kernel.UpdateDensePiece(memory.Dense, piece, now.Chunks, rules.Dense);
            return;
        }

        TileBuffers mine = buffers[thread];
        piece -= densePieces;
        if (IsPieceOf(now.DeferredUsers, ref piece, out int start, out int end)) kernel.UpdateDeferredUsers(memory, now, start, end, mine, in rules);
        else if (IsPieceOf(now.DeferredItems, ref piece, out start, out end)) kernel.UpdateDeferredItems(memory, now, start, end, mine, in rules);
        else if (IsPieceOf(now.Pools!.Rows, ref piece, out start, out end)) kernel.UpdatePools(memory, now, start, end, mine, in rules);
    }

    // Prefetches the first tile that this thread will probably claim in the next batch.
    void ITwoPhaseStep.Prefetch(long next, int thread)
    {
        GroupedBatch later = grouped[next & 1];
        int chunk = (thread & 1) != 0 ? later.Chunks - 1 - thread / 2 : thread / 2;
        if (chunk < 0 || chunk >= later.Chunks) return;
        ref PrefetchList prefetch = ref buffers[thread].Prefetch;
        prefetch.Clear();
        later.ListRecords(later.TileStart(chunk), memory, ref prefetch);
        prefetch.Rest();
    }

    private static int PiecesOf(DeferredRows rows) => (rows.Count + RowsAtOnce - 1) / RowsAtOnce;

    // Whether a piece is one of these rows; if not, the piece is numbered from their end.
    private static bool IsPieceOf(DeferredRows rows, ref int piece, out int start, out int end)
    {
        (start, end) = (piece * RowsAtOnce, Math.Min((piece + 1) * RowsAtOnce, rows.Count));
        int pieces = PiecesOf(rows);
        if (piece < pieces) return true;
        piece -= pieces;
        return false;
    }
}
