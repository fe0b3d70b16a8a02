namespace NcfSpark.Kernels;

/// <summary>
/// Runs the batches of a step on several threads, each batch in two phases. In phase one, threads claim chunks of the
/// batch and compute their gradients (after preludes, where the step has some, which they claim likewise). In phase two,
/// they claim pieces of the parameters and update them. In both, they also arrange the next batch and fill the batch after
/// that, so that no thread waits between batches.
/// <para>
/// The result does not depend on which thread claims what: chunks and pieces follow from the batch alone and have
/// memory of their own, and losses are added in the order of chunks. So any number of threads gives the same bytes.
/// Whichever thread finishes the last piece of a phase begins the next phase, so a thread that is suspended while it
/// holds no claim delays nobody.
/// </para>
/// Example, batch 5: threads train on 5, one arranges 6, and samples of 7 are filled, into the memory of 5 if the step
/// has arranged 5 somewhere else (<see cref="FusedStep"/>).
/// </summary>
internal sealed unsafe class TwoPhases : IDisposable
{
    private const int CacheLine = 64;
    private const int SamplesAtOnce = 64; // a piece of filling: a few microseconds, so that nobody waits for it long
    private const int One = int.MaxValue; // with this share, a claim is always one piece
    private const int BatchesAtOnce = 3;  // trained on, arranged, filled
    private const int FewChunks = 4;      // as many as a batch of 256 has

    private readonly ITwoPhaseStep step;
    private readonly StepThreads threads;
    private readonly int share;

    // Arranging is one piece, and the longest. With many chunks it is claimed before them, since they balance the load
    // afterwards. With few chunks it is claimed after them, before the many small pieces of phase two.
    private readonly bool arrangesFirst;
    private readonly int arrangementCount; // 1, or 0 if the step has nothing to arrange

    // Shared by all threads.
    // All on one cache line, since a change fetches the line from the core that changed it last.
    private readonly AlignedArray<long> counters = new(CacheLine / sizeof(long));
    private readonly ClaimQueue chunks;       // phase one
    private readonly ClaimQueue pieces;       // phase two
    private readonly ClaimQueue fills;        // in both phases
    private readonly ClaimQueue arrangements; // in both phases, one piece
    private readonly long* phaseOneLeft;
    private readonly long* phaseTwoLeft;      // arranging and fills included
    private readonly long* arrangedLast;      // number of the last batch that is arranged

    // The current run, written between phases by the thread that finished the last piece.
    private readonly BatchTerms[] terms = new BatchTerms[BatchesAtOnce]; // of batch b at b % 3
    private readonly double[] chunkLosses;
    private IBatchFeed feed = null!;
    private long batches;
    private long batch;
    private int chunkCount;
    private int pieceCount;
    private bool inPreludes; // the queue of chunks holds preludes
    private double lossSum;

    /// <param name="threads">At least 1; thread 0 is the caller of <see cref="Run"/>.</param>
    /// <param name="name">Name of the threads.</param>
    /// <param name="mostChunks">Chunks of a batch, at most.</param>
    public TwoPhases(ITwoPhaseStep step, int threads, string name, int mostChunks)
    {
        (this.step, share) = (step, threads == 1 ? 1 : 2 * threads);
        (arrangesFirst, arrangementCount) = (mostChunks > FewChunks, step.Arranges ? 1 : 0);
        chunkLosses = new double[mostChunks];
        (chunks, pieces, fills, arrangements) = (new(counters.Start), new(counters.Start + 1), new(counters.Start + 2), new(counters.Start + 3));
        phaseOneLeft = counters.Start + 4;
        phaseTwoLeft = counters.Start + 5;
        arrangedLast = counters.Start + 6;
        this.threads = new StepThreads(threads, name, Work);
    }

    /// <inheritdoc cref="IFusedStep.Run"/>
    public long Run(IBatchFeed from, long count, ref double losses)
    {
        if (count == 0) return 0;
        (feed, batches, batch, lossSum) = (from, count, 0, losses);
        foreach (ClaimQueue queue in new[] { arrangements, chunks, pieces, fills }) queue.Open(0); // a run that failed may have left some pieces
        for (int b = 0; b < Math.Min(count, 2); b++)
        {
            terms[b] = feed.TermsOf(b);
            step.Fill(feed, b, 0, terms[b].Count);
        }

        step.Arrange(0, terms[0].Count);
        *arrangedLast = 0;
        BeginPhaseOne();
        threads.Run();
        losses = lossSum;
        return batch;
    }

    /// <summary>Claims another chunk for a thread that computes one.</summary>
    /// <returns>The chunk, or -1 if none is left.</returns>
    public int ClaimChunk(int thread) => chunks.Claim(FromBack(thread), One, out int chunk) > 0 ? chunk : -1;

    /// <summary>Ends a chunk.</summary>
    /// <param name="loss">The sum of its samples' losses.</param>
    public void EndChunk(int chunk, double loss)
    {
        chunkLosses[chunk] = loss;
        if (Interlocked.Decrement(ref *phaseOneLeft) == 0) EndPhaseOne();
    }

    public void Dispose()
    {
        threads.Dispose();
        counters.Dispose();
    }

    /// <summary>Whether a thread claims from the back: every other one, so that they meet in the middle.</summary>
    private static bool FromBack(int thread) => (thread & 1) != 0;

