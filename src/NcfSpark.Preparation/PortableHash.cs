using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NcfSpark.Preparation;

/// <summary>
/// The one source of chance of this stage: a hash that SQL computes on every engine and C# here, to the same number, in whole numbers below 2^63.
/// </summary>
/// <remarks>
/// The state h lies in the prime field of p = 2^31 - 1. A value v is absorbed by h ← (h + v + c)^5 mod p, c a constant of the round; two
/// rounds without a value finish. x^5 is a permutation of the field since gcd(5, p - 1) = 1, so no round loses information; it is the round of
/// MiMC (Albrecht et al., "MiMC: Efficient Encryption and Cryptographic Hashing", ASIACRYPT 2016) with few rounds: for statistics, not for secrets.
/// A number below M is floor(h · M / p); its bias is at most M / p of a probability.
/// </remarks>
public static class PortableHash
{
    /// <summary>The prime 2^31 - 1.</summary>
    public const long P = 2147483647;

    // Digits of pi, below 2^29, so that (h + c)^2 stays below 2^63 without a reduction before it.
    internal const long AbsorbConstant = 0x13198A2E, FirstFinishConstant = 0x03707344, SecondFinishConstant = 0x082EFA98;

    /// <summary>The state before any value, for a seed and what the numbers are for, such as "negatives".</summary>
    public static long Start(long seed, string stream)
    {
        long state = Absorb(Absorb(0, seed % P), seed / P);
        foreach (char letter in stream) state = Absorb(state, letter);
        return state;
    }

    /// <summary>The state after one more value, which is not negative.</summary>
    public static long Absorb(long state, long value) => FifthPower((state + value + AbsorbConstant) % P);

    /// <summary>The hash, in [0, p), of what was absorbed.</summary>
    public static long Finish(long state) => FifthPower(FifthPower(state + FirstFinishConstant) + SecondFinishConstant);

    /// <summary>A uniform number in [0, <paramref name="bound"/>) from a hash; the bound is at most 2^31.</summary>
    public static long Below(long hash, long bound) => hash * bound / P;

    /// <summary>The first 28 bits of the MD5 of an id's text.</summary>
    public static int OfText(string id)
    {
#pragma warning disable CA5351 // for statistics: it is what every engine has
        byte[] hash = MD5.HashData(Encoding.UTF8.GetBytes(id));
#pragma warning restore CA5351
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) >> 4);
    }

    private static long FifthPower(long x)
    {
        long square = x * x % P;
        return square * square % P * x % P;
    }
}
