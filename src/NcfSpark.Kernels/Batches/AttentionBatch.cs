namespace NcfSpark.Kernels;

/// <summary>
/// A batch of users, arranged for a step with attention: passes of users and chunks of passes, the negatives that all
/// share, and for each item of the batch where its gradients are.
/// <para>
/// An event is a user's use of an item. Of a user with n uses, the latest T + 1 are events, T = min(n - 1, Length): all
/// but the last are tokens, and all but the first are positives, of the token before.
/// </para>
/// Example, Length 200: a user who used 5, 7, 5 has the tokens 5 and 7, which predict 7 and 5, and three events.
/// </summary>
internal sealed unsafe class AttentionBatch : IDisposable
{
    /// <summary>Chunks of a batch, at most. Each has gradients of its own, which are added in the order of chunks.</summary>
    public const int MostChunks = 16;

    private readonly AttentionShape shape;
    private readonly UserPasts pasts;
    private readonly int itemCount;
    private readonly bool exceptTouched;
    private readonly int mostRows; // of a pass
    private readonly AlignedArray<int> integers;
    private readonly AlignedArray<int> excluded;
    private readonly AlignedArray<AttentionSequence> sequences;
    private readonly int* negativeOf, distinctOf, lastEvents, excludedBy;

    /// <param name="exceptTouched">Whether a positive does not compete with anything that its user has used; otherwise, only not with itself.</param>
    public AttentionBatch(AttentionShape shape, UserPasts pasts, int itemCount, int users, int negatives, bool exceptTouched = true)
    {
        (this.shape, this.pasts, this.itemCount, NegativeCount, this.exceptTouched) = (shape, pasts, itemCount, negatives, exceptTouched);
        mostRows = AttentionBuffers.RowsOf(shape);
        long events = (long)users * (shape.Length + 1), distinct = Math.Min(events + negatives, itemCount);
        integers = new(2L * negatives + 2L * itemCount + 3 * distinct + 2 * events + 3L * users);
        int* next = integers.Start;
        Negatives = Take(negatives);
        excludedBy = Take(negatives);
        negativeOf = Take(itemCount);
        distinctOf = Take(itemCount);
        Items = Take(distinct);
        FirstEvents = Take(distinct);
        lastEvents = Take(distinct);
        NextEvents = Take(events);
        EventStarts = Take(users);
        ExcludedStarts = Take(users);
        ExcludedEnds = Take(users);
        sequences = new(users);
        (Passes, ChunkStarts) = (new AttentionSpan[users], new int[MostChunks + 1]);
        excluded = new((long)users * (exceptTouched ? Math.Min(negatives, pasts.Longest) : shape.Length));
        new Span<int>(negativeOf, itemCount).Fill(-1);
        new Span<int>(distinctOf, itemCount).Fill(-1);

        int* Take(long count)
        {
            int* at = next;
            next += count;
            return at;
        }
    }

    public AttentionSpan[] Passes { get; }

    /// <summary>The first pass of each chunk, and behind the last one the number of passes.</summary>
    public int[] ChunkStarts { get; }

    public int Chunks { get; private set; }

    public int NegativeCount { get; }

    public bool ExceptTouched => exceptTouched;

    public int Users { get; private set; }

    /// <summary>Tokens that predict an item.</summary>
    public int Tokens { get; private set; }

    public AttentionSequence* Sequences => sequences.Start;

    /// <summary>The negatives, distinct.</summary>
    public int* Negatives { get; }

    /// <summary>For each user the number of the first event; those of a user follow each other.</summary>
    public int* EventStarts { get; }

    /// <summary>
    /// The numbers of the negatives that a user has used, each once: Excluded[ExcludedStarts[slot]] up to ExcludedEnds[slot]. Where only a positive
    /// itself is left out, those of the user's positives that are negatives, one after the other (<see cref="ExceptTouched"/>).
    /// </summary>
    public int* Excluded => excluded.Start;

    public int* ExcludedStarts { get; }

    public int* ExcludedEnds { get; }

    /// <summary>The distinct items of the batch, their first events (-1: only a negative), and for each event the item's next, or -1.</summary>
    public int Distinct { get; private set; }

    public int* Items { get; }

    public int* FirstEvents { get; }

    public int* NextEvents { get; }

    /// <summary>The number of an item among the negatives, or -1.</summary>
    public int NegativeOf(int item) => negativeOf[item];

