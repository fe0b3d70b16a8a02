namespace NcfSpark.Kernels;

/// <summary>
/// Trains matrix factorization with a user history (<see cref="UserHistoryShape"/>). A group of samples, a positive and
/// its negatives, shares the user's vector, which is computed once. A batch holds several groups: all gradients are
/// taken at the weights at its start; then rows are updated by plain gradient descent, and the dense block by its own
/// rule. A batch of one group is an update after every positive.
/// </summary>
/// <remarks>
/// A step has two phases. In phase one, threads claim chunks of groups and compute gradients. In phase two, they claim
/// columns of the rows and ranges of the dense block, and update them. In both, the next batch is filled. Every sum has
/// a fixed order, so any number of threads gives the same bytes.
/// </remarks>
public sealed unsafe class UserHistoryStep : IDisposable
{
    private const int CacheLine = 64;
    private const int One = int.MaxValue;         // with this share, a claim is always one piece
    private const int SamplesAtOnce = 128;        // a piece of filling: a few microseconds
    private const int DenseAtOnce = 4096;         // floats of a piece of the dense block, which takes about as long
    private const int ColumnsAtOnce = 32;         // two cache lines of a row
    private const int LeastGroupsToShare = 16;    // with fewer, a thread would wait longer for the others than it computes

    private readonly UserHistoryShape shape;
    private readonly UserHistoryMemory memory;
    private readonly UserHistoryBuffers buffers;
    private readonly UserHistoryKernel kernel;
    private readonly UserHistoryBatch[] batchBuffers;
    private readonly SampledSoftmaxOptions? softmax;
    private readonly NegativeIndex? negatives;
    private readonly ItemSets? touched;
    private readonly AlignedArray<int> pastItems;
    private readonly AlignedArray<int> pastStarts;
    private readonly AlignedArray<uint> pastFeatureBits;
    private readonly int groupSize;
    private readonly double[] chunkLosses;
    private readonly int columnPieces;
    private readonly int densePieces;
    private readonly StepThreads threads;

    // Shared by all threads.
    // All on one cache line, since a change fetches the line from the core that changed it last.
    private readonly AlignedArray<long> counters = new(CacheLine / sizeof(long));
    private readonly ClaimQueue chunks;
    private readonly ClaimQueue pieces;
    private readonly ClaimQueue fills;
    private int chunksLeft;
    private int piecesLeft; // fills included
    private bool disposed;

    // The current run, written between phases by the thread that finished the last piece.
    private IUserHistoryFeed feed = null!;
    private UserHistoryWork work;
    private long batches;
    private long batch;
    private int chunkCount;
    private double lossSum;

    /// <param name="past">All users' items in the order of time, one user after the other.</param>
    /// <param name="starts">Where each user's items start in <paramref name="past"/>.</param>
    /// <param name="groups">The most groups of a batch.</param>
    /// <param name="groupSize">Samples of a group.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="softmax">The softmax to use as the loss; null for the logistic loss of each sample.</param>
    /// <param name="features">For each position of <paramref name="past"/> the temporal features of the pool that ends
    /// before it, as bits; empty if the shape has none.</param>
    /// <param name="longPast">Users with more items than this get a set (<see cref="ItemSets"/>). Null: the number of
    /// samples of a batch.</param>
    public UserHistoryStep(
        UserHistoryShape shape, int userCount, int itemCount, ReadOnlySpan<int> past, ReadOnlySpan<int> starts, int groups, int groupSize, int threads,
        SimdLevel level, SampledSoftmaxOptions? softmax = null, ReadOnlySpan<uint> features = default, int? longPast = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(starts.Length, userCount);
        ArgumentOutOfRangeException.ThrowIfNotEqual(features.Length, shape.TemporalFeatureCount == 0 ? 0 : past.Length);
        (this.shape, this.groupSize, this.softmax) = (shape, groupSize, softmax);
        (chunks, pieces, fills) = (new(counters.Start), new(counters.Start + 1), new(counters.Start + 2));
        memory = new UserHistoryMemory(shape, userCount, itemCount);
        kernel = UserHistoryKernel.For(level);
        int capacity = (groups + UserHistoryWork.ChunkGroups - 1) / UserHistoryWork.ChunkGroups * UserHistoryWork.ChunkGroups;
        buffers = new UserHistoryBuffers(memory, capacity, groupSize, sampledSoftmax: softmax is not null);
        if (softmax is not null) negatives = new NegativeIndex(itemCount, capacity * groupSize);
        batchBuffers = [new(capacity * groupSize), new(capacity * groupSize)];
        (pastItems, pastStarts) = (new(past.Length), new(starts.Length + 1));
        pastFeatureBits = new(features.Length);
        features.CopyTo(pastFeatureBits.Span);
        past.CopyTo(pastItems.Span);
        starts.CopyTo(pastStarts.Span);
        pastStarts.Start[starts.Length] = past.Length;
        if (softmax is { ExceptTouched: true }) touched = new ItemSets(past, pastStarts.Span, itemCount, longPast ?? groups * groupSize);
        chunkLosses = new double[capacity / UserHistoryWork.ChunkGroups];
        if (groups < LeastGroupsToShare) threads = 1;
        columnPieces = threads == 1 ? 1 : (memory.Width + ColumnsAtOnce - 1) / ColumnsAtOnce;
        densePieces = (memory.DenseSize + DenseAtOnce - 1) / DenseAtOnce;
        this.threads = new StepThreads(threads, "history step", _ => Work());
    }

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

