using System.Collections;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// The parameter server: lets workers begin together, combines their rounds, decides on checkpoints and on the end, and sees to it that who is lost
/// comes back. It knows neither threads nor networks: <see cref="LocalLink"/> and a gRPC service bring workers to it.
/// <para>
/// Workers first gather. When all are there, the shared parameters are set to the last checkpoint, and each gets a session. Then all go through the
/// same phases: rounds, the end of the epoch, saving. When one is lost, all workers gather again: sessions end, whoever waits is told to join
/// again, and the lost one is started once more as a new attempt. What an old session or attempt says after that is refused.
/// </para>
/// Here stands what workers say, one at a time, and whether it counts. What follows from it is <see cref="ServerRun"/>'s.
/// </summary>
internal sealed class ParameterServer : IDisposable
{
    private static readonly TimeSpan watchInterval = TimeSpan.FromMilliseconds(250);

    private readonly WorkerSetup setup;
    private readonly ServerCheckpoints checkpoints;
    private readonly TimeProvider time;
    private readonly ITimer watch;
    private readonly Lock gate = new();
    private readonly ServerRun run; // read and changed under the gate

    /// <param name="reporter">Told of all workers' samples, and of epochs.</param>
    /// <param name="time">For rates, checkpoints and deadlines.</param>
    public ParameterServer(WorkerSetup setup, CheckpointStore store, IProgressReporter reporter, TimeProvider time)
    {
        (this.setup, this.time, checkpoints) = (setup, time, new ServerCheckpoints(store.DirectoryPath));
        int workers = setup.Train.Workers;
        if (workers > setup.Shards)
        {
            throw new InvalidInputException($"Train:Workers is {workers}, but users were dealt into {setup.Shards} shards, and a worker takes whole ones. "
                + "Lower it, or raise Prepare:Shards and run `prepare` again.");
        }

        run = new ServerRun(setup, checkpoints, reporter, time);
        Half = SharedParameters.TravelsAsHalf(setup.Train);
        watch = time.CreateTimer(_ => Watch(), null, watchInterval, watchInterval);
    }

    /// <summary>What training comes to.</summary>
    public Task<DistributedResult> Completion => run.Completion;

    /// <summary>Asked to start a worker's next attempt.</summary>
    public Action<int, int>? Restart
    {
        get => run.StartAgain;
        set => run.StartAgain = value;
    }

    /// <summary>The shared weights, by place; for their shapes, and for their values while no round is being combined.</summary>
    public IReadOnlyList<Weight> Shared => run.Shared.Tables;

    /// <summary>Whether changes travel, in 16 bits.</summary>
    public bool Half { get; }

    /// <summary>How many items there are.</summary>
    public int ItemCount => setup.ItemCount;

    /// <summary>A worker comes.</summary>
    /// <param name="attempt">Which attempt of it; 0 where it does not know, then the latest to come counts.</param>
    /// <param name="beats">Whether it says something at least every few seconds, so that silence means it is lost.</param>
    /// <exception cref="RequestRejectedException">There is no such worker, or a later attempt of it is there.</exception>
    public WorkerSetup Hello(int worker, int attempt, Guid instance, bool beats)
    {
        lock (gate)
        {
            WorkerState state = run.Workers.CheckAttempt(worker, attempt, instance);
            if (state.Instance is { } earlier && earlier != instance)
            {
                run.Lose(worker, attempt > state.Attempt ? "its next attempt came" : "another attempt came", restart: false);
            }

            if (attempt > state.Attempt) state.Attempt = attempt;
            state.Take(instance);
            (state.Beats, state.LastHeard) = (beats, time.GetTimestamp());
            return setup;
        }
    }

