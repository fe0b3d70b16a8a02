using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// Fits a model to a training set, epoch by epoch. The result is a function of the options, the set and the seed: neither the number of threads nor
/// being killed and started again changes a byte of it.
/// </summary>
/// <param name="modelOptions">The network.</param>
/// <param name="options">How it is fitted.</param>
/// <param name="checkpoints">Where training is resumed from and checkpoints go.</param>
/// <param name="validate">Scores an epoch, higher is better; null where nothing is held out to validate.</param>
/// <param name="progress">Told of samples and epochs.</param>
/// <param name="time">For rates and the time of checkpoints.</param>
public sealed class Trainer(ModelOptions modelOptions, TrainOptions options, CheckpointStore checkpoints, Func<ModelWeights, double>? validate, IProgressReporter progress, TimeProvider time)
{
    private readonly EpochChoice choice = new(options, validate is not null);

    /// <summary>Trains to the end, from the last checkpoint if there is one.</summary>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    public TrainingResult Train(TrainingSet set, CancellationToken cancellation = default)
    {
        var state = new TrainingState(ModelWeights.Initialize(modelOptions, set.UserCount, set.ItemCount, options.Seed));
        PastItems? past = modelOptions.HasHistory ? new PastItems(set) : null;
        if (past is not null)
        {
            FirstHistory.ClearUsersWithoutRows(state.Weights, past);
            FirstHistory.ClearItemsWithoutRows(state.Weights, FirstHistory.UsedItems(past, set.ItemCount));
        }

        using ISampleSource samples = SampleSources.Of(set, options, past);
        if (samples.Count == 0) throw new InvalidInputException("There is nothing to train on: the prepared training rows are empty.");
        if (checkpoints.TryRestore(state)) progress.Line($"Resuming in epoch {state.Position.Epoch + 1}, after {state.Position.Samples:N0} of its samples.");

        using ITrainingStep step = TrainingSteps.Make(state, options, samples);
        progress.Line($"Steps by {step.Description}.");
        while (state.Position.Epoch < options.Epochs && !choice.HasStalled(state.Position.History))
        {
            TrainEpoch(state, samples, step, cancellation);
            FinishEpoch(state, step);
        }

        IReadOnlyList<EpochRecord> history = state.Position.History;
        int bestEpoch = choice.Kept(history);
        if (bestEpoch != history.Count) checkpoints.RestoreBest(state.Weights);
        return new TrainingResult(state.Weights, history, bestEpoch);
    }

    private void TrainEpoch(TrainingState state, ISampleSource samples, ITrainingStep step, CancellationToken cancellation)
    {
        using IProgressTask task = progress.Start($"epoch {state.Position.Epoch + 1} of {options.Epochs}", samples.Count, "samples");
        task.Advance(state.Position.Samples);
        long epochStarted = time.GetTimestamp(), lastCheckpoint = epochStarted;
        var window = new StepWindow(time);
        double secondsBefore = state.Position.Seconds;
        while (state.Position.Samples < samples.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            long before = state.Position.Samples;
            TrainingPosition position = window.Advance(step, state.Position, samples, options.BatchSize, samples.Count);
            state.Position = position with { Seconds = secondsBefore + time.GetElapsedTime(epochStarted).TotalSeconds };
            task.Advance(position.Samples - before);
            task.Detail($"loss {position.LossSum / position.Samples:F4}");
            if (time.GetElapsedTime(lastCheckpoint).TotalMinutes >= options.CheckpointMinutes)
            {
                step.Synchronize();
                checkpoints.Save(state);
                lastCheckpoint = time.GetTimestamp();
            }
        }
    }

    private void FinishEpoch(TrainingState state, ITrainingStep step)
    {
        step.Synchronize();
        TrainingPosition position = state.Position;
        double? validation = validate?.Invoke(state.Weights);
        var record = new EpochRecord(position.Epoch + 1, position.LossSum / position.Samples, validation, position.Seconds, position.Samples);
        IReadOnlyList<EpochRecord> history = [.. position.History, record];
        bool isBest = choice.IsBest(record, history);
        if (validation is not null) progress.Line($"Epoch {record.Epoch}: loss {record.Loss:F4}, validation NDCG@10 {validation:F4}{(isBest ? " (best so far)" : "")}");
        if (isBest) checkpoints.SaveBest(state.Weights);
        state.Position = new TrainingPosition { Epoch = position.Epoch + 1, Steps = position.Steps, History = history };
        checkpoints.Save(state);
    }
}
