using System.Runtime.InteropServices;
using Google.Protobuf;

namespace NcfSpark.Training.Distributed;

/// <summary>Totals as they travel.</summary>
internal static class WireTotals
{
    public static Wire.Totals To(SampleTotals totals) => new()
    {
        Positives = totals.Positives,
        RecencySum = totals.RecencySum,
        ItemUses = ByteString.CopyFrom(MemoryMarshal.AsBytes(totals.ItemUses.AsSpan())),
    };

    /// <exception cref="RequestRejectedException">They are cut within a number, or there are none.</exception>
    public static SampleTotals From(Wire.Totals? totals)
    {
        if (totals is null || totals.ItemUses.Length % sizeof(int) != 0) throw new RequestRejectedException("A worker joins without the totals of its rows.");
        return new SampleTotals(totals.Positives, totals.RecencySum, MemoryMarshal.Cast<byte, int>(totals.ItemUses.Span).ToArray());
    }
}
