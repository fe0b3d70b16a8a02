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