    /// <summary>A worker's rows are read; it gets its place once all are.</summary>
    public Task<Assignment> Join(int worker, Guid instance, long samples, BitArray? used, SampleTotals totals)
    {
        lock (gate)
        {
            WorkerState state = run.Workers.CheckInstance(worker, instance);
            if (run.Phases.Now != ServerPhase.Gathering) throw new RequestRejectedException($"Worker {worker} joins while the others train.");
            if (samples < 0) throw new RequestRejectedException($"Worker {worker} says it has {samples:N0} samples.");
            if (setup.Model.HasPast)
            {
                if (used is null || used.Length < setup.ItemCount)
                {
                    throw new RequestRejectedException($"Worker {worker} does not say which of the {setup.ItemCount:N0} items its users used.");
                }

                used.Length = setup.ItemCount; // it came in whole bytes
            }

            int wanted = SampleTotals.DrawsByPopularity(setup.Train) ? setup.ItemCount : 0;
            if (totals.ItemUses.Length != wanted || totals.ItemUses.Any(uses => uses < 0))
            {
                throw new RequestRejectedException(
                    $"Worker {worker} says of {totals.ItemUses.Length:N0} items how often its users used them, where {wanted:N0} are wanted.");
            }

            if (totals.Positives < 0 || !double.IsFinite(totals.RecencySum) || totals.RecencySum < 0)
            {
                throw new RequestRejectedException($"Worker {worker} says that its {totals.Positives:N0} positives weigh {totals.RecencySum}.");
            }

            (state.Samples, state.Used, state.Totals) = (samples, used, totals);
            Task<Assignment> place = run.Phases.Gathering.Arrive(worker);
            if (run.Phases.Gathering.IsComplete) Guarded(run.Begin);
            return place;
        }
    }

    /// <summary>A worker says that it is there, and how far it is.</summary>
    /// <exception cref="RestartFromCheckpointException">Its session is over.</exception>
    public void Beat(int worker, Guid instance, string? session, long done, double lossSum)
    {
        lock (gate)
        {
            WorkerState state = run.Workers.CheckInstance(worker, instance);
            state.LastHeard = time.GetTimestamp();
            if (session is null) return;
            if (session != state.Session) throw new RestartFromCheckpointException($"Worker {worker} restarts from the last checkpoint with all others.");
            (state.Done, state.LossSum) = (done, lossSum);
            run.ShowProgress();
        }
    }

    /// <summary>The file of a worker's last checkpoint.</summary>
    public string StateOf(string session)
    {
        lock (gate) return checkpoints.StateOf(run.Workers.WorkerOf(session));
    }

    /// <summary>Checks that a session counts, before its shared weights are copied.</summary>
    public void CheckSession(string session)
    {
        lock (gate) run.Workers.WorkerOf(session);
    }

    /// <summary>Takes a worker's round, and gives everyone's once all are there.</summary>
    /// <exception cref="RequestRejectedException">It is malformed, or not of this round: it changed nothing.</exception>
    public Task<RoundReply> Exchange(string session, RoundPush push)
    {
        lock (gate)
        {
            int worker = run.Workers.WorkerOf(session);
            if (run.Phases.Now != ServerPhase.Round || push.Epoch != run.Epoch.Position.Epoch || push.Round != run.Epoch.Position.Round)
            {
                throw new RequestRejectedException($"Worker {worker} pushes epoch {push.Epoch + 1}, round {push.Round + 1}, while {run.Here}.");
            }

            if (run.Phases.Rounds.Has(worker))
            {
                throw new RequestRejectedException($"Worker {worker} pushes epoch {push.Epoch + 1}, round {push.Round + 1} a second time.");
            }

            PushCheck.Check(worker, push, run.Shared.Tables, Half);
            run.Epoch.Add(worker, push);
            Task<RoundReply> reply = run.Phases.Rounds.Arrive(worker);
            Guarded(() =>
            {
                if (run.Shared.Take(worker, push.Samples, push.Tables) is { } changed) run.EndRound(changed);
            });
            return reply;
        }
    }

