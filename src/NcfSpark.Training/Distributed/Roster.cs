using System.Collections;

namespace NcfSpark.Training.Distributed;

/// <summary>Who the workers are, and whose word counts: of each worker one attempt, by its instance, and once all have begun together by its session. Used under its owner's lock.</summary>
internal sealed class Roster(int workers) : IEnumerable<Member>
{
    private readonly Member[] members = [.. Enumerable.Range(0, workers).Select(_ => new Member())];
    private string? failure; // what the run came to, where that is no good end
    private bool isOver;

    public int Count => workers;

    /// <summary>A worker by its number.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public Member this[int worker] => worker >= 0 && worker < workers ? members[worker] : throw new RefusedException($"There is no worker {worker}: this run has {workers}, numbered from 0.");

    /// <summary>From now on nobody's word counts.</summary>
    /// <param name="reason">Why the run failed; null where it ended well.</param>
    public void Close(string? reason) => (isOver, failure) = (true, reason);

    /// <summary>Checks that a worker that comes is not of an attempt that was replaced.</summary>
    /// <param name="worker">Which worker.</param>
    /// <param name="attempt">Which attempt it says it is; 0 where it does not know.</param>
    /// <param name="instance">Its own name.</param>
    /// <exception cref="RunOverException">It is, or the run is over.</exception>
    public Member CheckAttempt(int worker, int attempt, Guid instance)
    {
        Member member = this[worker];
        if (isOver) throw new RunOverException("The run is over.");
        if (member.WasReplaced(instance) || (attempt > 0 && attempt < member.Attempt))
        {
            throw new RunOverException($"This attempt of worker {worker}{(attempt > 0 ? $" ({attempt})" : "")} is refused: attempt {member.Attempt} of it counts.");
        }

        return member;
    }

    /// <summary>Checks that an instance is the one that counts.</summary>
    /// <inheritdoc cref="CheckAttempt"/>
    public Member CheckInstance(int worker, Guid instance)
    {
        Member member = CheckAttempt(worker, 0, instance);
        return member.Instance == instance ? member : throw new RefusedException($"Worker {worker} has not said hello.");
    }

    /// <summary>The worker whose session it is.</summary>
    /// <exception cref="GoBackException">It is nobody's any more.</exception>
    public int WorkerOf(string session)
    {
        if (failure is not null) throw new RunOverException(failure);
        int worker = Array.FindIndex(members, member => member.Session == session);
        return worker >= 0 ? worker : throw new GoBackException("That session is over: it is of an old attempt, of a run that went back to a checkpoint since, or of another run.");
    }

    /// <summary>All begin together, where training stands.</summary>
    public void BeginSessions(ServerPosition position)
    {
        for (int worker = 0; worker < workers; worker++)
        {
            members[worker].Session = Guid.NewGuid().ToString("N");
            members[worker].Files.Clear();
            (members[worker].Done, members[worker].LossSum) = (position.Samples[worker], position.LossSums[worker]);
        }
    }

    /// <summary>All go back.</summary>
    public void EndSessions()
    {
        foreach (Member member in members) member.Session = null;
    }

    /// <summary>A worker that should say something at least every few seconds, and did not for so long.</summary>
    public int? Silent(TimeSpan longest, TimeProvider time)
    {
        int worker = Array.FindIndex(members, member => member.Instance is not null && member.Beats && time.GetElapsedTime(member.LastHeard) > longest);
        return worker >= 0 ? worker : null;
    }

    public IEnumerator<Member> GetEnumerator() => ((IEnumerable<Member>)members).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => members.GetEnumerator();
}
