using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>What a worker gives at the end of a round.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Round">Of the epoch, from 0.</param>
/// <param name="Samples">Samples of the round.</param>
/// <param name="LossSum">Sum of the losses of its samples of the epoch so far.</param>
/// <param name="Times">Since the push before.</param>
/// <param name="Tables">The rows that it touched, by shared weight.</param>
internal sealed record RoundPush(int Epoch, int Round, long Samples, double LossSum, WorkerTimes Times, TableRows[] Tables);

/// <summary>What a worker gets at the end of a round.</summary>
/// <param name="Tables">The rows that changed, by shared weight.</param>
/// <param name="Checkpoint">Whether a checkpoint is due.</param>
internal sealed record RoundReply(TableRows[] Tables, bool Checkpoint)
{
    private byte[][]? blocks;

    /// <summary>The rows as they travel; the same for all workers, and made once.</summary>
    public byte[][] Blocks(IReadOnlyList<Weight> shared, bool half)
    {
        lock (Tables) return blocks ??= [.. TableBlock.Encode(Tables, shared, half)];
    }
}

/// <summary>What a worker says at the end of an epoch.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Validation">Its users' validation, where there is one.</param>
/// <param name="Times">Since its last push.</param>
internal sealed record EpochReport(int Epoch, ValidationScore? Validation, WorkerTimes Times);

/// <summary>What comes of an epoch. A checkpoint is always due.</summary>
/// <param name="SaveModel">Whether the model of this epoch is to be kept.</param>
/// <param name="Finished">Whether it was the last.</param>
internal sealed record EpochVerdict(bool SaveModel, bool Finished);

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
        Rounds + other.Rounds, Computing + other.Computing, Waiting + other.Waiting, Communicating + other.Communicating, BytesSent
            + other.BytesSent, BytesReceived + other.BytesReceived);
}
