using System.Runtime.CompilerServices;
using NcfSpark.Data;
using NcfSpark.Kernels;
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
    // Steps run in windows, between which progress is told, cancelling is heeded and checkpoints are made. A window of many steps costs nothing;
    // one that lasted longer would be felt.
    private static readonly TimeSpan shortWindow = TimeSpan.FromMilliseconds(100), longWindow = TimeSpan.FromMilliseconds(400);

    /// <summary>The weights to start from, which training changes; null for those of <see cref="ModelWeights.Initialize"/>.</summary>
    public ModelWeights? Initial { get; init; }

    /// <summary>Trains to the end, from the last checkpoint if there is one.</summary>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    public TrainingResult Train(TrainingSet set, CancellationToken cancellation = default)
    {
        var state = new TrainingState(Initial ?? ModelWeights.Initialize(modelOptions, set.UserCount, set.ItemCount, options.Seed));
        PastItems? past = modelOptions.HasHistory ? new PastItems(set) : null;
        if (past is not null) BeginHistory(state.Weights, past);
        using ISampleSource samples = options.Negatives == "stored" ? new StoredSamples(set, options, past) : new ResampledSamples(set, options, past);
        if (options.BatchSize % samples.GroupSize != 0) throw new InvalidInputException($"Train:BatchSize is {options.BatchSize}. With Model:User \"history\" a batch is of whole groups of a positive and its Train:NegativesPerPositive {options.NegativesPerPositive}: let it be a multiple of {samples.GroupSize}, such as {(options.BatchSize + samples.GroupSize - 1) / samples.GroupSize * samples.GroupSize}.");
        if (samples.Count == 0) throw new InvalidInputException("There is nothing to train on: the prepared training rows are empty.");
        if (checkpoints.TryRestore(state)) progress.Line($"Resuming in epoch {state.Position.Epoch + 1}, after {state.Position.Samples:N0} of its samples.");

        using ITrainingStep step = MakeStep(state, samples, new UpdateRules(options, UpdateRules.StepsOf(options, samples.Count)));
        progress.Line($"Steps by {step.Description}.");
        while (state.Position.Epoch < options.Epochs && !HasStalled(state.Position.History))
        {
            TrainEpoch(state, samples, step, cancellation);
            FinishEpoch(state, step);
        }

        IReadOnlyList<EpochRecord> history = state.Position.History;
        int bestEpoch = ChoosesEpoch ? BestOf(history).Epoch : history.Count;
        if (bestEpoch != history.Count) checkpoints.RestoreBest(state.Weights);
        return new TrainingResult(state.Weights, history, bestEpoch);
    }

    // Who or what has no training rows has nothing of its own, rather than chance: such users are scored by what they did later alone.
    private void BeginHistory(ModelWeights weights, PastItems past)
    {
        weights.Pools = past.Latest(modelOptions.HistoryLength);
        for (int user = 0; user < weights.UserCount; user++)
        {
            if (!weights.Pools[user].IsEmpty) continue;
            foreach (Weight table in weights.UserTables) table.Row(user).Clear();
        }

        var used = new HashSet<int>(past.Items);
        for (int item = 0; item < weights.ItemCount; item++)
        {
            if (!used.Contains(item)) weights.ItemHistory!.Row(item).Clear();
        }
    }

    private bool ChoosesEpoch => options.Patience > 0 && validate is not null;

    private ITrainingStep MakeStep(TrainingState state, ISampleSource samples, UpdateRules rules)
    {
        string? uncovered = modelOptions.HasHistory ? FusedHistoryStep.NotCovered(modelOptions, options) : null;
        if (options.Step == "fused" && uncovered is not null) throw new InvalidInputException($"Train:Step is \"fused\", which does not cover this model with a history: {uncovered}. Set it, or set Train:Step to \"torch\", which covers all and is slow.");
        if (options.Step == "torch" || uncovered is not null || (options.Step == "auto" && !SimdLevels.IsAccelerated)) return MakeTorchStep(state, rules);
        try
        {
            return modelOptions.HasHistory ? MakeHistoryStep(state, samples, rules) : MakeFusedStep(state, rules);
        }
        catch (PlatformNotSupportedException exception)
        {
            throw new InvalidInputException(exception.Message);
        }
    }

    // Each in a method of its own, so that libtorch is not even loaded where it is not used.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private FusedTrainingStep MakeFusedStep(TrainingState state, UpdateRules rules) => new(state, options, rules, SimdLevels.FromEnvironment());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FusedHistoryStep MakeHistoryStep(TrainingState state, ISampleSource samples, UpdateRules rules) => new(state, options, samples, rules, SimdLevels.FromEnvironment());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private TorchStep MakeTorchStep(TrainingState state, UpdateRules rules) => new(state, options, rules);

    private void TrainEpoch(TrainingState state, ISampleSource samples, ITrainingStep step, CancellationToken cancellation)
    {
        using IProgressTask task = progress.Start($"epoch {state.Position.Epoch + 1} of {options.Epochs}", samples.Count, "samples");
        task.Advance(state.Position.Samples);
        long epochStarted = time.GetTimestamp(), lastCheckpoint = epochStarted, batches = 1;
        double secondsBefore = state.Position.Seconds;
        while (state.Position.Samples < samples.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            long windowStarted = time.GetTimestamp(), before = state.Position.Samples;
            TrainingPosition position = step.Advance(state.Position, samples, Math.Min(before + batches * options.BatchSize, samples.Count));
            state.Position = position with { Seconds = secondsBefore + time.GetElapsedTime(epochStarted).TotalSeconds };
            task.Advance(position.Samples - before);
            task.Detail($"loss {position.LossSum / position.Samples:F4}");
            if (time.GetElapsedTime(windowStarted) < shortWindow) batches *= 2;
            else if (time.GetElapsedTime(windowStarted) > longWindow) batches = Math.Max(1, batches / 2);
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
        bool isBest = ChoosesEpoch && BestOf(history) == record;
        if (validation is not null) progress.Line($"Epoch {record.Epoch}: loss {record.Loss:F4}, validation NDCG@10 {validation:F4}{(isBest ? " (best so far)" : "")}");
        if (isBest) checkpoints.SaveBest(state.Weights);
        state.Position = new TrainingPosition { Epoch = position.Epoch + 1, Steps = position.Steps, History = history };
        checkpoints.Save(state);
    }

    private bool HasStalled(IReadOnlyList<EpochRecord> history) => ChoosesEpoch && history.Count > 0 && history.Count - BestOf(history).Epoch >= options.Patience;

    // The first of equals, so that an epoch has to be better to be kept; NaN is never better.
    private static EpochRecord BestOf(IReadOnlyList<EpochRecord> history) => history.Aggregate((best, next) => next.ValidationNdcg > best.ValidationNdcg ? next : best);
}
