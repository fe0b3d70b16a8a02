using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// The update as NcfSpark's own kernels make it, to the same mathematics as <see cref="TorchStep"/>. Weights and moments are copied into packed
/// memory at first and copied back on <see cref="Synchronize"/>, exactly. Nothing here loads libtorch.
/// </summary>
internal sealed class FusedTrainingStep : ITrainingStep
{
    private readonly TrainingState state;
    private readonly FusedStep step;
    private readonly EpochFeed feed;
    private readonly SimdLevel level;
    private readonly List<(ModelPart Part, int Layer, OptimizedWeight Weight)> parts = [];

    /// <param name="state">What is trained.</param>
    /// <param name="options">How.</param>
    /// <param name="rules">How each part is updated.</param>
    /// <param name="level">The instruction set.</param>
    public FusedTrainingStep(TrainingState state, TrainOptions options, UpdateRules rules, SimdLevel level)
    {
        (this.state, this.level) = (state, level);
        ModelWeights weights = state.Weights;
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        step = new FusedStep(NetworkShapes.Of(weights.Options), weights.UserCount, weights.ItemCount, options.BatchSize, threads, level);
        feed = new EpochFeed(options, rules, epoch => DropoutMasks.Keys(options.Seed, epoch));
        ListParts();
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts)
        {
            step.Parts.Set(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
            step.Parts.Set(part, OptimizerSlot.FirstMoment, weight.FirstMoments, layer);
            step.Parts.Set(part, OptimizerSlot.SecondMoment, weight.SecondMoments, layer);
        }

        if (weights.Head is null) step.Parts.Set(ModelPart.Head, OptimizerSlot.Weight, [.. Enumerable.Repeat(1f, weights.Options.EmbeddingSize)]); // MF: fixed
    }

    public string Description => $"fused ({level.ToString().ToLowerInvariant()})";

    public TrainingPosition Advance(TrainingPosition position, ISampleSource samples, long end)
    {
        long batches = feed.Start(position, samples, end);
        double lossSum = position.LossSum;
        long done = step.Run(feed, batches, ref lossSum);
        if (done < batches) throw new TrainingDivergedException($"The loss of step {position.Steps + done + 1:N0} (epoch {position.Epoch + 1}) is not finite ({lossSum}). Training stopped and no model was written; lower Train:LearningRate, or raise Train:Regularization.");
        return position with { Samples = end, Steps = position.Steps + done, LossSum = lossSum };
    }

    public void Synchronize()
    {
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts)
        {
            step.Parts.Get(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
            step.Parts.Get(part, OptimizerSlot.FirstMoment, weight.FirstMoments, layer);
            step.Parts.Get(part, OptimizerSlot.SecondMoment, weight.SecondMoments, layer);
        }
    }

    public void SynchronizeShared()
    {
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts)
        {
            if (!IsUsers(part)) step.Parts.Get(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
        }
    }

    public void ReloadShared()
    {
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts)
        {
            if (!IsUsers(part)) step.Parts.Set(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
        }
    }

    public void Dispose() => step.Dispose();

    private static bool IsUsers(ModelPart part) => part is ModelPart.UserGmf or ModelPart.UserMlp or ModelPart.UserBias;

    private void ListParts()
    {
        ModelWeights weights = state.Weights;
        var optimized = state.All.ToDictionary(weight => weight.Weight);
        void Add(ModelPart part, Weight? weight, int layer = 0)
        {
            if (weight is not null) parts.Add((part, layer, optimized[weight]));
        }

        Add(ModelPart.UserGmf, weights.UserGmf);
        Add(ModelPart.UserMlp, weights.UserMlp);
        Add(ModelPart.UserBias, weights.UserBias);
        Add(ModelPart.ItemGmf, weights.ItemGmf);
        Add(ModelPart.ItemMlp, weights.ItemMlp);
        Add(ModelPart.ItemBias, weights.ItemBias);
        for (int l = 0; l < weights.MlpLayers.Count; l++)
        {
            Add(ModelPart.LayerWeight, weights.MlpLayers[l].Weight, l);
            Add(ModelPart.LayerBias, weights.MlpLayers[l].Bias, l);
        }

        Add(ModelPart.Head, weights.Head);
        Add(ModelPart.HeadBias, weights.HeadBias);
    }
}
