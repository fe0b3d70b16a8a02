using System.Collections;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// A worker's way to the parameter server. Every call waits for its answer, and may throw <see cref="GoBackException"/> (join again),
/// <see cref="RunOverException"/> (end) or <see cref="RefusedException"/>.
/// The order of a conversation: Hello, then again and again Join, ReadState, Pull, and for each epoch Exchange round by round and EndEpoch, with the
/// saves that replies ask for between.
/// </summary>
internal interface IServerLink
{
    /// <summary>Comes, and is told everything.</summary>
    WorkerSetup Hello();

    /// <summary>Says that its rows are read, and waits for the others.</summary>
    /// <param name="samples">Its samples of an epoch.</param>
    /// <param name="used">The items in its users' histories, for models with one.</param>
    /// <param name="totals">Of its rows.</param>
    Assignment Join(long samples, BitArray? used, SampleTotals totals);

    /// <summary>Copies what the last checkpoint holds of this worker to a file.</summary>
    void ReadState(string path);

    /// <summary>Sets the shared weights to the server's.</summary>
    void Pull(IReadOnlyList<Weight> shared);

    /// <summary>Gives a round's changes and gets everyone's. What it took, to send and to wait, is added to the times.</summary>
    RoundReply Exchange(RoundPush push, ref WorkerTimes times);

    /// <summary>Says how the epoch went, and is told what follows.</summary>
    EpochVerdict EndEpoch(EpochReport report);

    /// <summary>Gives a file of its part of a checkpoint, or of the model.</summary>
    /// <param name="kind">Of which.</param>
    /// <param name="part">The shard of a model's file; 0 for a checkpoint.</param>
    /// <param name="write">Writes the file's content.</param>
    void Save(SaveKind kind, int part, Action<Stream> write);

    /// <summary>Says that it has given all its files, and waits until what they are part of is whole.</summary>
    void Saved();

    /// <summary>Says how far it is in the epoch. Throws where all go back.</summary>
    void Report(long samples, double lossSum);

    /// <summary>Says that it cannot go on.</summary>
    void Fail(Exception reason);
}
