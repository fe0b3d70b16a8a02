using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// The update of a model with a history as NcfSpark's own kernels make it, to the same mathematics as <see cref="TorchStep"/>: for a dot product
/// (mf, or gmf with a fixed head) whose rows are updated by plain descent. Nothing here loads libtorch.
/// </summary>
internal sealed class FusedHistoryStep : ITrainingStep
{
    private readonly UserHistoryStep step;
    private readonly EpochFeed feed;
    private readonly SimdLevel level;
    private readonly List<(UserHistoryPart Part, OptimizedWeight Weight)> parts = [];

    /// <param name="state">What is trained.</param>
    /// <param name="options">How.</param>
    /// <param name="samples">The samples; their past and their groups do not change.</param>
    /// <param name="rules">How each part is updated.</param>
    /// <param name="level">The instruction set.</param>
    public FusedHistoryStep(TrainingState state, TrainOptions options, ISampleSource samples, UpdateRules rules, SimdLevel level)
    {
        this.level = level;
        ModelWeights weights = state.Weights;
        ModelOptions model = weights.Options;
        int[] starts = [.. Enumerable.Range(0, weights.UserCount).Select(samples.Past!.StartOf)];
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        int groups = options.BatchSize / samples.GroupSize;
        var features = model.HasTemporalFeatures ? samples.Past.FeatureBits : [];
        step = new UserHistoryStep(
            ShapeOf(model), weights.UserCount, weights.ItemCount, samples.Past.Items, starts, groups, samples.GroupSize, threads, level,
            options.Softmax, features);
        feed = new EpochFeed(options, rules, epoch => DropoutMasks.UserKeys(options.Seed, epoch));
        ListParts(state);
        foreach ((UserHistoryPart part, OptimizedWeight weight) in parts)
        {
            step.Set(part, OptimizerSlot.Weight, weight.Weight.Values);
            if (!HasMoments(part)) continue;
            step.Set(part, OptimizerSlot.FirstMoment, weight.FirstMoments);
            step.Set(part, OptimizerSlot.SecondMoment, weight.SecondMoments);
        }
    }

    public string Description => $"fused over histories ({level.ToString().ToLowerInvariant()})";

    /// <summary>What keeps this step from a model with a history, as a setting to change; null where it covers it.</summary>
    public static string? NotCovered(ModelOptions model, TrainOptions options) =>
        model.Kind is not ("mf" or "gmf") ? "it needs Model:Kind \"mf\" or \"gmf\""
        : model.Kind == "gmf" && model.TrainedGmfHead ? "it needs Model:TrainedGmfHead false"
        : (options.GmfOptimizer == "same" ? options.Optimizer : options.GmfOptimizer) != "sgd" ? "it needs Train:GmfOptimizer \"sgd\""
        : (options.GmfWeightDecay < 0 ? options.WeightDecay : options.GmfWeightDecay) != 0 ? "it needs Train:GmfWeightDecay 0 (GmfRegularization does the like)"
        : null;

    public TrainingPosition Advance(TrainingPosition position, ISampleSource samples, long end)
    {
        long batches = feed.Start(position, samples, end);
        double lossSum = position.LossSum;
        long done = step.Run(feed, batches, ref lossSum);
        if (done < batches) throw new TrainingDivergedException($"The loss of step {position.Steps + done + 1:N0} (epoch {position.Epoch + 1}) is not finite ({lossSum}). Training stopped and no model was written; lower Train:GmfLearningRate, or raise Train:GmfRegularization.");
        return position with { Samples = end, Steps = position.Steps + done, LossSum = lossSum };
    }

    public void Synchronize()
    {
        foreach ((UserHistoryPart part, OptimizedWeight weight) in parts)
        {
            step.Get(part, OptimizerSlot.Weight, weight.Weight.Values);
            if (!HasMoments(part)) continue;
            step.Get(part, OptimizerSlot.FirstMoment, weight.FirstMoments);
            step.Get(part, OptimizerSlot.SecondMoment, weight.SecondMoments);
        }
    }

    public void SynchronizeShared()
    {
        foreach ((UserHistoryPart part, OptimizedWeight weight) in parts)
        {
            if (!IsUsers(part)) step.Get(part, OptimizerSlot.Weight, weight.Weight.Values);
        }
    }

    public void ReloadShared()
    {
        foreach ((UserHistoryPart part, OptimizedWeight weight) in parts)
        {
            if (!IsUsers(part)) step.Set(part, OptimizerSlot.Weight, weight.Weight.Values);
        }
    }

    public void Dispose() => step.Dispose();

    private static bool IsUsers(UserHistoryPart part) => part is UserHistoryPart.User or UserHistoryPart.UserBias;

    private static UserHistoryShape ShapeOf(ModelOptions model) => new()
    {
        Size = model.EmbeddingSize,
        Length = model.HistoryLength,
        Shares = PoolShares.Of(model.HistoryLength, model.HistoryDecay),
        Factor = (float)model.HistoryFactor,
        Biases = model.Kind == "mf" || model.Biases,
        Hidden = model.UserMlpWidth,
        Lags = model.UserMlpLags,
        TemporalFeatureCount = model.HasTemporalFeatures ? TemporalFeatures.Count : 0,
        Dropout = model.UserMlpDropout,
    };

    // Rows are updated by plain descent, which has none.
    private static bool HasMoments(UserHistoryPart part) => part > UserHistoryPart.ItemBias;

    private void ListParts(TrainingState state)
    {
        ModelWeights weights = state.Weights;
        var optimized = state.All.ToDictionary(weight => weight.Weight);
        void Add(UserHistoryPart part, Weight? weight)
        {
            if (weight is not null) parts.Add((part, optimized[weight]));
        }

        Add(UserHistoryPart.User, weights.UserGmf);
        Add(UserHistoryPart.Item, weights.ItemGmf);
        Add(UserHistoryPart.Pool, weights.ItemHistory);
        Add(UserHistoryPart.UserBias, weights.UserBias);
        Add(UserHistoryPart.ItemBias, weights.ItemBias);
        if (weights.UserLayers is [var hidden, var output])
        {
            Add(UserHistoryPart.HiddenWeight, hidden.Weight);
            Add(UserHistoryPart.HiddenBias, hidden.Bias);
            Add(UserHistoryPart.OutputWeight, output.Weight);
            Add(UserHistoryPart.OutputBias, output.Bias);
        }

        Add(UserHistoryPart.HeadBias, weights.HeadBias);
    }
}
