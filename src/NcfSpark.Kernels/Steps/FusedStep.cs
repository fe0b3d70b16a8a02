namespace NcfSpark.Kernels;

/// <summary>
/// Trains NeuMF (<see cref="NetworkShape"/>) in packed memory (<see cref="PackedLayout"/>). For each batch it computes
/// the gradient of the mean loss, updates each distinct row of users and items once, by the sum of its samples'
/// gradients, and updates the dense block (layers and head) once. README.md of this project follows one batch through a
/// step.
/// <para>
/// A step has two phases. In phase one, threads claim chunks of tiles: a tile goes forward and backward, and updates
/// the rows that no other sample of the batch uses. In phase two, threads claim pieces of the dense block and the rows
/// that several samples use. In both phases, threads also group the next batch by user and fill the batch after that.
/// </para>
/// The result does not depend on which thread claims what: chunks and pieces follow from the batch alone and have
/// buffers of their own. So any number of threads gives the same bytes. Whichever thread finishes the last piece of a
/// phase begins the next phase, so a thread that is suspended while it holds no claim delays nobody.
/// </summary>
public sealed unsafe class FusedStep : IDisposable
{
    private const int CacheLine = 64;
    private const int SamplesAtOnce = 64; // a piece of filling: a few microseconds, so that nobody waits for it long
    private const int RowsAtOnce = Tile.Samples; // a piece of deferred rows, which takes about as long
    private const int One = int.MaxValue; // with this share, a claim is always one piece
    private const int FewChunks = 4;      // as many as a batch of 256 has

    private readonly PackedLayout layout;
    private readonly StepMemory memory;
    private readonly StepKernel kernel;
    private readonly int densePieces;

    // Grouping is one piece, and the longest. With many chunks it is claimed before them, since they balance the load
    // afterwards. With few chunks it is claimed after them, before the many small pieces of phase two.
    private readonly bool groupsFirst;

    // Batches: batch b is filled into raw[b % 2] while b - 2 is trained on, grouped into grouped[b % 2] while b - 1 is,
    // and then trained on.
    private readonly RawBatch[] raw;
    private readonly GroupedBatch[] grouped;
    private readonly BatchTerms[] terms = new BatchTerms[3]; // of batch b at b % 3
    private readonly RowSort userSort;
    private readonly RowSort itemSort;

    // Threads, of which the caller is number 0, and each thread's own buffers.
    private readonly StepThreads threads;
    private readonly TileBuffers[] buffers;

    // Shared by all threads.
    // All on one cache line, since a change fetches the line from the core that changed it last.
    private readonly AlignedArray<long> counters = new(CacheLine / sizeof(long));
    private readonly ClaimQueue groupings; // in both phases, one piece
    private readonly ClaimQueue chunks;    // phase one
    private readonly ClaimQueue pieces;    // phase two
    private readonly ClaimQueue fills;     // in both phases
    private readonly long* phaseOneLeft;
    private readonly long* phaseTwoLeft;   // grouping and fills included
    private readonly long* groupedLast;    // number of the last batch that is grouped
    private bool disposed;

    // The current run, written between phases by the thread that finished the last piece.
    private IBatchFeed feed = null!;
    private long batches;
    private long batch;
    private double lossSum;
    private StepRules rules;
    private readonly double[] chunkLosses;

    /// <param name="batchSize">Most samples of a batch.</param>
    /// <param name="threads">At least 1.</param>
    public FusedStep(NetworkShape shape, int userCount, int itemCount, int batchSize, int threads, SimdLevel level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        layout = new PackedLayout(shape);
        int capacity = (batchSize + Tile.Samples - 1) / Tile.Samples * Tile.Samples; // vectors read whole tiles
        memory = new StepMemory(layout, userCount, itemCount, capacity);
        kernel = StepKernel.For(level);
        (chunks, pieces, fills) = (new(counters.Start), new(counters.Start + 1), new(counters.Start + 2));
        groupings = new(counters.Start + 3);
        phaseOneLeft = counters.Start + 4;
        phaseTwoLeft = counters.Start + 5;
        groupedLast = counters.Start + 6;
        densePieces = DensePieces.Count(layout);
        (raw, grouped) = ([new(capacity), new(capacity)], [new(capacity), new(capacity)]);
        (userSort, itemSort) = (new(userCount, capacity), new(itemCount, capacity));
        chunkLosses = new double[GroupedBatch.ChunksOf(capacity / Tile.Samples)];
        groupsFirst = chunkLosses.Length > FewChunks;
        buffers = [.. Enumerable.Range(0, threads).Select(_ => new TileBuffers(layout))];
        this.threads = new StepThreads(threads, "fused step", Work);
        Parts = new PackedParts(layout, memory, userCount, itemCount);
    }

