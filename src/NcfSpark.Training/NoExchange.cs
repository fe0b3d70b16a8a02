using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training;

/// <summary>For one worker, which has all parameters: nothing is exchanged. Keeps checkpoints, the log of epochs and the best epoch's weights itself.</summary>
/// <param name="options">How long is trained, and how often a checkpoint is written.</param>
internal sealed class NoExchange(
    TrainOptions options, long samples, EpochChoice choice, CheckpointStore checkpoints, IProgressReporter progress, TimeProvider time)
    : IParameterExchange, IDisposable
{
    private IProgressTask? task;
    private long shown; // samples of the epoch, as the task has them
    private long began; // the epoch, or its part since a checkpoint
    private double secondsBefore;
    private long lastCheckpoint;

    public void BeginEpoch(TrainingPosition position)
    {
        task = progress.Start($"epoch {position.Epoch + 1} of {options.Epochs}", samples, "samples");
        task.Resume(position.Samples);
        (shown, secondsBefore) = (position.Samples, position.Seconds);
        began = lastCheckpoint = time.GetTimestamp();
    }

    public void AfterSteps(TrainingState state, ITrainingStep step)
    {
        TrainingPosition position = state.Position with { Seconds = secondsBefore + time.GetElapsedTime(began).TotalSeconds };
        state.Position = position;
        task!.Advance(position.Samples - shown);
        task.Detail($"loss {position.LossSum / position.Samples:F4}");
        shown = position.Samples;
        if (time.GetElapsedTime(lastCheckpoint).TotalMinutes < options.CheckpointMinutes) return;
        step.Synchronize();
        checkpoints.Save(state);
        lastCheckpoint = time.GetTimestamp();
    }

    // An epoch has one round.
    public void EndRound(TrainingState state, ITrainingStep step, long samples) => Dispose();

    public bool EndEpoch(TrainingState state, ValidationScore? validation)
    {
        TrainingPosition position = state.Position;
        var record = new EpochRecord(position.Epoch + 1, position.LossSum / position.Samples, validation?.Ndcg, position.Seconds, position.Samples);
        IReadOnlyList<EpochRecord> epochs = [.. position.Epochs, record];
        bool isBest = choice.IsBest(record, epochs);
        string best = isBest ? " (best so far)" : "";
        if (validation is { Ndcg: var ndcg }) progress.Line($"Epoch {record.Epoch}: loss {record.Loss:F4}, validation NDCG@10 {ndcg:F4}{best}");
        if (isBest) checkpoints.SaveBest(state.Weights);
        state.Position = new TrainingPosition { Epoch = position.Epoch + 1, Steps = position.Steps, Epochs = epochs };
        checkpoints.Save(state);
        return choice.IsFinished(epochs);
    }

    public void Dispose()
    {
        task?.Dispose();
        task = null;
    }
}
