using System.Numerics;
using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>
/// A pseudo-random permutation of 0 … count - 1 that is computed, not stored: the order of an epoch's samples takes no memory, and any place
/// of it can be looked up at once, which is what resuming in the middle of an epoch needs.
/// </summary>
/// <remarks>
/// A Feistel network of four rounds over 2 x w bits, the smallest square that holds count, is a bijection there; places that it sends to
/// count or beyond are sent on until they land inside ("cycle walking", Black and Rogaway 2002). The square is less than 4 · count (or 4),
/// so that takes fewer than 4 rounds on average.
/// Example: count = 5 needs w = 2 (16 places); if 3 → 11 → 6 → 1, then the permutation sends 3 to 1.
/// </remarks>
internal readonly struct IndexPermutation
{
    private const int Rounds = 4; // enough to pass for random (Luby and Rackoff 1988)

    private readonly long count;
    private readonly int halfBits;
    private readonly ulong halfMask;
    private readonly RandomStream stream;

    public IndexPermutation(long count, RandomStream stream)
    {
        this.count = count;
        this.stream = stream;
        int bits = BitOperations.Log2((ulong)Math.Max(count - 1, 1)) + 1;
        halfBits = (bits + 1) / 2;
        halfMask = (1UL << halfBits) - 1;
    }

    /// <summary>So many places at once are worth a loop over vectors, and fit on the stack.</summary>
    public const int BlockSize = 64;

    /// <summary>Where neighbouring places go: [start], [start + 1], … The same as the indexer, a vector at a time.</summary>
    public void CopyTo(long start, Span<long> destination)
    {
        int lanes = Vector<ulong>.Count, at = 0;
        for (; at + lanes <= destination.Length; at += lanes)
        {
            Vector<ulong> x = Permuted(Vector.CreateSequence((ulong)(start + at), 1UL));
            for (Vector<ulong> outside = Outside(x); outside != Vector<ulong>.Zero; outside = Outside(x)) x = Vector.ConditionalSelect(outside, Permuted(x), x);
            x.As<ulong, long>().CopyTo(destination[at..]);
        }

        for (; at < destination.Length; at++) destination[at] = this[start + at];
    }

    private Vector<ulong> Outside(Vector<ulong> x) => Vector.GreaterThanOrEqual(x, new Vector<ulong>((ulong)count));

    private Vector<ulong> Permuted(Vector<ulong> x)
    {
        var mask = new Vector<ulong>(halfMask);
        Vector<ulong> left = x >>> halfBits, right = x & mask;
        for (ulong round = 0; round < Rounds; round++) (left, right) = (right, left ^ (stream.Bits(right * Rounds + new Vector<ulong>(round)) & mask));
        return (left << halfBits) | right;
    }

    public long this[long place]
    {
        get
        {
            ulong x = (ulong)place;
            do
            {
                ulong left = x >> halfBits, right = x & halfMask;
                for (int round = 0; round < Rounds; round++) (left, right) = (right, left ^ (stream.Bits((long)right * Rounds + round) & halfMask));
                x = (left << halfBits) | right;
            }
            while (x >= (ulong)count);
            return (long)x;
        }
    }
}
