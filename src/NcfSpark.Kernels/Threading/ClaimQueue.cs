namespace NcfSpark.Kernels;

/// <summary>
/// Pieces of work, numbered 0 … count - 1, which threads claim, some from the front and some from the back. If a number
/// stands for the same memory in every round, most of that memory is still in the cache of the core that used it in the
/// round before. A claim includes the number of its round, so a thread that was suspended in the middle of a claim can
/// never take a piece of a later round by mistake.
/// </summary>
internal readonly unsafe struct ClaimQueue
{
    // The state is one number, so that it changes atomically: round · 2^40 + end · 2^20 + next. Example: in round 3
    // with 8 pieces, of which two were claimed from the front and one from the back, it is 3|7|2.
    private const int Bits = 20;
    private const long Mask = (1 << Bits) - 1;

    private readonly long* state;

    /// <param name="state">Address of the state, initially 0. Put the states that the same threads change one after
    /// another on one cache line, so that the line moves between cores once.</param>
    public ClaimQueue(long* state) => this.state = state;

    /// <summary>The most pieces of a round.</summary>
    public static int Capacity => (int)Mask;

    /// <summary>Begins the next round. Whatever its pieces read must be written before.</summary>
    public void Open(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        long round = (Volatile.Read(ref *state) >> (2 * Bits)) + 1;
        Volatile.Write(ref *state, (round << (2 * Bits)) | ((long)count << Bits));
    }

    /// <summary>Claims the first remaining pieces, or the last.</summary>
    /// <param name="fromBack">Whether to claim the last pieces.</param>
    /// <param name="share">The claim is 1 / share of the remaining pieces, at least one. So claims start large, since
    /// each costs a message between cores, and end small, so that all threads finish at about the same time.</param>
    /// <param name="piece">The first piece claimed.</param>
    /// <returns>Number of pieces claimed; 0 if none is left.</returns>
    public int Claim(bool fromBack, int share, out int piece)
    {
        long seen = Volatile.Read(ref *state);
        while (true)
        {
            int next = (int)(seen & Mask), end = (int)((seen >> Bits) & Mask), left = end - next, count = Math.Max(left / share, 1);
            piece = fromBack ? end - count : next;
            if (left == 0) return 0;
            long before = Interlocked.CompareExchange(ref *state, fromBack ? seen - ((long)count << Bits) : seen + count, seen);
            if (before == seen) return count;
            seen = before;
        }
    }
}
