using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>
/// What scores a model: the fused kernel, whatever trained it. It serves every shape on every processor, and is all that Spark's tasks have (libtorch is not sent there), so `score`
/// gives the same bits here and there.
/// </summary>
public static class Scorers
{
    public static FusedScorer Of(ModelWeights weights) => new(weights, SimdLevels.FromEnvironment());

    /// <param name="items">The items that are scored, rising.</param>
    public static FusedScorer Of(ModelWeights weights, ReadOnlySpan<int> items) => new(weights, SimdLevels.FromEnvironment(), items);
}
