using System.Collections;
using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// The parameter server: lets workers begin together, combines their rounds, decides on checkpoints and on the end, and sees to it that who is lost
/// comes back. It knows neither threads nor networks: <see cref="LocalLink"/> and a gRPC service bring workers to it.
/// <para>
/// Workers first gather. When all are there, the shared parameters are set to the last checkpoint, and each gets a session. Then all go through the
/// same phases: rounds, the end of the epoch, saving. When one is lost, everything goes back to gathering: sessions end, whoever waits is told to join
/// again, and the lost one is started once more as a new attempt. What an old session or attempt says after that is refused.
/// </para>
/// </summary>
internal sealed class ParameterServer : IDisposable
{
    private enum Phase
    {
        Gathering,
        Round,
        EndOfEpoch,
        Saving,
        Finished,
    }

    private static readonly TimeSpan watchInterval = TimeSpan.FromMilliseconds(250);

    private readonly WorkerSetup setup;
    private readonly TrainOptions options;
    private readonly ServerCheckpoints checkpoints;
    private readonly TimeProvider time;
    private readonly WorkerProgress progress;
    private readonly EpochChoice choice;
    private readonly TaskCompletionSource<DistributedResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer watch;
    private readonly bool half;

    // All below is read and changed under the gate.
    private readonly Lock gate = new();
    private readonly Roster members;
    private readonly Barrier<Assignment> gathering;
    private readonly Barrier<RoundReply> rounds;
    private readonly Barrier<EpochVerdict> epochEnds;
    private readonly Barrier<bool> savings;
    private readonly EpochReport[] reports;
    private SharedParameters shared;
    private ServerPosition position;
    private EpochVerdict? verdict; // what is saved at the end of an epoch; null within one
    private Phase phase = Phase.Gathering;
    private int failures; // since the last checkpoint
    private long phaseStarted, epochStarted, lastCheckpoint;
    private int roundsSinceCheckpoint;

    /// <param name="setup">What is trained.</param>
    /// <param name="store">Where checkpoints go.</param>
    /// <param name="reporter">Told of all workers' samples, and of epochs.</param>
    /// <param name="time">For rates, checkpoints and deadlines.</param>
    public ParameterServer(WorkerSetup setup, CheckpointStore store, IProgressReporter reporter, TimeProvider time)
    {
        (this.setup, this.time, options, checkpoints) = (setup, time, setup.Train, new ServerCheckpoints(store.DirectoryPath));
        int workers = options.Workers;
        if (workers > setup.Shards) throw new InvalidInputException($"Train:Workers is {workers}, but users were dealt into {setup.Shards} shards, and a worker takes whole ones. Lower it, or raise Prepare:Shards and run `prepare` again.");
        members = new Roster(workers);
        (gathering, rounds, epochEnds, savings) = (new(workers), new(workers), new(workers), new(workers));
        reports = new EpochReport[workers];
        shared = NewShared();
        position = ServerPosition.AtStart(0, workers);
        progress = new WorkerProgress(reporter, options.Epochs);
        choice = new EpochChoice(options, setup.Validates);
        half = SharedParameters.TravelsAsHalf(options);
        phaseStarted = time.GetTimestamp();
        watch = time.CreateTimer(_ => Watch(), null, watchInterval, watchInterval);
    }

    /// <summary>What training comes to.</summary>
    public Task<DistributedResult> Completion => completion.Task;

    /// <summary>Asked to start a worker's next attempt.</summary>
    public Action<int, int>? Restart { get; set; }

    /// <summary>The shared weights, by place; for their shapes, and for their values while no round is being combined.</summary>
    public IReadOnlyList<Weight> Shared => shared.Tables;

    /// <summary>Whether changes travel, in 16 bits.</summary>
    public bool Half => half;

