using System.Text;

namespace NcfSpark.Core;

/// <summary>
/// A named stream of random numbers without state: the number at a place is a hash of (key, place), so who draws it, when, and on which
/// thread cannot change it. The key is a hash of the seed, a name and numbers such as epoch and shard.
/// </summary>
/// <remarks>
/// The hash is SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): the place, spread by the golden
/// ratio, goes through a bijective 64-bit mixer.
/// </remarks>
/// <example><c>RandomStream.Named(seed: 1, "shuffle", epoch)</c>, then <c>stream.Below(place: 7, bound: 10)</c>.</example>
public readonly record struct RandomStream(ulong Key)
{
    private const ulong GoldenRatio = 0x9E3779B97F4A7C15; // 2^64 / phi, made odd

    public static RandomStream Named(long seed, string name, params ReadOnlySpan<long> numbers)
    {
        ulong key = Mix((ulong)seed + GoldenRatio);
        foreach (byte letter in Encoding.UTF8.GetBytes(name)) key = Mix(key ^ letter);
        foreach (long number in numbers) key = Mix(key + (ulong)number * GoldenRatio + 1);
        return new RandomStream(key);
    }

    /// <summary>64 uniform bits.</summary>
    public ulong Bits(long place) => Mix(Key + (ulong)place * GoldenRatio);

    /// <summary>Uniform over 0 … <paramref name="bound"/> - 1. Its bias is at most bound / 2^64.</summary>
    public long Below(long place, long bound) => (long)Math.BigMul(Bits(place), (ulong)bound, out _);

    /// <summary>Uniform over [0, 1), in steps of 2^-53.</summary>
    public double Unit(long place) => (Bits(place) >> 11) * (1.0 / (1L << 53));

    /// <summary>Standard normal, by Box and Muller from places 2 · place and 2 · place + 1.</summary>
    public double Normal(long place) =>
        Math.Sqrt(-2 * Math.Log(1 - Unit(2 * place))) * Math.Cos(2 * Math.PI * Unit(2 * place + 1));

    /// <summary>A permutation of the values in place, by Fisher and Yates.</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (int last = values.Length - 1; last > 0; last--)
        {
            int other = (int)Below(last, last + 1);
            (values[last], values[other]) = (values[other], values[last]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
