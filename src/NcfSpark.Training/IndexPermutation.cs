using System.Numerics;
using System.Runtime.CompilerServices;
using NcfSpark.Core;

namespace NcfSpark.Training;

/// <summary>
/// A pseudo-random permutation of 0 … count - 1 that is computed, not stored: the order of an epoch's samples takes no memory, and any place
/// of it can be looked up at once, which is what resuming in the middle of an epoch needs.
/// </summary>
/// <remarks>
/// A Feistel network over the fewest bits that hold count is a bijection there: the place's high bits are changed by a hash of its low bits, then
/// the low by the high, and so on, six rounds in all. Places that it sends to count or beyond are sent on until they land inside ("cycle
/// walking", Black and Rogaway 2002): the bits hold less than 2 · count places, so that takes fewer than 2 passes on average.
/// Example: count = 300 needs 9 bits (512 places); if 3 → 407 → 333 → 1, then the permutation sends 3 to 1.
/// </remarks>
internal readonly struct IndexPermutation
{
    /// <summary>So many places at once are worth a loop over vectors, and fit on the stack.</summary>
    public const int BlockSize = 64;

    private const int Rounds = 6;  // 4 pass for random in large domains (Luby and Rackoff 1988); in small ones they still show
    private const int LeastBits = 8; // as do fewer bits: a handful of samples walks through 256 places

    private readonly long count;
    private readonly int lowBits;
    private readonly uint lowMask;
    private readonly uint highMask;
    private readonly RoundKeys keys;

    public IndexPermutation(long count, RandomStream stream)
    {
        this.count = count;
        for (int round = 0; round < Rounds; round++) keys[round] = stream.Bits(round);
        int bits = Math.Max(LeastBits, BitOperations.Log2((ulong)Math.Max(count - 1, 1)) + 1);
        lowBits = (bits + 1) / 2;
        lowMask = (uint)((1UL << lowBits) - 1);
        highMask = (uint)((1UL << (bits - lowBits)) - 1);
    }

    public long this[long place]
    {
        get
        {
            do
            {
                uint low = (uint)place & lowMask, high = (uint)(place >> lowBits);
                for (int round = 0; round < Rounds; round += 2)
                {
                    high ^= Hash(low, keys[round]) & highMask;
                    low ^= Hash(high, keys[round + 1]) & lowMask;
                }

                place = ((long)high << lowBits) | low;
            }
            while (place >= count);
            return place;
        }
    }

    /// <summary>Where neighbouring places go: [start], [start + 1], … The same as the indexer, a block at a time.</summary>
    public void CopyTo(long start, Span<long> destination)
    {
        if (count > int.MaxValue) // a place is more than 32 bits
        {
            for (int at = 0; at < destination.Length; at++) destination[at] = this[start + at];
            return;
        }

        for (int at = 0; at < destination.Length; at += BlockSize)
        {
            CopyBlock((uint)(start + at), destination.Slice(at, Math.Min(BlockSize, destination.Length - at)));
        }
    }

    // All places at once, then those that landed outside once more, pushed together so that vectors stay full, and so on: a vector's 12
    // multiplications wait for one another, and only other vectors can fill the time. Lanes past the last go along and are not looked at.
    private void CopyBlock(uint start, Span<long> destination)
    {
        Span<uint> walking = stackalloc uint[BlockSize];
        Span<int> whose = stackalloc int[BlockSize];
        uint size = (uint)count;
        int left = destination.Length;
        for (int b = 0; b < left; b++) (walking[b], whose[b]) = (start + (uint)b, b);
        while (left > 0)
        {
            for (int k = 0; k < left; k += Vector<uint>.Count) Permuted(new Vector<uint>(walking[k..])).CopyTo(walking[k..]);
            int moved = left;
            left = 0;
            for (int k = 0; k < moved; k++)
            {
                (uint landed, int of) = (walking[k], whose[k]);
                destination[of] = landed;
                (walking[left], whose[left]) = (landed, of);
                left += landed >= size ? 1 : 0;
            }
        }
    }

    private Vector<uint> Permuted(Vector<uint> x)
    {
        Vector<uint> low = x & new Vector<uint>(lowMask), high = x >>> lowBits;
        for (int round = 0; round < Rounds; round += 2)
        {
            high ^= Hash(low, keys[round]) & new Vector<uint>(highMask);
            low ^= Hash(high, keys[round + 1]) & new Vector<uint>(lowMask);
        }

        return (high << lowBits) | low;
    }

    // lowbias32 (Wellons 2018), with a key before and one within.
    private static uint Hash(uint x, ulong key)
    {
        x += (uint)key;
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = ((x ^ (x >> 15)) + (uint)(key >> 32)) * 0x846CA68B;
        return x ^ (x >> 16);
    }

    private static Vector<uint> Hash(Vector<uint> x, ulong key)
    {
        x += new Vector<uint>((uint)key);
        x = (x ^ (x >>> 16)) * 0x7FEB352D;
        x = ((x ^ (x >>> 15)) + new Vector<uint>((uint)(key >> 32))) * 0x846CA68B;
        return x ^ (x >>> 16);
    }

    [InlineArray(Rounds)]
    private struct RoundKeys
    {
        private ulong first;
    }
}
