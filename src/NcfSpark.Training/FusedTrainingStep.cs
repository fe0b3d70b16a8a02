using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// The update as NcfSpark's own kernels make it, to the same mathematics as <see cref="TorchStep"/>. Weights and moments are copied into packed
/// memory at first and copied back on <see cref="Synchronize"/>, exactly. Nothing here loads libtorch.
/// </summary>
internal sealed class FusedTrainingStep : ITrainingStep
{
    /// <summary>Train:SoftmaxNegatives by default, with attention.</summary>
    public const int AttentionNegatives = 2048;

    private readonly IFusedStep step;
    private readonly EpochFeed feed;
    private readonly ModelWeights weights;
    private readonly List<(ModelPart Part, int Layer, OptimizedWeight Weight)> parts = [];

    /// <param name="samples">The samples, whose past and groups do not change; only needed for a model with a user history.</param>
    public FusedTrainingStep(TrainingState state, TrainOptions options, UpdateRules rules, SimdLevel level, ISampleSource? samples = null)
    {
        weights = state.Weights;
        ModelOptions model = weights.Options;
        step = FusedSteps.Of(new StepSettings
        {
            Shape = NetworkShapes.Of(model),
            UserCount = weights.UserCount,
            ItemCount = weights.ItemCount,
            BatchSize = options.BatchSize,
            Threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads,
            Level = level,
            Histories = model.NeedsTimes ? samples!.Past!.Histories(model.HasTemporalFeatures) : null,
            GroupSize = samples?.GroupSize ?? 1,
            PlainRows = options.HasPlainRows,
            Softmax = options.Softmax,
            Interactions = model.HasInteractions
                ? new(
                    state.Interactions!, [.. model.Interactions.UserLayers, model.EmbeddingSize], [.. model.Interactions.ItemLayers, model.EmbeddingSize])
                : null,
            Features = model.HasItemFeatures ? weights.Features : null,
            OwnDropout = model.OwnDropout,
            Attention = model.HasAttention
                ? new(model.AttentionShape, samples!.Past!.Times, options.SoftmaxNegatives ?? AttentionNegatives, options.AvoidsTouched)
                : null,
        });
        string encoder = model.HasAttention ? " attention" : model.HasInteractions ? " over interactions" : model.HasHistory ? " over histories" : "";
        Description = $"fused{encoder} ({level.ToString().ToLowerInvariant()})";
        feed = new EpochFeed(options, rules);
        ListParts(state);
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts)
        {
            step.Parameters.Set(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
            step.Parameters.Set(part, OptimizerSlot.FirstMoment, weight.FirstMoments, layer);
            step.Parameters.Set(part, OptimizerSlot.SecondMoment, weight.SecondMoments, layer);
        }

        if (weights.Head is not null || model.HasAttention || model.HasInteractions) return;
        step.Parameters.Set(ModelPart.HeadWeight, OptimizerSlot.Weight, [.. Enumerable.Repeat(1f, model.EmbeddingSize)]); // MF: fixed
    }

    public string Description { get; }

    /// <summary>The setting to change where no fused step covers a model with a user history; null where one does.</summary>
    public static string? NotCovered(TrainOptions options) =>
        options.Softmax is null || options.HasPlainRows ? null
        : "with Train:Loss \"softmax\" it needs Train:Embeddings:Optimizer \"sgd\" and Train:Embeddings:WeightDecay 0 "
            + "(Train:Embeddings:Regularization does the like)";

    public TrainingPosition Advance(TrainingPosition position, ISampleSource samples, long end)
    {
        long batches = feed.Start(position, samples, end);
        double lossSum = position.LossSum;
        long done = step.Run(feed, batches, ref lossSum);
        if (done == batches) return position with { Samples = end, Steps = position.Steps + done, LossSum = lossSum };
        throw new TrainingDivergedException(
            $"The loss of step {position.Steps + done + 1:N0} (epoch {position.Epoch + 1}) is not finite ({lossSum}). Training stopped and no model was "
            + "written; lower Train:LearningRate or Train:Embeddings:LearningRate, or raise Train:Regularization or Train:Embeddings:Regularization.");
    }