    /// <summary>A worker comes.</summary>
    /// <param name="worker">Which.</param>
    /// <param name="attempt">Which attempt of it; 0 where it does not know, then the latest to come counts.</param>
    /// <param name="instance">Its own name.</param>
    /// <param name="beats">Whether it says something at least every few seconds, so that silence means it is lost.</param>
    /// <exception cref="RefusedException">There is no such worker, or a later attempt of it is there.</exception>
    public WorkerSetup Hello(int worker, int attempt, Guid instance, bool beats)
    {
        lock (gate)
        {
            Member member = members.CheckAttempt(worker, attempt, instance);
            if (member.Instance is { } earlier && earlier != instance) Lose(worker, attempt > member.Attempt ? "its next attempt came" : "another attempt came", restart: false);
            if (attempt > member.Attempt) member.Attempt = attempt;
            member.Take(instance);
            (member.Beats, member.LastHeard) = (beats, time.GetTimestamp());
            return setup;
        }
    }

    /// <summary>A worker's rows are read; it gets its place once all are.</summary>
    public Task<Assignment> Join(int worker, Guid instance, long samples, BitArray? used)
    {
        lock (gate)
        {
            Member member = members.CheckInstance(worker, instance);
            if (phase != Phase.Gathering) throw new RefusedException($"Worker {worker} joins while the others train.");
            if (samples < 0) throw new RefusedException($"Worker {worker} says it has {samples:N0} samples.");
            if (setup.Model.HasHistory)
            {
                if (used is null || used.Length < setup.ItemCount) throw new RefusedException($"Worker {worker} does not say which of the {setup.ItemCount:N0} items its users used.");
                used.Length = setup.ItemCount; // it came in whole bytes
            }

            (member.Samples, member.Used) = (samples, used);
            Task<Assignment> place = gathering.Arrive(worker);
            if (gathering.IsComplete) Guarded(Begin);
            return place;
        }
    }

    /// <summary>A worker says that it is there, and how far it is.</summary>
    /// <exception cref="GoBackException">Its session is over.</exception>
    public void Beat(int worker, Guid instance, string? session, long done, double lossSum)
    {
        lock (gate)
        {
            Member member = members.CheckInstance(worker, instance);
            member.LastHeard = time.GetTimestamp();
            if (session is null) return;
            if (session != member.Session) throw new GoBackException($"Worker {worker} goes back to the last checkpoint with all others.");
            (member.Done, member.LossSum) = (done, lossSum);
        }

        ShowProgress();
    }

    /// <summary>The file of a worker's last checkpoint.</summary>
    public string StateOf(string session)
    {
        lock (gate) return checkpoints.StateOf(members.WorkerOf(session));
    }

    /// <summary>Checks that a session counts, before its shared weights are copied.</summary>
    public void CheckSession(string session)
    {
        lock (gate) members.WorkerOf(session);
    }

    /// <summary>Takes a worker's round, and gives everyone's once all are there.</summary>
    /// <exception cref="RefusedException">It is malformed, or not of this round: it changed nothing.</exception>
    public Task<RoundReply> Exchange(string session, RoundPush push)
    {
        lock (gate)
        {
            int worker = members.WorkerOf(session);
            if (phase != Phase.Round || push.Epoch != position.Epoch || push.Round != position.Round)
            {
                throw new RefusedException($"Worker {worker} pushes epoch {push.Epoch + 1}, round {push.Round + 1}, while {Here()}.");
            }

            if (rounds.Has(worker)) throw new RefusedException($"Worker {worker} pushes epoch {push.Epoch + 1}, round {push.Round + 1} a second time.");
            PushCheck.Check(worker, push, shared.Tables, half);
            position.Samples[worker] += push.Samples;
            position.LossSums[worker] = push.LossSum;
            position.Times[worker] = position.Times[worker].Plus(push.Times);
            Task<RoundReply> reply = rounds.Arrive(worker);
            Guarded(() =>
            {
                if (shared.Take(worker, push.Samples, push.Tables) is { } changed) EndRound(changed);
            });
            return reply;
        }
    }

    /// <summary>Takes a worker's report of an epoch, and says what follows once all are there.</summary>
    public Task<EpochVerdict> EndEpoch(string session, EpochReport report)
    {
        lock (gate)
        {
            int worker = members.WorkerOf(session);
            if (phase != Phase.EndOfEpoch || report.Epoch != position.Epoch) throw new RefusedException($"Worker {worker} ends epoch {report.Epoch + 1}, while {Here()}.");
            reports[worker] = report;
            Task<EpochVerdict> reply = epochEnds.Arrive(worker);
            if (epochEnds.IsComplete) Guarded(EndEpoch);
            return reply;
        }
    }

