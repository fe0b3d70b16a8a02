namespace NcfSpark.Training.Distributed;

/// <summary>
/// What is saved: when a checkpoint is due, which files each worker owes to it and to the kept epoch's model, and that
/// neither counts before all of them are there. Used under its owner's lock.
/// </summary>
internal sealed class ServerSaving(WorkerSetup setup, ServerCheckpoints checkpoints, WorkerRegistry workers, TimeProvider time)
{
    private readonly TrainOptions options = setup.Train;
    private EpochVerdict? verdict; // of the epoch at whose end is saved; null within one
    private long lastCheckpoint;
    private int roundsSinceCheckpoint;

    /// <summary>The checkpoint is the last one again, or for the first time.</summary>
    public void Restart() => (lastCheckpoint, roundsSinceCheckpoint) = (time.GetTimestamp(), 0);

    /// <summary>Whether a checkpoint is due after a round that does not end the epoch. Asked once a round.</summary>
    public bool IsDue() => time.GetElapsedTime(lastCheckpoint).TotalMinutes >= options.CheckpointMinutes
        || (options.Server.CheckpointRounds > 0 && ++roundsSinceCheckpoint >= options.Server.CheckpointRounds);

    /// <summary>From now on workers give their files.</summary>
    /// <param name="of">Of the epoch at whose end that is; null within one.</param>
    public void Begin(EpochVerdict? of)
    {
        verdict = of;
        foreach (WorkerState state in workers) state.Files.Clear();
    }

    /// <summary>Whether files of this kind are part of it.</summary>
    public bool Wants(SaveKind kind) => kind == SaveKind.Checkpoint || verdict is { SaveModel: true };

    /// <summary>Opens a worker's file.</summary>
    /// <exception cref="RequestRejectedException">It is not its own.</exception>
    public Stream Open(int worker, SaveKind kind, int part)
    {
        if (!PartsOf(kind, worker).Contains(part)) throw new RequestRejectedException($"Worker {worker} saves part {part} of a {kind}, which is not its own.");
        string path = checkpoints.PathOf(kind, worker, part);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new FileStream(path, FileMode.Create, FileAccess.Write);
    }

    /// <summary>Checks that all that a worker owes is there.</summary>
    /// <exception cref="RequestRejectedException">Something is not.</exception>
    public void CheckWhole(int worker)
    {
        SaveKind[] kinds = Wants(SaveKind.Model) ? [SaveKind.Model, SaveKind.Checkpoint] : [SaveKind.Checkpoint];
        foreach (SaveKind kind in kinds)
        {
            foreach (int part in PartsOf(kind, worker))
            {
                if (!workers[worker].Files.Contains((kind, part)))
                {
                    throw new RequestRejectedException($"Worker {worker} says that it has saved, but part {part} of its {kind} is not there.");
                }
            }
        }
    }

    /// <summary>All that all owe is there: it counts.</summary>
    /// <returns>Of the epoch at whose end that is; null within one.</returns>
    public EpochVerdict? End(ServerPosition position, SharedParameters shared)
    {
        if (Wants(SaveKind.Model)) checkpoints.PublishModel(shared.Weights); // before the checkpoint that says that the epoch is over
        checkpoints.Publish(position, shared);
        Restart();
        return verdict;
    }

    private IEnumerable<int> PartsOf(SaveKind kind, int worker)
    {
        if (kind == SaveKind.Checkpoint) return [0];
        var share = new WorkerShare(setup.Shards, workers.Count, worker);
        return Enumerable.Range(0, share.ShardCount).Select(share.Shard);
    }
}
