namespace NcfSpark.Training.Distributed;

/// <summary>The phase in which all workers are, and where they wait for one another in it. Used under its owner's lock.</summary>
internal sealed class ServerPhases
{
    private readonly TimeProvider time;
    private long started;

    public ServerPhases(int workers, TimeProvider time)
    {
        this.time = time;
        (Gathering, Rounds, EpochEnds, Savings) = (new(workers), new(workers), new(workers), new(workers));
        To(ServerPhase.Gathering);
    }

    public ServerPhase Now { get; private set; }

    /// <summary>So long the phase has lasted.</summary>
    public TimeSpan Lasted => time.GetElapsedTime(started);

    public Barrier<Assignment> Gathering { get; }

    public Barrier<RoundReply> Rounds { get; }

    public Barrier<EpochVerdict> EpochEnds { get; }

    public Barrier<bool> Savings { get; }

    /// <summary>The first worker for whom the others wait.</summary>
    public int? Late
    {
        get
        {
            IEnumerable<int> missing = Now switch
            {
                ServerPhase.Gathering => Gathering.Missing,
                ServerPhase.Round => Rounds.Missing,
                ServerPhase.EndOfEpoch => EpochEnds.Missing,
                ServerPhase.Saving => Savings.Missing,
                _ => [],
            };
            return missing.Select(worker => (int?)worker).FirstOrDefault();
        }
    }

    public void To(ServerPhase next) => (Now, started) = (next, time.GetTimestamp());

    /// <summary>Sends all who wait anywhere away.</summary>
    public void Break(Exception reason)
    {
        Gathering.Break(reason);
        Rounds.Break(reason);
        EpochEnds.Break(reason);
        Savings.Break(reason);
    }

    /// <summary>The phase, as a message has it.</summary>
    public string Describe(ServerPosition position) => Now switch
    {
        ServerPhase.Gathering => "workers gather",
        ServerPhase.Round => $"epoch {position.Epoch + 1}, round {position.Round + 1} is under way",
        ServerPhase.EndOfEpoch => $"epoch {position.Epoch + 1} ends",
        ServerPhase.Saving => "a checkpoint is written",
        _ => "the run is over",
    };
}

/// <summary>What all workers do together.</summary>
internal enum ServerPhase
{
    /// <summary>Those who are there wait for the others.</summary>
    Gathering,

    /// <summary>They train, and give their round.</summary>
    Round,

    /// <summary>They validate, and report.</summary>
    EndOfEpoch,

    /// <summary>They give their files of a checkpoint or a model.</summary>
    Saving,

    /// <summary>The run is over, well or not.</summary>
    Finished,
}