    public void Synchronize()
    {
        step.Derive();
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts)
        {
            step.Parameters.Get(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
            step.Parameters.Get(part, OptimizerSlot.FirstMoment, weight.FirstMoments, layer);
            step.Parameters.Get(part, OptimizerSlot.SecondMoment, weight.SecondMoments, layer);
        }

        weights.ComposeItems();
    }

    public void SynchronizeShared()
    {
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts.Where(IsShared))
        {
            step.Parameters.Get(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
        }
    }

    public void ReloadShared()
    {
        foreach ((ModelPart part, int layer, OptimizedWeight weight) in parts.Where(IsShared))
        {
            step.Parameters.Set(part, OptimizerSlot.Weight, weight.Weight.Values, layer);
        }
    }

    public void Dispose() => step.Dispose();

    private static bool IsShared((ModelPart Part, int Layer, OptimizedWeight Weight) one) =>
        one.Part is not (ModelPart.UserGmf or ModelPart.UserMlp or ModelPart.UserBias);

    private void ListParts(TrainingState state)
    {
        var optimized = state.All.ToDictionary(weight => weight.Weight);
        if (weights.Options.HasAttention)
        {
            Add(ModelPart.ItemGmf, weights.ItemGmf);
            Add(ModelPart.ItemBias, weights.ItemBias);
            for (int p = 0; p < weights.Attention.Count; p++) Add(ModelPart.Attention, weights.Attention[p], p);
            return; // the softmax moves no bias of user or head
        }

        if (weights.Options.HasInteractions)
        {
            Add(ModelPart.UserGmf, weights.UserGmf);
            Add(ModelPart.ItemGmf, weights.ItemGmf);
            AddEncoder(ModelPart.UserInteractions, weights.UserInteractions!);
            AddEncoder(ModelPart.ItemInteractions, weights.ItemInteractions!);
            return;
        }

        Add(ModelPart.UserGmf, weights.UserGmf);
        Add(ModelPart.UserMlp, weights.UserMlp);
        Add(ModelPart.UserBias, weights.UserBias);
        Add(ModelPart.ItemMlp, weights.ItemMlp);
        if (weights.ItemParts is null)
        {
            Add(ModelPart.ItemGmf, weights.ItemGmf);
            Add(ModelPart.ItemBias, weights.ItemBias);
        }

        Add(ModelPart.ItemParts, weights.ItemParts);
        Add(ModelPart.ItemHistory, weights.ItemHistory);
        AddLayers(ModelPart.UserLayerWeight, ModelPart.UserLayerBias, weights.UserLayers);
        AddLayers(ModelPart.MlpWeight, ModelPart.MlpBias, weights.MlpLayers);
        Add(ModelPart.HeadWeight, weights.Head);
        Add(ModelPart.HeadBias, weights.HeadBias);

        void Add(ModelPart part, Weight? weight, int layer = 0)
        {
            if (weight is not null) parts.Add((part, layer, optimized[weight]));
        }

        void AddEncoder(ModelPart part, ModelWeights.EncoderWeights encoder)
        {
            Add(part, encoder.Table);
            for (int l = 1; l <= encoder.Layers.Count; l++)
            {
                Add(part, encoder.Layers[l - 1].Weight, 2 * l - 1);
                Add(part, encoder.Layers[l - 1].Bias, 2 * l);
            }
        }

        void AddLayers(ModelPart weightPart, ModelPart biasPart, IReadOnlyList<(Weight Weight, Weight Bias)> layers)
        {
            for (int l = 0; l < layers.Count; l++)
            {
                Add(weightPart, layers[l].Weight, l);
                Add(biasPart, layers[l].Bias, l);
            }
        }
    }
}
