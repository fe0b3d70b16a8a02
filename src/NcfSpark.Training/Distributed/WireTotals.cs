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
        if (totals is null || totals.ItemUses.Length % sizeof(long) != 0) throw new RequestRejectedException("A worker joins without the totals of its rows.");
        return new SampleTotals(totals.Positives, totals.RecencySum, MemoryMarshal.Cast<byte, long>(totals.ItemUses.Span).ToArray());
    }
}

/// <summary><see cref="WorkerTimes"/> as a message.</summary>
internal static class WireTimes
{
    public static WorkerTimes From(Wire.Times? times) =>
        times is null ? WorkerTimes.Zero : new(times.Rounds, times.Computing, times.Waiting, times.Communicating, times.BytesSent, times.BytesReceived);

    public static Wire.Times To(WorkerTimes times) => new()
    {
        Rounds = times.Rounds,
        Computing = times.Computing,
        Waiting = times.Waiting,
        Communicating = times.Communicating,
        BytesSent = times.BytesSent,
        BytesReceived = times.BytesReceived,
    };
}
