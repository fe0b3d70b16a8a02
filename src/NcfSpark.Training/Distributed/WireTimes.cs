namespace NcfSpark.Training.Distributed;

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
