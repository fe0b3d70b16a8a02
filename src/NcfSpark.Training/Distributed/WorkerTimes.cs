namespace NcfSpark.Training.Distributed;

/// <summary>What a worker spent its time on, and what it moved.</summary>
/// <param name="Rounds">Rounds that it ended.</param>
/// <param name="Computing">Seconds of steps, and of finding what they touched.</param>
/// <param name="Waiting">Seconds of waiting for other workers' pushes.</param>
/// <param name="Communicating">Seconds of sending and receiving.</param>
/// <param name="BytesSent">Bytes of its pushes.</param>
/// <param name="BytesReceived">Bytes of what the server sent back.</param>
public sealed record WorkerTimes(long Rounds, double Computing, double Waiting, double Communicating, long BytesSent, long BytesReceived)
{
    public static WorkerTimes Zero { get; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>Both together.</summary>
    public WorkerTimes Plus(WorkerTimes other) => new(
        Rounds + other.Rounds, Computing + other.Computing, Waiting + other.Waiting, Communicating + other.Communicating, BytesSent + other.BytesSent, BytesReceived + other.BytesReceived);
}