    /// <summary>Opens a file that a worker saves. It counts once <see cref="EndFile"/> is told.</summary>
    public Stream BeginFile(string session, SaveKind kind, int part)
    {
        lock (gate)
        {
            int worker = members.WorkerOf(session);
            if (phase != Phase.Saving || (kind == SaveKind.Model && verdict is not { SaveModel: true })) throw new RefusedException($"Worker {worker} saves part of a {kind}, while {Here()}.");
            if (!PartsOf(kind, worker).Contains(part)) throw new RefusedException($"Worker {worker} saves part {part} of a {kind}, which is not its own.");
            string path = checkpoints.PathOf(kind, worker, part);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.Create, FileAccess.Write);
        }
    }

    /// <summary>A file is whole, flushed and closed.</summary>
    public void EndFile(string session, SaveKind kind, int part)
    {
        lock (gate) members[members.WorkerOf(session)].Files.Add((kind, part));
    }

    /// <summary>A worker has given all its files; done once what they are part of is whole.</summary>
    public Task Saved(string session)
    {
        lock (gate)
        {
            int worker = members.WorkerOf(session);
            if (phase != Phase.Saving) throw new RefusedException($"Worker {worker} has saved, while {Here()}.");
            SaveKind[] kinds = verdict is { SaveModel: true } ? [SaveKind.Model, SaveKind.Checkpoint] : [SaveKind.Checkpoint];
            foreach (SaveKind kind in kinds)
            {
                foreach (int part in PartsOf(kind, worker))
                {
                    if (!members[worker].Files.Contains((kind, part))) throw new RefusedException($"Worker {worker} says that it has saved, but part {part} of its {kind} is not there.");
                }
            }

            Task saved = savings.Arrive(worker);
            if (savings.IsComplete) Guarded(EndSaving);
            return saved;
        }
    }

    /// <summary>A worker is gone.</summary>
    /// <param name="worker">Which.</param>
    /// <param name="attempt">Which attempt; an old one's end is no loss.</param>
    /// <param name="reason">What is known of it.</param>
    public void Lost(int worker, int attempt, string reason)
    {
        lock (gate)
        {
            if (attempt == members[worker].Attempt && phase != Phase.Finished) Lose(worker, reason, restart: true);
        }
    }

    /// <summary>Ends the run, which cannot go on.</summary>
    public void Fail(Exception reason)
    {
        lock (gate) End(reason);
    }

    /// <summary>
    /// A worker cannot go on. What would be so again (the user's input, a training that diverged) ends the run; anything else is a failed attempt, and the
    /// next one goes on from the last checkpoint.
    /// </summary>
    public void FailBy(int worker, Guid instance, Exception reason)
    {
        lock (gate)
        {
            members.CheckInstance(worker, instance);
            if (reason is InvalidInputException or TrainingDivergedException) End(reason);
            else Lose(worker, reason.Message, restart: true, reason);
        }
    }

    public void Dispose()
    {
        watch.Dispose();
        progress.Dispose();
    }

    private static string Plural(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    // ---- the phases ----

    private void Begin()
    {
        if (members.Sum(member => member.Samples) == 0) throw new InvalidInputException("There is nothing to train on: the prepared training rows are empty.");
        checkpoints.Clear();
        shared = NewShared();
        ServerPosition? restored = checkpoints.TryRestore(shared);
        position = restored ?? ServerPosition.AtStart(0, members.Count);
        bool finished = IsFinished();
        (lastCheckpoint, roundsSinceCheckpoint) = (time.GetTimestamp(), 0);
        members.BeginSessions(position);
        if (restored is not null && !finished) progress.Line($"Going on in epoch {position.Epoch + 1}, after {position.Round} of its {Plural(options.RoundsPerEpoch, "round")}.");
        if (finished) Finish();
        else BeginEpoch();
        gathering.Release(worker => new Assignment(members[worker].Session!, position.Epoch, position.Round, position.LossSums[worker], restored is not null, finished));
    }

    private void BeginEpoch()
    {
        epochStarted = time.GetTimestamp();
        progress.Begin(position.Epoch, members.Sum(member => member.Samples), position.Samples.Sum());
        To(Phase.Round);
    }

    private void EndRound(TableRows[] changed)
    {
        position = position with { Round = position.Round + 1 };
        bool isLast = position.Round == options.RoundsPerEpoch;
        bool isDue = !isLast && (time.GetElapsedTime(lastCheckpoint).TotalMinutes >= options.CheckpointMinutes || (options.CheckpointRounds > 0 && ++roundsSinceCheckpoint >= options.CheckpointRounds));
        if (isLast) EndProgress();
        var reply = new RoundReply(changed, isDue);
        if (isDue) BeginSaving(null);
        else To(isLast ? Phase.EndOfEpoch : Phase.Round);
        rounds.Release(_ => reply);
    }

    private void EndProgress()
    {
        progress.Show(position.Samples.Sum(), position.LossSums.Sum());
        progress.End();
    }

    private void EndEpoch()
    {
        double seconds = SecondsOfEpoch() - time.GetElapsedTime(phaseStarted).TotalSeconds; // without validation
        for (int worker = 0; worker < members.Count; worker++) position.Times[worker] = position.Times[worker].Plus(reports[worker].Times);
        long samples = position.Samples.Sum();
        var record = new EpochRecord(position.Epoch + 1, position.LossSums.Sum() / samples, MeanValidation(), seconds, samples);
        IReadOnlyList<EpochRecord> history = [.. position.History, record];
        bool isBest = choice.IsBest(record, history);
        progress.Line($"Epoch {record.Epoch}: loss {record.Loss:F4}{(record.ValidationNdcg is { } ndcg ? $", validation NDCG@10 {ndcg:F4}{(isBest ? " (best so far)" : "")}" : "")}");
        IEnumerable<WorkerRecord> workers = position.Times.Select((times, worker) => new WorkerRecord(record.Epoch, worker, position.Samples[worker], times));
        position = ServerPosition.AtStart(position.Epoch + 1, members.Count) with { History = history, Workers = [.. position.Workers, .. workers] };
        bool finished = IsFinished();
        BeginSaving(new EpochVerdict(choice.ByValidation ? isBest : finished, finished));
        EpochVerdict said = verdict!;
        epochEnds.Release(_ => said);
    }

    private void BeginSaving(EpochVerdict? of)
    {
        verdict = of;
        if (of is null) position = position with { Seconds = SecondsOfEpoch() };
        foreach (Member member in members) member.Files.Clear();
        To(Phase.Saving);
    }

    private void EndSaving()
    {
        if (verdict is { SaveModel: true }) checkpoints.PublishModel(shared.Weights); // before the checkpoint that says that the epoch is over
        checkpoints.Publish(position, shared);
        (lastCheckpoint, roundsSinceCheckpoint, failures) = (time.GetTimestamp(), 0, 0);
        if (verdict is { Finished: true })
        {
            Finish();
        }
        else if (verdict is not null)
        {
            BeginEpoch();
        }
        else
        {
            epochStarted = time.GetTimestamp();
            To(Phase.Round);
        }

        savings.Release(_ => true);
    }

    private void Finish()
    {
        To(Phase.Finished);
        progress.End();
        members.Close(null);
        completion.TrySetResult(new DistributedResult(checkpoints.ModelDirectory, position.History, position.Workers, choice.Kept(position.History)));
    }

    private void To(Phase next) => (phase, phaseStarted) = (next, time.GetTimestamp());

    // ---- losses ----

    private void Lose(int worker, string reason, bool restart, Exception? cause = null)
    {
        if (phase == Phase.Finished || completion.Task.IsCompleted) return;
        if (failures++ >= options.WorkerAttempts)
        {
            End(new WorkersLostException($"Worker {worker} was lost ({reason}). That is loss {failures} without a checkpoint between, and Train:WorkerAttempts allows {options.WorkerAttempts}. The same command goes on from the last checkpoint.", cause));
            return;
        }

        bool trained = phase != Phase.Gathering;
        progress.Line($"Worker {worker} was lost: {reason}. {(trained ? "All go back to the last checkpoint; attempt" : "Attempt")} {members[worker].Attempt + 1} of it starts.");
        members[worker].Next();
        gathering.Break(worker, new RunOverException($"Worker {worker} was given up: {reason}."));
        if (trained) // a loss while gathering gives no one more time
        {
            members.EndSessions();
            progress.End();
            To(Phase.Gathering);
            BreakAll(new GoBackException($"Worker {worker} was lost."));
        }

        if (restart && Restart is { } start)
        {
            int attempt = members[worker].Attempt;
            Task.Run(() => start(worker, attempt));
        }
    }

    private void End(Exception reason)
    {
        if (!completion.TrySetException(reason)) return;
        To(Phase.Finished);
        members.Close(reason.Message);
        members.EndSessions();
        progress.End();
        BreakAll(new RunOverException(reason.Message));
    }

    private void BreakAll(Exception reason)
    {
        gathering.Break(reason);
        rounds.Break(reason);
        epochEnds.Break(reason);
        savings.Break(reason);
    }

    // Silence, and waiting for too long.
    private void Watch()
    {
        lock (gate)
        {
            if (phase == Phase.Finished) return;
            if (members.Silent(TimeSpan.FromSeconds(options.WorkerTimeoutSeconds), time) is { } silent)
            {
                Lose(silent, $"nothing was heard of it for {options.WorkerTimeoutSeconds:0.#} s", restart: true);
                return;
            }

            double waited = time.GetElapsedTime(phaseStarted).TotalSeconds;
            if (phase == Phase.Gathering && waited > options.RegistrationSeconds)
            {
                int[] missing = [.. gathering.Missing];
                End(new WorkersLostException($"Only {members.Count - missing.Length} of {Plural(members.Count, "worker")} came within {options.RegistrationSeconds:0.#} s (Train:RegistrationSeconds); missing: {string.Join(", ", missing)}. Let there be as many slots for them as Train:Workers, or lower that."));
            }
            else if (phase != Phase.Gathering && waited > options.RoundTimeoutSeconds && Late() is { } late)
            {
                Lose(late, $"the others waited for it for {options.RoundTimeoutSeconds:0.#} s (Train:RoundTimeoutSeconds) in {Here()}", restart: true);
            }
        }
    }

    private int? Late()
    {
        IEnumerable<int> missing = phase switch { Phase.Round => rounds.Missing, Phase.EndOfEpoch => epochEnds.Missing, _ => savings.Missing };
        return missing.Select(worker => (int?)worker).FirstOrDefault();
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
            End(failure);
        }
    }

    private string Here() => phase switch
    {
        Phase.Gathering => "workers gather",
        Phase.Round => $"epoch {position.Epoch + 1}, round {position.Round + 1} is under way",
        Phase.EndOfEpoch => $"epoch {position.Epoch + 1} ends",
        Phase.Saving => "a checkpoint is written",
        _ => "the run is over",
    };

    private IEnumerable<int> PartsOf(SaveKind kind, int worker)
    {
        if (kind == SaveKind.Checkpoint) return [0];
        var share = new WorkerShare(setup.Shards, members.Count, worker);
        return Enumerable.Range(0, share.ShardCount).Select(share.Shard);
    }

    private bool IsFinished() => position.Epoch >= options.Epochs || choice.HasStalled(position.History);

    private double SecondsOfEpoch() => position.Seconds + time.GetElapsedTime(epochStarted).TotalSeconds;

    private double? MeanValidation()
    {
        ValidationScore[] scores = [.. reports.Select(report => report.Validation).OfType<ValidationScore>().Where(score => score.Users > 0)];
        if (scores.Length <= 1) return scores.Length == 0 ? null : scores[0].Ndcg; // as it is, to the bit
        return scores.Sum(score => score.Ndcg * score.Users) / scores.Sum(score => score.Users);
    }

    private SharedParameters NewShared()
    {
        ModelWeights weights = ModelWeights.Initialize(setup.Model, 0, setup.ItemCount, options.Seed);
        if (setup.Model.HasHistory)
        {
            var used = new BitArray(setup.ItemCount);
            foreach (Member member in members)
            {
                if (member.Used is { } by) used.Or(by);
            }

            FirstHistory.ClearItemsWithoutRows(weights, used);
        }

        return new SharedParameters(weights, options);
    }

    private void ShowProgress()
    {
        lock (gate)
        {
            if (phase != Phase.Round) return;
            progress.Show(members.Sum(member => member.Done), members.Sum(member => member.LossSum));
        }
    }
}
