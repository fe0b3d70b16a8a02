namespace NcfSpark.Kernels;

/// <summary>
/// Decides which lanes dropout drops, as a function of (key of the batch, sample in the batch, layer, lane) without
/// state. So neither threads, nor the width of vectors, nor the order in which samples are computed changes the result.
/// One hash of 32 bits decides two lanes, with 16 bits each, so rates are rounded to 1 / 65,536.
/// <para>
/// Example: a layer of 40 lanes is padded to 48. Its hashes number 32: the first 16 serve lanes 0-31, the next 16 lanes
/// 32-63. Hash i of the first 16 decides lane i by its low half and lane 16 + i by its high half; of the next 16, lanes
/// 32 + i and 48 + i (which is not there).
/// </para>
/// </summary>
/// <remarks>The hash is "lowbias32" (Wellons 2018, "Prospecting for hash functions"), a bijection of 32 bits, with a
/// second key added half way.</remarks>
public static class DropoutHash
{
    internal const uint Multiplier0 = 0x7FEB352D, Multiplier1 = 0x846CA68B;

    private const int LanesPerGroup = 2 * Padding.Lanes;

    /// <summary>
    /// How many of the 65,536 values of 16 bits drop a lane. At most 65,535, since a kept lane is scaled by 65,536 /
    /// (65,536 - Dropped).
    /// </summary>
    public static uint Dropped(double rate) => (uint)Math.Min(Math.Round(rate * 65536), 65535);

    /// <summary>Factor of a kept lane, which keeps the expected value unchanged.</summary>
    public static float KeptScale(double rate) => 65536f / (65536 - Dropped(rate));

    /// <summary>Number of hashes that a sample needs for a layer.</summary>
    /// <param name="paddedWidth">The layer's width, a multiple of 16.</param>
    public static int HashCount(int paddedWidth) => (paddedWidth + LanesPerGroup - 1) / LanesPerGroup * Padding.Lanes;

    /// <summary>Whether a lane of a sample is kept.</summary>
    /// <param name="counter">Number of the sample's first hash for the layer: sample · (hashes of all its layers) +
    /// hashes of the layers before.</param>
    /// <param name="lane">The lane in the padded layer.</param>
    /// <param name="dropped"><see cref="Dropped"/> of the rate.</param>
    public static bool IsKept(ulong key, uint counter, int lane, uint dropped)
    {
        uint hash = Hash(counter + (uint)(lane / LanesPerGroup * Padding.Lanes + lane % Padding.Lanes), (uint)key, (uint)(key >> 32));
        bool high = lane / Padding.Lanes % 2 == 1;
        return (high ? hash >> 16 : hash & 0xFFFF) >= dropped;
    }

    internal static uint Hash(uint counter, uint key0, uint key1)
    {
        uint x = counter + key0;
        x ^= x >> 16;
        x *= Multiplier0;
        x ^= x >> 15;
        x += key1;
        x *= Multiplier1;
        return x ^ (x >> 16);
    }
}
