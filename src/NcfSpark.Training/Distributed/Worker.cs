using System.Collections;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// One of several workers. Trains on its users' rows with the loop that a single worker has, and exchanges shared weights through the server. When a
/// worker is lost, all join again and continue from the last checkpoint.
/// </summary>
/// <param name="time">Sizes windows of steps.</param>
internal sealed class Worker(IServerLink link, int number, Func<WorkerSetup, WorkerShare, WorkerData> read, TimeProvider time)
{
    private WorkerSetup setup = null!;
    private WorkerShare share = null!;
    private TrainOptions options = null!;
    private WorkerData data = null!;
    private PastItems? past;
    private SampleTotals totals = null!; // of its own rows
    private ISampleSource? samples;      // once it knows the totals of all
    private RoundPlan plan = null!;

    /// <summary>Works until the run is over. A failure is reported to the server, and thrown.</summary>
    public void Run()
    {
        try
        {
            setup = link.Hello();
            share = new WorkerShare(setup.Shards, setup.Train.Workers, number);
            options = setup.Train.For(setup.Model) with { Threads = setup.Threads, Seed = share.SeedOf(setup.Train.Seed) };
            data = read(setup, share);
            past = setup.Model.HasPast ? new PastItems(data.Set) : null;
            totals = SampleTotals.Of(data.Set, options);
            plan = new RoundPlan(SampleSources.CountOf(data.Set, setup.Model, options), options.BatchSize, options.Server.RoundsPerEpoch);
            while (!TrainToEnd())
            {
            }
        }
        catch (RunEndedException)
        {
            throw;
        }
        catch (Exception failure)
        {
            link.Fail(failure);
            throw;
        }
        finally
        {
            samples?.Dispose();
        }
    }

    // From the last checkpoint. False where all have to join again.
    private bool TrainToEnd()
    {
        try
        {
            BitArray? used = past is null ? null : FirstHistory.UsedItems(past, setup.ItemCount);
            Assignment assignment = link.Join(plan.Samples, used, totals);
            if (assignment.Finished) return true;
            samples ??= SampleSources.Of(data.Set, setup.Model, options, past, assignment.Totals); // the same each time
            TrainingState state = StateAt(assignment);
            var exchange = new ServerExchange(link, options, share, state);
            using ITrainingStep step = TrainingSteps.Make(state, options, samples);
            new TrainingLoop(options, plan, samples, data.Validate, exchange, time).Run(state, step, CancellationToken.None);
            return true;
        }
        catch (RestartFromCheckpointException)
        {
            return false;
        }
    }

    private TrainingState StateAt(Assignment assignment)
    {
        ModelWeights weights = ModelWeights.Initialize(setup.Model, data.Set.UserCount, setup.ItemCount, setup.Train.Seed, share.Global, setup.Features);
        var state = new TrainingState(weights)
        {
            Position = new TrainingPosition
            {
                Epoch = assignment.Epoch,
                Round = assignment.Round,
                Samples = plan.SamplesBefore(assignment.Round),
                Steps = assignment.Epoch * plan.Steps + plan.StepsBefore(assignment.Round),
                LossSum = assignment.LossSum,
            },
        };
        if (assignment.HasState) ReadState(state);
        if (past is not null) FirstHistory.ClearUsersWithoutRows(weights, past);
        return state;
    }

    private void ReadState(TrainingState state)
    {
        string path = Path.GetTempFileName();
        try
        {
            link.ReadState(path);
            WorkerCheckpoint.Restore(state, path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}

/// <summary>What a worker trains on.</summary>
/// <param name="Set">The rows of its users, by their numbers here (<see cref="WorkerShare"/>).</param>
/// <param name="Validate">Scores an epoch on its users; null where nothing is held out.</param>
public sealed record WorkerData(TrainingSet Set, Func<ModelWeights, ValidationScore>? Validate);

/// <summary>What a validation on some users came to.</summary>
/// <param name="Ndcg">Mean NDCG@10.</param>
public readonly record struct ValidationScore(double Ndcg, long Users);
