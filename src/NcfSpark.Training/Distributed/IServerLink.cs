using System.Collections;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// A worker's way to the parameter server. Every call waits for its answer, and may throw <see cref="RestartFromCheckpointException"/> (join again),
/// <see cref="RunEndedException"/> (end) or <see cref="RequestRejectedException"/>.
/// The order of a conversation: Hello, then again and again Join, ReadState, Pull, and for each epoch Exchange round by round and EndEpoch, with the
/// saves that replies ask for between.
/// </summary>
internal interface IServerLink
{
    /// <summary>Registers with the server and gets all settings.</summary>
    WorkerSetup Hello();

    /// <summary>Reports that its rows are read, and waits until all workers have.</summary>
    /// <param name="samples">Its samples of an epoch.</param>
    /// <param name="used">The items in its users' histories, for models with one.</param>
    /// <param name="totals">Of its rows.</param>
    Assignment Join(long samples, BitArray? used, SampleTotals totals);

    /// <summary>Copies what the last checkpoint holds of this worker to a file.</summary>
    void ReadState(string path);

    /// <summary>Sets the shared weights to the server's.</summary>
    void Pull(IReadOnlyList<Weight> shared);

    /// <summary>Pushes a round's changes and returns everyone's. The seconds of sending and waiting are added to the times.</summary>
    RoundReply Exchange(RoundPush push, ref WorkerTimes times);

    /// <summary>Reports the epoch, and returns what follows.</summary>
    EpochVerdict EndEpoch(EpochReport report);

    /// <summary>Sends a file of its part of a checkpoint, or of the model.</summary>
    /// <param name="kind">Of which of the two.</param>
    /// <param name="part">The shard of a model's file; 0 for a checkpoint.</param>
    /// <param name="write">Writes the file's content.</param>
    void Save(SaveKind kind, int part, Action<Stream> write);

    /// <summary>Reports that all its files are sent, and waits until those of all workers are.</summary>
    void Saved();

    /// <summary>Reports how far it is in the epoch. Throws where all restart from a checkpoint.</summary>
    void Report(long samples, double lossSum);

    /// <summary>Reports a failure of this worker.</summary>
    void Fail(Exception reason);
}

/// <summary>A worker was lost: all join again and restart from the last checkpoint. What was under way is void.</summary>
internal sealed class RestartFromCheckpointException(string message) : Exception(message);

/// <summary>The run is over, or continues without this attempt of the worker: the worker ends.</summary>
internal sealed class RunEndedException(string message) : Exception(message);

/// <summary>The server rejected a request, which changed nothing. The message says why.</summary>
public sealed class RequestRejectedException(string message) : Exception(message);