    /// <summary>Takes a worker's report of an epoch, and says what follows once all are there.</summary>
    public Task<EpochVerdict> EndEpoch(string session, EpochReport report)
    {
        lock (gate)
        {
            int worker = run.Workers.WorkerOf(session);
            if (run.Phases.Now != ServerPhase.EndOfEpoch || report.Epoch != run.Epoch.Position.Epoch)
            {
                throw new RequestRejectedException($"Worker {worker} ends epoch {report.Epoch + 1}, while {run.Here}.");
            }

            run.Epoch.Add(worker, report);
            Task<EpochVerdict> reply = run.Phases.EpochEnds.Arrive(worker);
            if (run.Phases.EpochEnds.IsComplete) Guarded(run.EndEpoch);
            return reply;
        }
    }

    /// <summary>Opens a file that a worker saves. It counts once <see cref="EndFile"/> is told.</summary>
    public Stream BeginFile(string session, SaveKind kind, int part)
    {
        lock (gate)
        {
            int worker = run.Workers.WorkerOf(session);
            if (run.Phases.Now != ServerPhase.Saving || !run.Saving.Wants(kind))
            {
                throw new RequestRejectedException($"Worker {worker} saves part of a {kind}, while {run.Here}.");
            }

            return run.Saving.Open(worker, kind, part);
        }
    }

    /// <summary>A file is whole, flushed and closed.</summary>
    public void EndFile(string session, SaveKind kind, int part)
    {
        lock (gate) run.Workers[run.Workers.WorkerOf(session)].Files.Add((kind, part));
    }

    /// <summary>A worker has given all its files; done once what they are part of is whole.</summary>
    public Task Saved(string session)
    {
        lock (gate)
        {
            int worker = run.Workers.WorkerOf(session);
            if (run.Phases.Now != ServerPhase.Saving) throw new RequestRejectedException($"Worker {worker} has saved, while {run.Here}.");
            run.Saving.CheckWhole(worker);
            Task saved = run.Phases.Savings.Arrive(worker);
            if (run.Phases.Savings.IsComplete) Guarded(run.EndSaving);
            return saved;
        }
    }

    /// <summary>A worker is gone.</summary>
    /// <param name="attempt">Which attempt; an old one's end is no loss.</param>
    public void Lost(int worker, int attempt, string reason)
    {
        lock (gate)
        {
            if (attempt == run.Workers[worker].Attempt && run.Phases.Now != ServerPhase.Finished) run.Lose(worker, reason, restart: true);
        }
    }

    /// <summary>Ends the run, which cannot go on.</summary>
    public void Fail(Exception reason)
    {
        lock (gate) run.End(reason);
    }

    /// <summary>
    /// A worker cannot go on. What would be so again (the user's input, a training that diverged) ends the run; anything else is a failed attempt, and the
    /// next one goes on from the last checkpoint.
    /// </summary>
    public void FailBy(int worker, Guid instance, Exception reason)
    {
        lock (gate)
        {
            run.Workers.CheckInstance(worker, instance);
            if (reason is InvalidInputException or TrainingDivergedException) run.End(reason);
            else run.Lose(worker, reason.Message, restart: true, reason);
        }
    }

    public void Dispose()
    {
        watch.Dispose();
        run.Dispose();
    }

    // Passes by where the gate is taken, and looks again soon: who has it may be at it for long, and ticks that wait
    // would take one thread of the pool after the other.
    private void Watch()
    {
        if (!gate.TryEnter()) return;
        try
        {
            run.Watch();
        }
        finally
        {
            gate.Exit();
        }
    }

    // What goes wrong here, such as a full disk, ends the run rather than leave workers waiting.
    private void Guarded(Action act)
    {
        try
        {
            act();
        }
#pragma warning disable CA1031 // it is handed on as what the run came to
        catch (Exception failure)
#pragma warning restore CA1031
        {
            run.End(failure);
        }
    }
}
