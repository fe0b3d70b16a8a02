using System.Collections;
using NcfSpark.Core;
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
    /// <param name="used">The items in its users' histories, for models with one.</param>
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
    /// <param name="part">The shard of a model's file; 0 for a checkpoint.</param>
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

/// <summary>Where a worker begins, once all are there.</summary>
/// <param name="Session">Names the worker's attempt in all that follows, until the workers restart from a checkpoint.</param>
/// <param name="Epoch">From 0.</param>
/// <param name="Round">Of the epoch, from 0.</param>
/// <param name="LossSum">Of its samples of the epoch so far.</param>
/// <param name="HasState">Whether a checkpoint holds its users and moments.</param>
/// <param name="Finished">Whether there is nothing left to do.</param>
internal sealed record Assignment(string Session, int Epoch, int Round, double LossSum, bool HasState, bool Finished, SampleTotals Totals);

/// <summary>What a saved file is part of.</summary>
internal enum SaveKind
{
    /// <summary>A checkpoint: the worker's users and all its moments.</summary>
    Checkpoint,

    /// <summary>The model of the epoch that is kept: the users of a shard.</summary>
    Model,
}

/// <summary>What ended a worker, on its way to the server: what the user can mend stays that.</summary>
internal static class WorkerFailure
{
    private const string Input = "input", Diverged = "diverged";

    public static string KindOf(Exception failure) =>
        failure switch { InvalidInputException => Input, TrainingDivergedException => Diverged, _ => failure.GetType().Name };

    public static Exception Of(string kind, string message, Exception? cause = null) => kind switch
    {
        Input => new InvalidInputException(message),
        Diverged => new TrainingDivergedException(message),
        _ => new InvalidOperationException($"it failed with {kind}: {message}", cause),
    };
}
