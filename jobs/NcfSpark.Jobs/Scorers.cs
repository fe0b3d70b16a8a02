using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Jobs;

/// <summary>What scores a model: the fused kernel where the step is fused too, otherwise Torch. Their scores differ by rounding alone.</summary>
internal static class Scorers
{
    public static IModelScorer Of(ModelWeights weights, TrainOptions train) => Of(weights, train, [.. Enumerable.Range(0, weights.ItemCount)]);

    /// <param name="weights">The model.</param>
    /// <param name="train">Says which.</param>
    /// <param name="items">The items that are scored, rising.</param>
    public static IModelScorer Of(ModelWeights weights, TrainOptions train, ReadOnlySpan<int> items) => train.Step == "torch" || (train.Step == "auto" && !SimdLevels.IsAccelerated)
        ? new ModelScorer(weights, items)
        : new FusedScorer(weights, SimdLevels.FromEnvironment(), items);
}