    /// <summary>Arranges a batch of distinct users.</summary>
    public void Arrange(ReadOnlySpan<int> users, ulong key)
    {
        for (int n = 0; n < NegativeCount; n++) negativeOf[Negatives[n]] = -1;
        for (int d = 0; d < Distinct; d++) distinctOf[Items[d]] = -1;
        new Span<int>(excludedBy, NegativeCount).Clear();
        (Users, Tokens, Distinct) = (users.Length, 0, 0);
        NegativeDraws.Draw(key, new Span<int>(Negatives, NegativeCount), new Span<int>(negativeOf, itemCount));
        int events = 0, passes = 0, excludedCount = 0;
        uint rows = 0;
        for (int slot = 0; slot < users.Length; slot++)
        {
            int start = pasts.Starts[users[slot]], end = pasts.Starts[users[slot] + 1];
            int count = Math.Min(end - start - 1, shape.Length), first = end - 1 - count;
            ref AttentionSequence sequence = ref sequences.Start[slot];
            sequence = new AttentionSequence { Count = count, Items = pasts.Items + first, Times = pasts.Times + first, Slot = slot };
            if (ToldUsers.IsTold(key, slot, shape.Told)) sequence.Moments = sequence.Times + 1;
            if (slot == 0 || Passes[passes - 1].Rows + sequence.PaddedCount > mostRows) Passes[passes++] = new AttentionSpan { First = slot, FirstRow = rows };
            ref AttentionSpan pass = ref Passes[passes - 1];
            sequence.Row = pass.Rows;
            pass.Rows += sequence.PaddedCount;
            pass.Count++;
            rows += (uint)sequence.PaddedCount;
            Tokens += count;
            EventStarts[slot] = events;
            for (int at = first; at < end; at++) AddEvent(events++, pasts.Items[at]);
            ExcludedStarts[slot] = excludedCount;
            for (int at = exceptTouched ? start : first + 1; at < end; at++)
            {
                if (negativeOf[pasts.Items[at]] is not (>= 0 and var negative) || (exceptTouched && excludedBy[negative] == slot + 1)) continue;
                excludedBy[negative] = slot + 1;
                excluded.Start[excludedCount++] = negative;
            }

            ExcludedEnds[slot] = excludedCount;
        }

        for (int n = 0; n < NegativeCount; n++)
        {
            if (distinctOf[Negatives[n]] < 0) AddItem(Negatives[n]);
        }

        Chunks = Math.Min(MostChunks, passes);
        for (int chunk = 0, pass = 0; chunk < Chunks; chunk++)
        {
            while (pass < chunk || (pass < passes - (Chunks - chunk) && Passes[pass].FirstRow < (long)rows * chunk / Chunks)) pass++;
            ChunkStarts[chunk] = pass;
        }

        ChunkStarts[Chunks] = passes;
    }

    public void Dispose()
    {
        integers.Dispose();
        excluded.Dispose();
        sequences.Dispose();
    }

    private void AddEvent(int number, int item)
    {
        NextEvents[number] = -1;
        int distinct = distinctOf[item];
        if (distinct < 0)
        {
            distinct = AddItem(item);
            FirstEvents[distinct] = number;
        }
        else
        {
            NextEvents[lastEvents[distinct]] = number;
        }

        lastEvents[distinct] = number;
    }

    private int AddItem(int item)
    {
        int distinct = Distinct++;
        (Items[distinct], FirstEvents[distinct], distinctOf[item]) = (item, -1, distinct);
        return distinct;
    }
}

/// <summary>The users of a pass: those from <see cref="First"/> on.</summary>
internal struct AttentionSpan
{
    public int First, Count, Rows;

    /// <summary>Number of the pass's first row among those of the batch.</summary>
    public uint FirstRow;
}

/// <summary>All users' items in the order of time, with their times in seconds, outside the garbage collector's heap.</summary>
internal sealed unsafe class UserPasts : IDisposable
{
    private readonly AlignedArray<int> items, starts;
    private readonly AlignedArray<long> times;

    /// <param name="histories">Of users one after another.</param>
    /// <param name="times">A time for each of its items.</param>
    public UserPasts(UserHistories histories, ReadOnlySpan<long> times)
    {
        (items, starts, this.times) = (new(histories.Items.Length), new(histories.Starts.Length + 1), new(times.Length));
        histories.Items.CopyTo(items.Span);
        histories.Starts.CopyTo(starts.Span);
        starts.Start[histories.Starts.Length] = histories.Items.Length;
        times.CopyTo(this.times.Span);
        for (int user = 0; user < histories.Starts.Length; user++) Longest = Math.Max(Longest, Starts[user + 1] - Starts[user]);
    }

    public int* Items => items.Start;

    public long* Times => times.Start;

    /// <summary>Where each user's items start, and behind the last user where they end.</summary>
    public int* Starts => starts.Start;

    /// <summary>Items of the user who has most.</summary>
    public int Longest { get; }

    public void Dispose()
    {
        items.Dispose();
        starts.Dispose();
        times.Dispose();
    }
}
