using System.Numerics;

namespace NcfSpark.Engines;

/// <summary>For each partition of Spark's hash partitioning a whole number that falls into it.</summary>
internal static class PartitionKeys
{
    private const uint Seed = 42; // of Spark's hash(…), and of HashPartitioning

    /// <summary>For partition p of n the least k from 0 with pmod(hash(k), n) = p, as INT.</summary>
    public static int[] Of(int partitions)
    {
        int[] keys = new int[partitions];
        Array.Fill(keys, -1);
        for (int key = 0, left = partitions; left > 0; key++)
        {
            int partition = Hash(key) % partitions;
            if (partition < 0) partition += partitions;
            if (keys[partition] >= 0) continue;
            keys[partition] = key;
            left--;
        }

        return keys;
    }

    /// <summary>Spark's hash of an INT: MurmurHash3 of 32 bits over its four bytes.</summary>
    internal static int Hash(int value)
    {
        uint k = BitOperations.RotateLeft((uint)value * 0xCC9E2D51, 15) * 0x1B873593;
        uint h = BitOperations.RotateLeft(Seed ^ k, 13) * 5 + 0xE6546B64;
        h ^= sizeof(int);
        h = (h ^ (h >> 16)) * 0x85EBCA6B;
        h = (h ^ (h >> 13)) * 0xC2B2AE35;
        return (int)(h ^ (h >> 16));
    }
}