    /// <summary>The parts of the model in this memory. Set them before running and read them after it.</summary>
    public PackedParts Parts { get; }

    /// <summary>Makes a step for each batch of a feed.</summary>
    /// <param name="losses">The sum of each batch's losses, taken before its update, is added to this in the order of
    /// batches.</param>
    /// <returns>Number of steps made, which is lower than <paramref name="count"/> if a loss was not finite. Some rows
    /// of that batch may have been updated.</returns>
    public long Run(IBatchFeed from, long count, ref double losses)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (count == 0) return 0;
        (feed, batches, batch, lossSum) = (from, count, 0, losses);
        groupings.Open(0); // a run that failed may have left some pieces
        chunks.Open(0);
        pieces.Open(0);
        fills.Open(0);
        for (int b = 0; b < Math.Min(count, 2); b++) FillWhole(b);
        grouped[0].Group(raw[0], userSort, itemSort);
        *groupedLast = 0;
        BeginStep();
        threads.Run();
        losses = lossSum;
        return batch;
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        threads.Dispose();
        IEnumerable<IDisposable> owned = [memory, .. raw, .. grouped, userSort, itemSort, counters, .. buffers];
        foreach (IDisposable one in owned) one.Dispose();
    }

    private void Work(int thread)
    {
        bool fromBack = (thread & 1) != 0;
        int share = 2 * buffers.Length;
        long prefetched = -1;
        for (int idle = 0; !threads.Finished;)
        {
            if (groupsFirst && groupings.Claim(fromBack, One, out _) > 0)
            {
                GroupNext();
                if (Interlocked.Decrement(ref *phaseTwoLeft) == 0) EndPhaseTwo();
            }
            else if (chunks.Claim(fromBack, One, out int piece) > 0)
            {
                ComputeChunks(piece, thread);
            }
            else if (groupings.Claim(fromBack, One, out _) > 0)
            {
                GroupNext();
                PrefetchNext(thread);
                prefetched = batch;
                if (Interlocked.Decrement(ref *phaseTwoLeft) == 0) EndPhaseTwo();
            }
            else if (pieces.Claim(fromBack, share, out piece) is > 0 and var count)
            {
                if (prefetched != batch && Volatile.Read(ref *groupedLast) > batch)
                {
                    PrefetchNext(thread);
                    prefetched = batch;
                }

                for (int end = piece + count; piece < end; piece++) UpdatePiece(piece, thread);
                if (Interlocked.Add(ref *phaseTwoLeft, -count) == 0) EndPhaseTwo();
            }
            else if (fills.Claim(fromBack, share, out piece) is > 0 and var fillCount)
            {
                for (int end = piece + fillCount; piece < end; piece++) FillPiece(piece);
                if (Interlocked.Add(ref *phaseTwoLeft, -fillCount) == 0) EndPhaseTwo();
            }
            else
            {
                StepThreads.Wait(++idle);
                continue;
            }

            idle = 0;
        }
    }

    // Computes a chunk, and others as long as there are any. The next chunk is claimed before the last tile of the
    // current one, so that its records can be prefetched.
    private void ComputeChunks(int chunk, int thread)
    {
        GroupedBatch now = grouped[batch & 1];
        TileBuffers mine = buffers[thread];
        bool fromBack = (thread & 1) != 0;
        while (chunk >= 0)
        {
            double loss = 0;
            int first = now.TileStart(chunk), end = now.TileStart(chunk + 1), following = -1;
            for (int tile = first; tile < end; tile++)
            {
                if (tile + 1 == end && chunks.Claim(fromBack, One, out following) == 0) following = -1;
                int next = tile + 1 < end ? tile + 1 : following >= 0 ? now.TileStart(following) : -1;
                mine.Prefetch.Clear();
                if (next >= 0) now.ListRecords(next, memory, ref mine.Prefetch);
                var work = new TileWork
                {
                    Layout = layout,
                    Memory = memory,
                    Buffers = mine,
                    Batch = now,
                    Start = tile * Tile.Samples,
                    Count = Math.Min(Tile.Samples, now.Count - tile * Tile.Samples),
                    Gradient = memory.ChunkGradient(chunk),
                    First = tile == first,
                    DropoutKey = terms[batch % terms.Length].DropoutKey,
                    Rules = rules,
                };
                loss += kernel.ComputeTile(in work);
            }

            chunkLosses[chunk] = loss;
            chunk = following;
            if (Interlocked.Decrement(ref *phaseOneLeft) == 0) EndPhaseOne();
        }
    }

    private void UpdatePiece(int piece, int thread)
    {
        GroupedBatch now = grouped[batch & 1];
        int rows = piece - densePieces, userPieces = PiecesOf(now.DeferredUsers.Count, RowsAtOnce);
        TileBuffers mine = buffers[thread];
        if (rows < 0)
        {
            kernel.UpdateDensePiece(layout, memory, piece, now.Chunks, rules.Dense);
        }
        else if (rows < userPieces)
        {
            int start = rows * RowsAtOnce, end = Math.Min(start + RowsAtOnce, now.DeferredUsers.Count);
            kernel.UpdateDeferredUsers(layout, memory, now, start, end, mine, in rules);
        }
        else
        {
            int start = (rows - userPieces) * RowsAtOnce, end = Math.Min(start + RowsAtOnce, now.DeferredItems.Count);
            kernel.UpdateDeferredItems(layout, memory, now, start, end, mine, in rules);
        }
    }

    // Prefetches the first tile that this thread will probably claim in the next step.
    private void PrefetchNext(int thread)
    {
        if (batch + 1 == batches) return;
        GroupedBatch next = grouped[(batch + 1) & 1];
        int chunk = (thread & 1) != 0 ? next.Chunks - 1 - thread / 2 : thread / 2;
        if (chunk < 0 || chunk >= next.Chunks) return;
        ref PrefetchList prefetch = ref buffers[thread].Prefetch;
        prefetch.Clear();
        next.ListRecords(next.TileStart(chunk), memory, ref prefetch);
        prefetch.Rest();
    }

    private void GroupNext()
    {
        long next = batch + 1;
        if (next < batches) grouped[next & 1].Group(raw[next & 1], userSort, itemSort);
        Volatile.Write(ref *groupedLast, next);
    }

    private void FillPiece(int piece)
    {
        long number = batch + 2;
        int from = piece * SamplesAtOnce;
        Fill(number, from, Math.Min(SamplesAtOnce, terms[number % terms.Length].Count - from));
    }

    private void FillWhole(long number)
    {
        BatchTerms of = terms[number % terms.Length] = feed.TermsOf(number);
        raw[number & 1].Count = of.Count;
        Fill(number, 0, of.Count);
    }

    private void Fill(long number, int from, int count)
    {
        RawBatch to = raw[number & 1];
        feed.Fill(number, from, new(to.Users + from, count), new(to.Items + from, count), new(to.Labels + from, count), new(to.Weights + from, count));
    }

    private void BeginStep()
    {
        BatchTerms now = terms[batch % terms.Length];
        rules = new StepRules(new(now.Gmf, now.Step, now.Count), new(now.Mlp, now.Step, now.Count), new(now.Dense, now.Step, now.Count));
        int fillPieces = 0;
        long ahead = batch + 2;
        if (ahead < batches)
        {
            BatchTerms later = terms[ahead % terms.Length] = feed.TermsOf(ahead);
            raw[ahead & 1].Count = later.Count;
            fillPieces = PiecesOf(later.Count, SamplesAtOnce);
        }

        *phaseOneLeft = grouped[batch & 1].Chunks;
        *phaseTwoLeft = UpdatePieces() + 1 + fillPieces;
        fills.Open(fillPieces);
        groupings.Open(1);
        chunks.Open((int)*phaseOneLeft);
    }

    private void EndPhaseOne()
    {
        double loss = 0;
        for (int chunk = 0; chunk < grouped[batch & 1].Chunks; chunk++) loss += chunkLosses[chunk];
        lossSum += loss;
        if (double.IsFinite(loss)) pieces.Open(UpdatePieces());
        else threads.Finish();
    }

    private void EndPhaseTwo()
    {
        batch++;
        if (batch < batches) BeginStep();
        else threads.Finish();
    }

    private int UpdatePieces()
    {
        GroupedBatch now = grouped[batch & 1];
        return densePieces + PiecesOf(now.DeferredUsers.Count, RowsAtOnce) + PiecesOf(now.DeferredItems.Count, RowsAtOnce);
    }

    private static int PiecesOf(int count, int atOnce) => (count + atOnce - 1) / atOnce;
}
