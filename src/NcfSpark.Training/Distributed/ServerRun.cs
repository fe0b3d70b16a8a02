using System.Collections;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// The course of a run: what follows once all workers have come, given their round, reported or saved; and what follows where one is lost, silent or late.
/// <see cref="ParameterServer"/> tells it what workers say. Used under its lock.
/// </summary>
internal sealed class ServerRun : IDisposable
{
    private readonly WorkerSetup setup;
    private readonly TrainOptions options;
    private readonly ServerCheckpoints checkpoints;
    private readonly TimeProvider time;
    private readonly WorkerProgress progress;
    private readonly TaskCompletionSource<DistributedResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int failures; // since the last checkpoint
    private long epochStarted; // or gone on with

    public ServerRun(WorkerSetup setup, ServerCheckpoints checkpoints, IProgressReporter reporter, TimeProvider time)
    {
        (this.setup, this.checkpoints, this.time, options) = (setup, checkpoints, time, setup.Train);
        Workers = new WorkerRegistry(options.Workers);
        Phases = new ServerPhases(options.Workers, time);
        Epoch = new EpochProgress(setup);
        Saving = new ServerSaving(setup, checkpoints, Workers, time);
        Shared = NewShared();
        progress = new WorkerProgress(reporter, options.Epochs);
    }

    /// <summary>What training comes to.</summary>
    public Task<DistributedResult> Completion => completion.Task;

    /// <summary>Asked to start a worker's next attempt.</summary>
    public Action<int, int>? StartAgain { get; set; }

    public WorkerRegistry Workers { get; }

    public ServerPhases Phases { get; }

    public EpochProgress Epoch { get; }

    public ServerSaving Saving { get; }

    public SharedParameters Shared { get; private set; }

    /// <summary>The phase, as a message has it.</summary>
    public string Here => Phases.Describe(Epoch.Position);

    /// <summary>All have joined: they begin together, from the last checkpoint.</summary>
    public void Begin()
    {
        if (Workers.Sum(state => state.Samples) == 0) throw new InvalidInputException("There is nothing to train on: the prepared training rows are empty.");
        checkpoints.Clear();
        Shared = NewShared();
        ServerPosition? restored = checkpoints.TryRestore(Shared);
        if (setup.Model.HasPast) FirstHistory.ClearItemsWithoutRows(Shared.Weights, UsedItems());
        Epoch.Restore(restored);
        ServerPosition position = Epoch.Position;
        bool finished = Epoch.IsFinished;
        Saving.Restart();
        Workers.BeginSessions(position);
        if (position is not { Epoch: 0, Round: 0 } && !finished)
        {
            progress.Line($"Going on in epoch {position.Epoch + 1}, after {position.Round} of its {Plural(options.Server.RoundsPerEpoch, "round")}.");
        }

        if (finished) Finish();
        else BeginEpoch();
        var totals = SampleTotals.Sum(Workers.Select(state => state.Totals));
        Phases.Gathering.Release(worker => new Assignment(
            Workers[worker].Session!, position.Epoch, position.Round, position.LossSums[worker], restored is not null, finished, totals));
    }

    /// <summary>All have given their round, which changed these rows.</summary>
    public void EndRound(TableRows[] changed)
    {
        Epoch.EndRound();
        bool isLast = Epoch.IsEpochTrained, isDue = !isLast && Saving.IsDue();
        if (isLast) EndProgress();
        var reply = new RoundReply(changed, isDue);
        if (isDue) BeginSaving(null);
        else Phases.To(isLast ? ServerPhase.EndOfEpoch : ServerPhase.Round);
        Phases.Rounds.Release(_ => reply);
    }

    /// <summary>All have reported of the epoch.</summary>
    public void EndEpoch()
    {
        (EpochRecord record, bool isBest, EpochVerdict verdict) = Epoch.EndEpoch(SecondsOfEpoch() - Phases.Lasted.TotalSeconds); // without validation
        string validation = record.ValidationNdcg is { } ndcg ? $", validation NDCG@10 {ndcg:F4}{(isBest ? " (best so far)" : "")}" : "";
        progress.Line($"Epoch {record.Epoch}: loss {record.Loss:F4}{validation}");
        BeginSaving(verdict);
        Phases.EpochEnds.Release(_ => verdict);
    }

    /// <summary>All have saved.</summary>
    public void EndSaving()
    {
        EpochVerdict? of = Saving.End(Epoch.Position, Shared);
        failures = 0;
        if (of is { Finished: true })
        {
            Finish();
        }
        else if (of is not null)
        {
            BeginEpoch();
        }
        else
        {
            epochStarted = time.GetTimestamp();
            Phases.To(ServerPhase.Round);
        }

        Phases.Savings.Release(_ => true);
    }

