using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>
/// NeuMF as He et al. published it, with Adam for all and the logistic loss on stored negatives: what tests and benchmarks start from, so that
/// they do not depend on the defaults, which are meant to recommend well.
/// </summary>
internal static class PlainOptions
{
    public static ModelOptions Model { get; } = new()
    {
        Kind = NetworkKind.Neumf,
        EmbeddingSize = 32,
        MlpLayers = [],
        EmbeddingInit = 0.01,
        User = UserEncoderKind.Embedding,
    };

    public static TrainOptions Train { get; } = new()
    {
        Negatives = NegativeSource.Stored,
        NegativesPerPositive = 5,
        Loss = LossKind.Logistic,
        Epochs = 20,
        BatchSize = 256,
        LearningRateSchedule = LearningRateSchedule.Constant,
        Embeddings = new(),
    };
}
