namespace NcfSpark.Training.Distributed;

/// <summary>
/// Progress of the epoch under way, by worker, and of the training as a whole: which epoch is kept, and whether another follows. Guarded by the owner's lock.
/// </summary>
internal sealed class EpochProgress
{
    private readonly TrainOptions options;
    private readonly EpochChoice choice;
    private readonly EpochReport[] reports;

    public EpochProgress(WorkerSetup setup)
    {
        options = setup.Train;
        choice = new EpochChoice(options, setup.Validates);
        reports = new EpochReport[options.Workers];
        Position = ServerPosition.AtStart(0, options.Workers);
    }

    public ServerPosition Position { get; private set; }

    /// <summary>All workers' samples of the epoch.</summary>
    public long Samples => Position.Samples.Sum();

    /// <summary>The loss of these.</summary>
    public double LossSum => Position.LossSums.Sum();

    /// <summary>Whether all rounds of the epoch are done.</summary>
    public bool IsEpochTrained => Position.Round == options.Server.RoundsPerEpoch;

    /// <summary>Whether no epoch is left to train, or Patience has run out.</summary>
    public bool IsFinished => choice.IsFinished(Position.Epochs);

    /// <summary>The result of training, whose model is in this directory.</summary>
    public DistributedResult ResultIn(string modelDirectory) => new(modelDirectory, Position.Epochs, Position.Workers, choice.Kept(Position.Epochs));

    /// <summary>Restarts from a checkpoint; from the start where there is none.</summary>
    public void Restore(ServerPosition? checkpoint) => Position = checkpoint ?? ServerPosition.AtStart(0, options.Workers);

    /// <summary>Adds a worker's round.</summary>
    public void Add(int worker, RoundPush push)
    {
        Position.Samples[worker] += push.Samples;
        Position.LossSums[worker] = push.LossSum;
        Position.Times[worker] = Position.Times[worker].Plus(push.Times);
    }

    /// <summary>Ends a round, which all workers have pushed.</summary>
    public void EndRound() => Position = Position with { Round = Position.Round + 1 };

    /// <summary>Sets the seconds that the epoch took so far.</summary>
    public void Spend(double seconds) => Position = Position with { Seconds = seconds };

    /// <summary>Adds a worker's report of the epoch.</summary>
    public void Add(int worker, EpochReport report) => reports[worker] = report;

    /// <summary>Ends the epoch, which all workers have reported, and moves to the start of the next.</summary>
    /// <returns>The epoch, whether it is the best so far, and what follows.</returns>
    public (EpochRecord Record, bool IsBest, EpochVerdict Verdict) EndEpoch(double seconds)
    {
        for (int worker = 0; worker < reports.Length; worker++) Position.Times[worker] = Position.Times[worker].Plus(reports[worker].Times);
        var record = new EpochRecord(Position.Epoch + 1, LossSum / Samples, MeanValidation(), seconds, Samples);
        IReadOnlyList<EpochRecord> epochs = [.. Position.Epochs, record];
        bool isBest = choice.IsBest(record, epochs);
        IEnumerable<WorkerRecord> workers = Position.Times.Select((times, worker) => new WorkerRecord(record.Epoch, worker, Position.Samples[worker], times));
        Position = ServerPosition.AtStart(Position.Epoch + 1, reports.Length) with { Epochs = epochs, Workers = [.. Position.Workers, .. workers] };
        bool finished = IsFinished;
        return (record, isBest, new EpochVerdict(choice.ByValidation ? isBest : finished, finished));
    }

    private double? MeanValidation()
    {
        ValidationScore[] scores = [.. reports.Select(report => report.Validation).OfType<ValidationScore>().Where(score => score.Users > 0)];
        if (scores.Length <= 1) return scores.Length == 0 ? null : scores[0].Ndcg; // as it is, to the bit
        return scores.Sum(score => score.Ndcg * score.Users) / scores.Sum(score => score.Users);
    }
}

/// <summary>What a worker did in an epoch.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Worker">From 0.</param>
/// <param name="Samples">Samples that it trained on.</param>
/// <param name="Times">What it spent its time on.</param>
public sealed record WorkerRecord(int Epoch, int Worker, long Samples, WorkerTimes Times);
