namespace NcfSpark.Kernels;

/// <summary>
/// Numbered pieces of work, 0 … count - 1, which threads claim one by one, some from the front and some from the back: where the same numbers
/// mean the same memory in every round, most of it stays in the cache of the core that used it last.
/// A claim names its round, so a thread that was held up between two instructions can never take a number of one round for one of the next.
/// </summary>
internal readonly unsafe struct ClaimQueue
{
    // One number, so that it changes as a whole: round · 2^40 + end · 2^20 + next. Example: round 3 with 8 pieces, of which two from the front and
    // one from the back are claimed, is 3|7|2.
    private const int Bits = 20;
    private const long Mask = (1 << Bits) - 1;

    private readonly long* state;

    /// <param name="state">Where its state lies, 0 at first. What the same threads change one after another belongs on one cache line, which then travels between cores once.</param>
    public ClaimQueue(long* state) => this.state = state;

    /// <summary>The most pieces of a round.</summary>
    public static int Capacity => (int)Mask;

    /// <summary>Begins the next round. What its pieces need was written before.</summary>
    public void Open(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        long round = (Volatile.Read(ref *state) >> (2 * Bits)) + 1;
        Volatile.Write(ref *state, (round << (2 * Bits)) | ((long)count << Bits));
    }

    /// <summary>Claims the first pieces that are left, or the last.</summary>
    /// <param name="fromBack">Whether the last.</param>
    /// <param name="share">Of what is left a part of 1 / share is claimed, at least one piece: large claims first, since each costs a message between cores, and small ones last, which end together.</param>
    /// <param name="piece">The first piece claimed.</param>
    /// <returns>How many pieces; 0 where none is left.</returns>
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
