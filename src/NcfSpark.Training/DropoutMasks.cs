using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>
/// Dropout as numbers that are a function of (seed, epoch, sample, layer, lane) alone, so that neither threads nor a restart change them.
/// Each 64 bits of the stream decide four lanes by 16 bits each: rates are rounded to 1 / 65536.
/// </summary>
internal static class DropoutMasks
{
    private const int LanesPerDraw = 4;

    /// <summary>A mask of 0 (dropped) and 1 / (1 - rate) (kept), row after row.</summary>
    /// <param name="stream">The layer's stream for the epoch.</param>
    /// <param name="firstSample">The place in the epoch of the first row.</param>
    /// <param name="width">The layer's width.</param>
    /// <param name="rate">From 0 to below 1.</param>
    /// <param name="mask">Receives the mask; its length is a multiple of the width.</param>
    public static void Fill(RandomStream stream, long firstSample, int width, double rate, Span<float> mask)
    {
        uint dropped = (uint)Math.Round(rate * 65536);
        float kept = 65536f / (65536 - dropped);
        int drawsPerSample = (width + LanesPerDraw - 1) / LanesPerDraw;
        for (int row = 0; row * width < mask.Length; row++)
        {
            Span<float> lanes = mask.Slice(row * width, width);
            long place = (firstSample + row) * drawsPerSample;
            for (int lane = 0; lane < width; place++)
            {
                ulong bits = stream.Bits(place);
                for (int end = Math.Min(lane + LanesPerDraw, width); lane < end; lane++, bits >>= 16) lanes[lane] = (uint)(bits & 0xFFFF) < dropped ? 0 : kept;
            }
        }
    }
}
