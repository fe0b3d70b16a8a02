using System.Collections;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// Registry of workers. Each worker has one valid attempt (by instance id) and, once training starts, one valid session. Guarded by the owner's lock.
/// </summary>
internal sealed class WorkerRegistry(int workers) : IEnumerable<WorkerState>
{
    private readonly WorkerState[] states = [.. Enumerable.Range(0, workers).Select(_ => new WorkerState())];
    private string? failure; // why the run failed; null where it has not
    private bool isOver;

    public int Count => workers;

    /// <summary>A worker by its number.</summary>
    /// <exception cref="RequestRejectedException">There is none.</exception>
    public WorkerState this[int worker] => worker >= 0 && worker < workers
        ? states[worker]
        : throw new RequestRejectedException($"There is no worker {worker}: this run has {workers}, numbered from 0.");

    /// <summary>Ends the run: every later request is refused.</summary>
    /// <param name="reason">Why the run failed; null where it ended well.</param>
    public void Close(string? reason) => (isOver, failure) = (true, reason);

    /// <summary>Checks that a worker's attempt was not replaced by a later one.</summary>
    /// <param name="worker">From 0.</param>
    /// <param name="attempt">From 1; 0 where the worker does not know its attempt.</param>
    /// <exception cref="RunEndedException">It is, or the run is over.</exception>
    public WorkerState CheckAttempt(int worker, int attempt, Guid instance)
    {
        WorkerState state = this[worker];
        if (isOver) throw new RunEndedException("The run is over.");
        if (state.WasReplaced(instance) || (attempt > 0 && attempt < state.Attempt))
        {
            string which = attempt > 0 ? $" ({attempt})" : "";
            throw new RunEndedException($"This attempt of worker {worker}{which} is refused: attempt {state.Attempt} of it counts.");
        }

        return state;
    }

    /// <summary>Checks that an instance is the worker's valid one.</summary>
    /// <inheritdoc cref="CheckAttempt"/>
    public WorkerState CheckInstance(int worker, Guid instance)
    {
        WorkerState state = CheckAttempt(worker, 0, instance);
        return state.Instance == instance ? state : throw new RequestRejectedException($"Worker {worker} has not said hello.");
    }

    /// <summary>The worker whose session it is.</summary>
    /// <exception cref="RestartFromCheckpointException">It is nobody's any more.</exception>
    public int WorkerOf(string session)
    {
        if (failure is not null) throw new RunEndedException(failure);
        int worker = Array.FindIndex(states, state => state.Session == session);
        return worker >= 0
            ? worker
            : throw new RestartFromCheckpointException(
                "That session has ended: it belongs to an old attempt, to a run that has restarted from a checkpoint since, or to another run.");
    }

    /// <summary>Gives every worker a session, which begins at this position.</summary>
    public void BeginSessions(ServerPosition position)
    {
        for (int worker = 0; worker < workers; worker++)
        {
            states[worker].Session = Guid.NewGuid().ToString("N");
            states[worker].Files.Clear();
            (states[worker].Done, states[worker].LossSum) = (position.Samples[worker], position.LossSums[worker]);
        }
    }

    /// <summary>Ends every session: the workers have to join again.</summary>
    public void EndSessions()
    {
        foreach (WorkerState state in states) state.Session = null;
    }

    /// <summary>A worker that sends heartbeats and was silent for longer than this; null where there is none.</summary>
    public int? Silent(TimeSpan longest, TimeProvider time)
    {
        int worker = Array.FindIndex(states, state => state.Instance is not null && state.Beats && time.GetElapsedTime(state.LastHeard) > longest);
        return worker >= 0 ? worker : null;
    }

    public IEnumerator<WorkerState> GetEnumerator() => ((IEnumerable<WorkerState>)states).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => states.GetEnumerator();
}
