using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

internal static class NetworkShapes
{
    /// <summary>The network of a model, as the kernels know it.</summary>
    public static NetworkShape Of(ModelOptions options)
    {
        bool mlp = options.Kind is NetworkKind.Neumf or NetworkKind.Mlp;
        return new NetworkShape
        {
            History = options.HasHistory ? HistoryOf(options) : null,
            GmfSize = options.Kind == NetworkKind.Mlp ? 0 : options.EmbeddingSize,
            MlpSize = mlp ? options.MlpEmbeddingSize : 0,
            Layers = mlp ? options.MlpLayers : [],
            Dropout = mlp ? options.Dropout : [],
            EmbeddingRelu = options.EmbeddingActivation == Activation.Relu,
            Biases = options.Biases || options.Kind == NetworkKind.Mf,
            TrainedGmfHead = options.TrainedGmfHead && options.Kind != NetworkKind.Mf,
        };
    }

    private static UserHistoryShape HistoryOf(ModelOptions options) => new()
    {
        Length = options.History.Length,
        Shares = PoolShares.Of(options.History.Length, options.History.Decay),
        Factor = (float)options.History.Factor,
        Hidden = options.UserMlp.Width,
        Lags = options.UserMlp.Lags,
        TemporalFeatureCount = options.HasTemporalFeatures ? TemporalFeatures.Count : 0,
        Dropout = options.UserMlp.Dropout,
    };
}
