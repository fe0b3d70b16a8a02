using System.Diagnostics;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// For one of several workers: at the end of each round it pushes the rows of shared weights that its steps touched, and takes everyone's. Rows of its
/// users and all of Adam's moments stay with it.
/// </summary>
internal sealed class ServerExchange : IParameterExchange
{
    private readonly IServerLink link;
    private readonly TrainOptions options;
    private readonly WorkerShare share;
    private readonly bool half;
    private readonly Weight[] shared;
    private readonly float[][] before; // the shared weights as all workers had them when the round began
    private WorkerTimes times = WorkerTimes.Zero; // since the last push
    private long began; // computing

    public ServerExchange(IServerLink link, TrainOptions options, WorkerShare share, TrainingState state)
    {
        (this.link, this.options, this.share, half) = (link, options, share, SharedParameters.TravelsAsHalf(options));
        shared = [.. state.Weights.Shared];
        link.Pull(shared);
        before = [.. shared.Select(weight => weight.Values.ToArray())];
    }

    public void BeginEpoch(TrainingPosition position) => began = Stopwatch.GetTimestamp();

    public void AfterSteps(TrainingState state, ITrainingStep step) => link.Report(state.Position.Samples, state.Position.LossSum);

    public void EndRound(TrainingState state, ITrainingStep step, long samples)
    {
        step.SynchronizeShared();
        TableRows[] touched = [.. shared.Select((weight, t) => TableRows.Changed(weight, before[t], half))];
        AddComputing();
        var push = new RoundPush(state.Position.Epoch, state.Position.Round, samples, state.Position.LossSum, times, touched);
        times = WorkerTimes.Zero;
        RoundReply reply = link.Exchange(push, ref times);

        began = Stopwatch.GetTimestamp();
        for (int t = 0; t < shared.Length; t++) Take(shared[t], before[t], touched[t], reply.Tables[t]);
        if (options.Workers > 1) step.ReloadShared();
        AddComputing();
        if (reply.Checkpoint)
        {
            step.Synchronize();
            SaveCheckpoint(state);
        }

        began = Stopwatch.GetTimestamp();
    }

    public bool EndEpoch(TrainingState state, ValidationScore? validation)
    {
        int epoch = state.Position.Epoch;
        EpochVerdict verdict = link.EndEpoch(new EpochReport(epoch, validation, times));
        times = WorkerTimes.Zero;
        if (verdict.SaveModel) SaveModel(state.Weights);
        state.Position = new TrainingPosition { Epoch = epoch + 1, Steps = state.Position.Steps };
        SaveCheckpoint(state);
        return verdict.Finished;
    }

    private void AddComputing() => times = times.Plus(WorkerTimes.Zero with { Computing = Stopwatch.GetElapsedTime(began).TotalSeconds });

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

    private void SaveCheckpoint(TrainingState state)
    {
        link.Save(SaveKind.Checkpoint, 0, stream => Safetensors.Write(stream, WorkerCheckpoint.Of(state)));
        link.Saved();
    }

    private void SaveModel(ModelWeights weights)
    {
        for (int place = 0; place < share.ShardCount; place++)
        {
            int of = place;
            link.Save(SaveKind.Model, share.Shard(place), stream => Safetensors.Write(stream, TrainedModel.UsersOf(weights, of, share.ShardCount)));
        }
    }
}
