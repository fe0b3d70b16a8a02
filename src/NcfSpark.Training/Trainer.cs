using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training;

/// <summary>
/// Fits a model to a training set, epoch by epoch. The result is a function of the options, the set and the seed: neither the number of threads nor
/// being killed and started again changes a byte of it.
/// </summary>
/// <param name="checkpoints">Where training is resumed from and checkpoints go.</param>
/// <param name="validate">Scores an epoch, higher is better; null where nothing is held out to validate.</param>
public sealed class Trainer(
    ModelOptions modelOptions, TrainOptions options, CheckpointStore checkpoints, Func<ModelWeights, double>? validate, IProgressReporter progress,
    TimeProvider time)
{
    private readonly TrainOptions options = options.For(modelOptions);
    private readonly EpochChoice choice = new(options, validate is not null);

    /// <summary>The weights to start from, which training changes; null for those of <see cref="ModelWeights.Initialize"/>.</summary>
    public ModelWeights? Initial { get; init; }

    /// <summary>Trains to the end, from the last checkpoint if there is one.</summary>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    public TrainingResult Train(TrainingSet set, CancellationToken cancellation = default) => Train(() => set, cancellation);

    /// <summary>The same of a set that is read first and let go of once samples are made of it, which halves what is in memory while training.</summary>
    /// <param name="read">Reads the set. Nobody else should keep it.</param>
    public TrainingResult Train(Func<TrainingSet> read, CancellationToken cancellation = default)
    {
        (TrainingState state, ISampleSource made) = Begin(read);
        using ISampleSource samples = made;
        if (samples.Count == 0) throw new InvalidInputException("There is nothing to train on: the prepared training rows are empty.");
        if (checkpoints.TryRestore(state)) progress.Line($"Resuming in epoch {state.Position.Epoch + 1}, after {state.Position.Samples:N0} of its samples.");

        using ITrainingStep step = TrainingSteps.Make(state, options, samples);
        progress.Line($"Steps by {step.Description}.");
        if (!choice.IsFinished(state.Position.Epochs))
        {
            using var exchange = new NoExchange(options, samples.Count, choice, checkpoints, progress, time);
            var plan = new RoundPlan(samples.Count, options.BatchSize, Rounds: 1);
            Func<ModelWeights, ValidationScore>? score = validate is null ? null : weights => new ValidationScore(validate(weights), weights.UserCount);
            new TrainingLoop(options, plan, samples, score, exchange, time).Run(state, step, cancellation);
        }

        IReadOnlyList<EpochRecord> epochs = state.Position.Epochs;
        int bestEpoch = choice.Kept(epochs);
        if (bestEpoch != epochs.Count) checkpoints.RestoreBest(state.Weights);
        return new TrainingResult(state.Weights, epochs, bestEpoch);
    }

    // A method of its own, since the set stays in memory as long as one runs that has a name for it.
    private (TrainingState State, ISampleSource Samples) Begin(Func<TrainingSet> read)
    {
        TrainingSet set = read();
        ModelWeights weights = Initial ?? ModelWeights.Initialize(modelOptions, set.UserCount, set.ItemCount, options.Seed, features: set.Features);
        weights.Features = set.Features;
        var state = new TrainingState(weights) { Interactions = modelOptions.HasInteractions ? set.Interactions() : null };
        PastItems? past = modelOptions.HasPast ? new PastItems(set) : null;
        LargeGarbage.FreeAfter(set.Rows.Count);
        if (past is not null)
        {
            FirstHistory.ClearUsersWithoutRows(state.Weights, past);
            if (Initial is null && modelOptions is { HasAttention: true, Attention.NeighbourStart: true })
            {
                NeighbourStart.Set(state.Weights.ItemGmf!, past, set.UserCount, options.Seed);
            }

            FirstHistory.ClearItemsWithoutRows(state.Weights, FirstHistory.UsedItems(past, set.ItemCount));
        }

        if (state.Interactions is { } interactions) weights.MeanRating!.Values[0] = interactions.Values.DefaultIfEmpty().Average();
        ISampleSource samples = SampleSources.Of(set, modelOptions, options, past);
        LargeGarbage.FreeAfter(set.Rows.Count);
        return (state, samples);
    }
}

/// <summary>What training came to.</summary>
/// <param name="Weights">Those after <paramref name="BestEpoch"/>.</param>
/// <param name="Epochs">Each epoch, in order.</param>
/// <param name="BestEpoch">From 1: the one with the best validation, or the last where nothing chose.</param>
public sealed record TrainingResult(ModelWeights Weights, IReadOnlyList<EpochRecord> Epochs, int BestEpoch);

/// <summary>The loss became infinite or no number; training stopped before the weights were updated with it, and no model was written.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
