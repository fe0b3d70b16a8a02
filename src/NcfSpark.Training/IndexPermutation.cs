using System.Numerics;
using NcfSpark.Data;

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
    private readonly RandomStream keys; // Bits(round)

    public IndexPermutation(long count, RandomStream stream)
    {
        this.count = count;
        keys = stream;
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
                    high ^= Hash(low, keys.Bits(round)) & highMask;
                    low ^= Hash(high, keys.Bits(round + 1)) & lowMask;
                }

                place = ((long)high << lowBits) | low;
            }
            while (place >= count);
            return place;
        }
    }

    /// <summary>Where neighbouring places go: [start], [start + 1], … The same as the indexer, a vector at a time.</summary>
    public void CopyTo(long start, Span<long> destination)
    {
        int at = 0;
        if (count <= int.MaxValue) // a place is 32 bits
        {
            var size = new Vector<int>((int)count);
            for (; at + Vector<uint>.Count <= destination.Length; at += Vector<uint>.Count)
            {
                Vector<uint> x = Permuted(Vector.CreateSequence((uint)(start + at), 1u));
                while (true)
                {
                    Vector<int> outside = Vector.GreaterThanOrEqual(x.As<uint, int>(), size);
                    if (outside == Vector<int>.Zero) break;
                    x = Vector.ConditionalSelect(outside.As<int, uint>(), Permuted(x), x);
                }

                Vector.Widen(x, out Vector<ulong> first, out Vector<ulong> second);
                first.As<ulong, long>().CopyTo(destination[at..]);
                second.As<ulong, long>().CopyTo(destination[(at + Vector<long>.Count)..]);
            }
        }

        for (; at < destination.Length; at++) destination[at] = this[start + at];
    }

    private Vector<uint> Permuted(Vector<uint> x)
    {
        Vector<uint> low = x & new Vector<uint>(lowMask), high = x >>> lowBits;
        for (int round = 0; round < Rounds; round += 2)
        {
            high ^= Hash(low, keys.Bits(round)) & new Vector<uint>(highMask);
            low ^= Hash(high, keys.Bits(round + 1)) & new Vector<uint>(lowMask);
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
}
