using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Training;

namespace NcfSpark.Jobs;

/// <summary>What scores a model: the fused kernel where the step is fused too, otherwise Torch. Their scores differ by rounding alone.</summary>
internal static class Scorers
{
    public static IModelScorer Of(ModelWeights weights, TrainOptions train) => train.Step == "torch" || (train.Step == "auto" && !SimdLevels.IsAccelerated)
        ? new ModelScorer(weights)
        : new FusedScorer(weights, SimdLevels.FromEnvironment());
}