    /// <summary>A worker is lost. All workers restart from the last checkpoint; too many losses in a row end the run.</summary>
    public void Lose(int worker, string reason, bool restart, Exception? cause = null)
    {
        if (Phases.Now == ServerPhase.Finished || completion.Task.IsCompleted) return;
        if (failures++ >= options.Server.WorkerAttempts)
        {
            End(new WorkersLostException($"Worker {worker} was lost ({reason}). That is loss {failures} without a checkpoint between, "
                + $"and Train:Server:WorkerAttempts allows {options.Server.WorkerAttempts}. The same command goes on from the last checkpoint.", cause));
            return;
        }

        bool trained = Phases.Now != ServerPhase.Gathering;
        string next = trained ? "All workers restart from the last checkpoint; attempt" : "Attempt";
        progress.Line($"Worker {worker} was lost: {reason}. {next} {Workers[worker].Attempt + 1} of it starts.");
        Workers[worker].Next();
        Phases.Gathering.Break(worker, new RunEndedException($"Worker {worker} was given up: {reason}."));
        if (trained) // a loss while gathering gives no one more time
        {
            Workers.EndSessions();
            progress.End();
            Phases.To(ServerPhase.Gathering);
            Phases.Break(new RestartFromCheckpointException($"Worker {worker} was lost."));
        }

        if (restart && StartAgain is { } start)
        {
            int attempt = Workers[worker].Attempt;
            Task.Run(() => start(worker, attempt));
        }
    }

    /// <summary>Ends the run, which cannot go on.</summary>
    public void End(Exception reason)
    {
        if (!completion.TrySetException(reason)) return;
        Phases.To(ServerPhase.Finished);
        Workers.Close(reason.Message);
        Workers.EndSessions();
        progress.End();
        Phases.Break(new RunEndedException(reason.Message));
    }

    /// <summary>Shows how far the workers say they are.</summary>
    public void ShowProgress()
    {
        if (Phases.Now == ServerPhase.Round) progress.Show(Workers.Sum(state => state.Done), Workers.Sum(state => state.LossSum));
    }

    /// <summary>Looks who is silent, and who is waited for too long.</summary>
    public void Watch()
    {
        if (Phases.Now == ServerPhase.Finished) return;
        if (Workers.Silent(TimeSpan.FromSeconds(options.Server.WorkerTimeoutSeconds), time) is { } silent)
        {
            Lose(silent, $"nothing was heard of it for {options.Server.WorkerTimeoutSeconds:0.#} s", restart: true);
            return;
        }

        double waited = Phases.Lasted.TotalSeconds;
        if (Phases.Now == ServerPhase.Gathering && waited > options.Server.RegistrationSeconds)
        {
            int[] missing = [.. Phases.Gathering.Missing];
            End(new WorkersLostException(
                $"Only {Workers.Count - missing.Length} of {Plural(Workers.Count, "worker")} came within {options.Server.RegistrationSeconds:0.#} s "
                + $"(Train:Server:RegistrationSeconds); missing: {string.Join(", ", missing)}. "
                + "Let there be as many slots for them as Train:Workers, or lower that."));
        }
        else if (Phases.Now != ServerPhase.Gathering && waited > options.Server.RoundTimeoutSeconds && Phases.Late is { } late)
        {
            Lose(late, $"the others waited for it for {options.Server.RoundTimeoutSeconds:0.#} s (Train:Server:RoundTimeoutSeconds) in {Here}", restart: true);
        }
    }

    public void Dispose() => progress.Dispose();

    private static string Plural(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private void BeginEpoch()
    {
        epochStarted = time.GetTimestamp();
        progress.Begin(Epoch.Position.Epoch, Workers.Sum(state => state.Samples), Epoch.Samples);
        Phases.To(ServerPhase.Round);
    }

    private void EndProgress()
    {
        progress.Show(Epoch.Samples, Epoch.LossSum);
        progress.End();
    }

    private void BeginSaving(EpochVerdict? of)
    {
        if (of is null) Epoch.Spend(SecondsOfEpoch());
        Saving.Begin(of);
        Phases.To(ServerPhase.Saving);
    }

    private void Finish()
    {
        Phases.To(ServerPhase.Finished);
        progress.End();
        Workers.Close(null);
        completion.TrySetResult(Epoch.ResultIn(checkpoints.ModelDirectory));
    }

    private double SecondsOfEpoch() => Epoch.Position.Seconds + time.GetElapsedTime(epochStarted).TotalSeconds;

    private SharedParameters NewShared() => new(ModelWeights.Initialize(setup.Model, 0, setup.ItemCount, options.Seed, features: setup.Features), options);

    private BitArray UsedItems()
    {
        var used = new BitArray(setup.ItemCount);
        foreach (WorkerState state in Workers)
        {
            if (state.Used is { } by) used.Or(by);
        }

        return used;
    }
}
