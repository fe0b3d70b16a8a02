using System.Collections;
using System.Diagnostics;
using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// A worker: trains on its users' rows with a step like any other, and at the end of each round gives the server what it touched of the shared weights
/// and takes everyone's. Its users' rows, and all of Adam's moments, stay with it.
/// </summary>
/// <param name="link">The way to the server.</param>
/// <param name="number">Which worker.</param>
/// <param name="read">Reads its rows.</param>
/// <param name="time">For windows of steps.</param>
internal sealed class Worker(IServerLink link, int number, Func<WorkerSetup, WorkerShare, WorkerData> read, TimeProvider time)
{
    private WorkerSetup setup = null!;
    private WorkerShare share = null!;
    private TrainOptions options = null!;
    private WorkerData data = null!;
    private PastItems? past;
    private SampleTotals totals = null!; // of its own rows
    private ISampleSource? samples;      // once it knows those of all
    private RoundPlan plan = null!;
    private bool half;

    // Since all began together.
    private TrainingState state = null!;
    private ITrainingStep step = null!;
    private Weight[] shared = [];
    private float[][] before = []; // the shared weights as all had them when the round began
    private WorkerTimes times = WorkerTimes.Zero; // since the last push

    /// <summary>Works until the run is over. What it fails of is told to the server, and thrown.</summary>
    public void Run()
    {
        try
        {
            setup = link.Hello();
            share = new WorkerShare(setup.Shards, setup.Train.Workers, number);
            options = setup.Train with { Threads = setup.Threads, Seed = SeedOf(setup.Train.Seed, number) };
            half = SharedParameters.TravelsAsHalf(options);
            data = read(setup, share);
            past = setup.Model.HasHistory ? new PastItems(data.Set) : null;
            totals = SampleTotals.Of(data.Set, options);
            plan = new RoundPlan(SampleSources.CountOf(data.Set, options), options.BatchSize, options.RoundsPerEpoch);
            while (!Attempt())
            {
            }
        }
        catch (RunOverException)
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

    /// <summary>The seed of a worker's samples, negatives and dropout: the first worker's is the run's, so that one alone draws as without a server.</summary>
    internal static int SeedOf(int seed, int worker) => worker == 0 ? seed : (int)RandomStream.Named(seed, "worker", worker).Below(0, int.MaxValue);

    // From the last checkpoint on. False where all go back.
    private bool Attempt()
    {
        try
        {
            BitArray? used = past is null ? null : FirstHistory.UsedItems(past, setup.ItemCount);
            Assignment assignment = link.Join(plan.Samples, used, totals);
            if (assignment.Finished) return true;
            samples ??= SampleSources.Of(data.Set, options, past, assignment.Totals); // after a loss they are the same
            Begin(assignment, samples);
            try
            {
                while (!TrainEpoch(samples))
                {
                }
            }
            finally
            {
                step.Dispose();
            }

            return true;
        }
        catch (GoBackException)
        {
            return false;
        }
    }

    private void Begin(Assignment assignment, ISampleSource samples)
    {
        ModelWeights weights = ModelWeights.Initialize(setup.Model, data.Set.UserCount, setup.ItemCount, setup.Train.Seed, share.Global);
        if (past is not null) FirstHistory.ClearUsersWithoutRows(weights, past);
        state = new TrainingState(weights);
        if (assignment.HasState) ReadState();
        shared = [.. weights.Shared];
        link.Pull(shared);
        before = [.. shared.Select(weight => weight.Values.ToArray())];
        state.Position = new TrainingPosition
        {
            Epoch = assignment.Epoch,
            Samples = plan.SamplesBefore(assignment.Round),
            Steps = assignment.Epoch * plan.Steps + plan.StepsBefore(assignment.Round),
            LossSum = assignment.LossSum,
        };
        round = assignment.Round;
        times = WorkerTimes.Zero;
        step = TrainingSteps.Make(state, options, samples);
    }

    private int round;

    // True where it was the last.
    private bool TrainEpoch(ISampleSource samples)
    {
        var window = new StepWindow(time);
        for (; round < options.RoundsPerEpoch; round++)
        {
            RoundReply reply = TrainRound(samples, window);
            if (!reply.Checkpoint) continue;
            SaveCheckpoint();
            link.Saved();
        }

        int epoch = state.Position.Epoch;
        step.Synchronize();
        ValidationScore? validation = data.Validate?.Invoke(state.Weights);
        EpochVerdict verdict = link.EndEpoch(new EpochReport(epoch, validation, times));
        times = WorkerTimes.Zero;
        if (verdict.SaveModel) SaveModel();
        state.Position = new TrainingPosition { Epoch = epoch + 1, Steps = state.Position.Steps };
        round = 0;
        SaveCheckpoint();
        link.Saved();
        return verdict.Finished;
    }

    private RoundReply TrainRound(ISampleSource samples, StepWindow window)
    {
        long started = Stopwatch.GetTimestamp(), first = state.Position.Samples, end = plan.SamplesBefore(round + 1);
        while (state.Position.Samples < end)
        {
            state.Position = window.Advance(step, state.Position, samples, options.BatchSize, end);
            link.Report(state.Position.Samples, state.Position.LossSum);
        }

        step.SynchronizeShared();
        TableRows[] touched = [.. shared.Select((weight, t) => TableRows.Changed(weight, before[t], half))];
        times = times.Plus(WorkerTimes.Zero with { Computing = Stopwatch.GetElapsedTime(started).TotalSeconds });
        var push = new RoundPush(state.Position.Epoch, round, end - first, state.Position.LossSum, times, touched);
        times = WorkerTimes.Zero;
        RoundReply reply = link.Exchange(push, ref times);

        started = Stopwatch.GetTimestamp();
        for (int t = 0; t < shared.Length; t++) Take(shared[t], before[t], touched[t], reply.Tables[t]);
        if (options.Workers > 1) step.ReloadShared();
        times = times.Plus(WorkerTimes.Zero with { Computing = Stopwatch.GetElapsedTime(started).TotalSeconds });
        return reply;
    }

    // From what all had before the round to what all have after it. A single worker keeps what it has.
    private void Take(Weight weight, float[] had, TableRows touched, TableRows changed)
    {
        if (options.Workers > 1)
        {
            foreach (int row in touched.Rows) had.AsSpan(row * weight.Columns, weight.Columns).CopyTo(weight.Row(row));
            changed.ApplyTo(weight, half);
            touched = changed;
        }

        foreach (int row in touched.Rows) weight.Row(row).CopyTo(had.AsSpan(row * weight.Columns));
    }

    private void SaveCheckpoint()
    {
        step.Synchronize();
        link.Save(SaveKind.Checkpoint, 0, stream => Safetensors.Write(stream, WorkerState.Of(state)));
    }

    private void SaveModel()
    {
        for (int place = 0; place < share.ShardCount; place++)
        {
            int of = place;
            link.Save(SaveKind.Model, share.Shard(place), stream => Safetensors.Write(stream, TrainedModel.UsersOf(state.Weights, of, share.ShardCount)));
        }
    }

    private void ReadState()
    {
        string path = Path.GetTempFileName();
        try
        {
            link.ReadState(path);
            WorkerState.Restore(state, path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