    private void Work(int thread)
    {
        bool fromBack = FromBack(thread);
        long prefetched = -1;
        for (int idle = 0; !threads.Finished;)
        {
            if (arrangesFirst && arrangements.Claim(fromBack, One, out _) > 0)
            {
                ArrangeNext();
                EndPieces(1);
            }
            else if (chunks.Claim(fromBack, One, out int piece) > 0)
            {
                if (inPreludes) EndPrelude(piece, thread);
                else step.Compute(piece, thread);
            }
            else if (arrangements.Claim(fromBack, One, out _) > 0)
            {
                ArrangeNext();
                PrefetchNext(thread);
                prefetched = batch;
                EndPieces(1);
            }
            else if (pieces.Claim(fromBack, share, out piece) is > 0 and var count)
            {
                if (prefetched != batch && Volatile.Read(ref *arrangedLast) > batch)
                {
                    PrefetchNext(thread);
                    prefetched = batch;
                }

                for (int end = piece + count; piece < end; piece++) step.Update(piece, thread);
                EndPieces(count);
            }
            else if (fills.Claim(fromBack, share, out piece) is > 0 and var fillCount)
            {
                for (int end = piece + fillCount; piece < end; piece++) FillPiece(piece);
                EndPieces(fillCount);
            }
            else
            {
                StepThreads.Wait(++idle);
                continue;
            }

            idle = 0;
        }
    }

    private void PrefetchNext(int thread)
    {
        if (batch + 1 < batches) step.Prefetch(batch + 1, thread);
    }

    private void ArrangeNext()
    {
        long next = batch + 1;
        if (next < batches) step.Arrange(next, terms[next % BatchesAtOnce].Count);
        Volatile.Write(ref *arrangedLast, next);
    }

    private void FillPiece(int piece)
    {
        long ahead = batch + 2;
        int from = piece * SamplesAtOnce;
        step.Fill(feed, ahead, from, Math.Min(SamplesAtOnce, terms[ahead % BatchesAtOnce].Count - from));
    }

    private void BeginPhaseOne()
    {
        (chunkCount, pieceCount) = step.Begin(batch, in terms[batch % BatchesAtOnce]);
        int fillCount = 0;
        long ahead = batch + 2;
        if (ahead < batches)
        {
            terms[ahead % BatchesAtOnce] = feed.TermsOf(ahead);
            fillCount = (terms[ahead % BatchesAtOnce].Count + SamplesAtOnce - 1) / SamplesAtOnce;
        }

        int preludes = step.Preludes;
        inPreludes = preludes > 0;
        *phaseOneLeft = inPreludes ? preludes : chunkCount;
        *phaseTwoLeft = pieceCount + arrangementCount + fillCount;
        fills.Open(fillCount);
        arrangements.Open(arrangementCount);
        chunks.Open(inPreludes ? preludes : chunkCount);
    }

    // Nobody has a claim when the last one ends, so what follows may take the queue.
    private void EndPrelude(int piece, int thread)
    {
        step.Prelude(piece, thread);
        if (Interlocked.Decrement(ref *phaseOneLeft) != 0) return;
        inPreludes = false;
        *phaseOneLeft = chunkCount;
        chunks.Open(chunkCount);
    }

    private void EndPhaseOne()
    {
        double loss = 0;
        for (int chunk = 0; chunk < chunkCount; chunk++) loss += chunkLosses[chunk];
        lossSum += loss;
        if (double.IsFinite(loss)) pieces.Open(pieceCount);
        else threads.Finish();
    }

    private void EndPieces(int count)
    {
        if (Interlocked.Add(ref *phaseTwoLeft, -count) != 0) return;
        batch++;
        if (batch < batches) BeginPhaseOne();
        else threads.Finish();
    }
}

/// <summary>What a step does in the pieces of work that <see cref="TwoPhases"/> hands out.</summary>
internal interface ITwoPhaseStep
{
    /// <summary>Whether batches must be arranged.</summary>
    bool Arranges => true;

    /// <summary>
    /// Fills samples of a batch. The one two batches before may still be trained on, the one before it is arranged.
    /// </summary>
    void Fill(IBatchFeed feed, long batch, int start, int count);

    /// <summary>Prepares a batch whose samples are all filled, while the one before it is trained on.</summary>
    /// <param name="count">Number of its samples.</param>
    void Arrange(long batch, int count);

    /// <summary>Begins a batch that is arranged. Called by one thread, while no other works.</summary>
    /// <returns>Numbers of chunks of phase one and of pieces of phase two, each at least 1.</returns>
    (int Chunks, int Pieces) Begin(long batch, in BatchTerms terms);

    /// <summary>Pieces of the batch that has begun which come before all of its chunks.</summary>
    int Preludes => 0;

    void Prelude(int piece, int thread)
    {
    }

    /// <summary>
    /// Computes a chunk of the current batch, and others that it claims (<see cref="TwoPhases.ClaimChunk"/>). It ends
    /// each with <see cref="TwoPhases.EndChunk"/>.
    /// </summary>
    void Compute(int chunk, int thread);

    /// <summary>Updates a piece of the parameters.</summary>
    void Update(int piece, int thread);

    /// <summary>Prefetches what a thread will probably read first of the next batch, which is arranged.</summary>
    void Prefetch(long next, int thread);
}
