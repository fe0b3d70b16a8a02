namespace NcfSpark.Kernels;

/// <summary>
/// Numbered pieces of work, 0 … count - 1, which threads claim one by one. A claim names its round, so a thread that was held up between two
/// instructions can never take a number of one round for one of the next.
/// </summary>
internal sealed class ClaimQueue
{
    // One number, so that it changes as a whole: round · 2^40 + count · 2^20 + next. Example: round 3 with 8 pieces of which 2 are claimed is 3|8|2.
    private const int Bits = 20;
    private const long Mask = (1 << Bits) - 1;

    private long state;

    /// <summary>The most pieces of a round.</summary>
    public static int Capacity => (int)Mask;

    /// <summary>Begins the next round. What its pieces need was written before.</summary>
    public void Open(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        long round = (Volatile.Read(ref state) >> (2 * Bits)) + 1;
        Volatile.Write(ref state, (round << (2 * Bits)) | ((long)count << Bits));
    }

    /// <summary>Claims a piece; false where none is left.</summary>
    public bool TryClaim(out int piece)
    {
        long seen = Volatile.Read(ref state);
        while ((seen & Mask) < ((seen >> Bits) & Mask))
        {
            long before = Interlocked.CompareExchange(ref state, seen + 1, seen);
            if (before == seen)
            {
                piece = (int)(seen & Mask);
                return true;
            }

            seen = before;
        }

        piece = -1;
        return false;
    }
}
