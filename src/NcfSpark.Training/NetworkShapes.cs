using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

internal static class NetworkShapes
{
    /// <summary>The network of a model, as the kernels know it.</summary>
    public static NetworkShape Of(ModelOptions options)
    {
        bool mlp = options.Kind is "neumf" or "mlp";
        return new NetworkShape
        {
            History = options.HasHistory ? HistoryOf(options) : null,
            GmfSize = options.Kind == "mlp" ? 0 : options.EmbeddingSize,
            MlpSize = mlp ? options.MlpEmbeddingSize : 0,
            Layers = mlp ? options.MlpLayers : [],
            Dropout = mlp ? options.Dropout : [],
            EmbeddingRelu = options.EmbeddingActivation == "relu",
            Biases = options.Biases || options.Kind == "mf",
            TrainedGmfHead = options.TrainedGmfHead && options.Kind != "mf",
        };
    }

    private static UserHistoryShape HistoryOf(ModelOptions options) => new()
    {
        Length = options.HistoryLength,
        Shares = PoolShares.Of(options.HistoryLength, options.HistoryDecay),
        Factor = (float)options.HistoryFactor,
        Hidden = options.UserMlpWidth,
        Lags = options.UserMlpLags,
        TemporalFeatureCount = options.HasTemporalFeatures ? TemporalFeatures.Count : 0,
        Dropout = options.UserMlpDropout,
    };
}