    /// <summary>Sets a part of the model from plain memory. Rows have weights only.</summary>
    public void Set(UserHistoryPart part, OptimizerSlot slot, ReadOnlySpan<float> plain) => memory.Set(part, slot, plain);

    /// <summary>Copies a part of the model to plain memory.</summary>
    public void Get(UserHistoryPart part, OptimizerSlot slot, Span<float> plain) => memory.Get(part, slot, plain);

    /// <summary>Makes a step for each batch of a feed.</summary>
    /// <param name="losses">The sum of each batch's losses, taken before its update, is added to this in the order of
    /// batches.</param>
    /// <returns>Number of steps made, which is lower than <paramref name="count"/> if a loss was not finite. That batch
    /// changes nothing.</returns>
    public long Run(IUserHistoryFeed from, long count, ref double losses)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (count == 0) return 0;
        (feed, batches, batch, lossSum) = (from, count, 0, losses);
        chunks.Open(0); // a run that failed may have left some pieces
        pieces.Open(0);
        fills.Open(0);
        batchBuffers[0].Terms = feed.TermsOf(0);
        batchBuffers[0].Fill(feed, 0, 0, batchBuffers[0].Terms.Count);
        BeginBatch();
        threads.Run();
        losses = lossSum;
        return batch;
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        threads.Dispose();
        IEnumerable<IDisposable> owned = [memory, buffers, .. batchBuffers, pastItems, pastStarts, pastFeatureBits, counters];
        foreach (IDisposable one in owned) one.Dispose();
        negatives?.Dispose();
        touched?.Dispose();
    }

    private void Work()
    {
        for (int idle = 0; !threads.Finished;)
        {
            if (WorkOnPiece()) idle = 0;
            else StepThreads.Wait(++idle);
        }
    }

    private bool WorkOnPiece()
    {
        if (chunks.Claim(fromBack: false, One, out int piece) > 0)
        {
            chunkLosses[piece] = kernel.Compute(in work, piece);
            if (Interlocked.Decrement(ref chunksLeft) == 0) EndGradients();
        }
        else if (pieces.Claim(fromBack: false, One, out piece) > 0)
        {
            UpdatePiece(piece);
            if (Interlocked.Decrement(ref piecesLeft) == 0) EndBatch();
        }
        else if (fills.Claim(fromBack: false, One, out piece) > 0)
        {
            UserHistoryBatch next = batchBuffers[(batch + 1) % 2];
            int from = piece * SamplesAtOnce;
            next.Fill(feed, batch + 1, from, Math.Min(SamplesAtOnce, next.Terms.Count - from));
            if (Interlocked.Decrement(ref piecesLeft) == 0) EndBatch();
        }
        else
        {
            return false;
        }

        return true;
    }

    private void UpdatePiece(int piece)
    {
        if (piece < columnPieces)
        {
            int column = columnPieces == 1 ? 0 : piece * ColumnsAtOnce;
            kernel.UpdateRows(in work, column, columnPieces == 1 ? memory.Width : Math.Min(ColumnsAtOnce, memory.Width - column));
        }
        else
        {
            int from = (piece - columnPieces) * DenseAtOnce;
            kernel.UpdateDense(in work, from, Math.Min(from + DenseAtOnce, memory.DenseSize));
        }
    }

    private void BeginBatch()
    {
        UserHistoryBatch current = batchBuffers[batch % 2];
        BatchTerms terms = current.Terms;
        int groups = terms.Count / groupSize;
        negatives?.Set(current.Items, current.Labels, terms.Count);
        work = new UserHistoryWork
        {
            Shape = shape,
            Memory = memory,
            Buffers = buffers,
            Batch = current,
            PastItems = pastItems.Start,
            PastStarts = pastStarts.Start,
            PastFeatureBits = pastFeatureBits.Start,
            GroupSize = groupSize,
            Groups = groups,
            Negatives = negatives,
            NegativeShift = softmax is { Negatives: > 0 } ? MathF.Log((float)softmax.Negatives / (groups * (groupSize - 1))) : 0,
            Touched = touched,
            Rows = new UpdateRule(terms.Gmf, terms.Step, terms.Count),
            Dense = new UpdateRule(terms.Dense, terms.Step, terms.Count),
        };
        chunkCount = (groups + UserHistoryWork.ChunkGroups - 1) / UserHistoryWork.ChunkGroups;
        int fillCount = 0;
        if (batch + 1 < batches)
        {
            UserHistoryBatch next = batchBuffers[(batch + 1) % 2];
            next.Terms = feed.TermsOf(batch + 1);
            fillCount = (next.Terms.Count + SamplesAtOnce - 1) / SamplesAtOnce;
        }

        chunksLeft = chunkCount;
        piecesLeft = columnPieces + densePieces + fillCount;
        fills.Open(fillCount);
        chunks.Open(chunkCount);
    }

    private void EndGradients()
    {
        double loss = 0;
        for (int chunk = 0; chunk < chunkCount; chunk++) loss += chunkLosses[chunk];
        lossSum += loss;
        if (double.IsFinite(loss)) pieces.Open(columnPieces + densePieces);
        else threads.Finish();
    }

    private void EndBatch()
    {
        batch++;
        if (batch == batches) threads.Finish();
        else BeginBatch();
    }
}
