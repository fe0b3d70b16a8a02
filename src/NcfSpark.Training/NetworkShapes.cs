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
            GmfSize = options.Kind == "mlp" ? 0 : options.EmbeddingSize,
            MlpSize = mlp ? options.MlpEmbeddingSize : 0,
            Layers = mlp ? options.MlpLayers : [],
            Dropout = mlp ? options.Dropout : [],
            EmbeddingRelu = options.EmbeddingActivation == "relu",
            Biases = options.Biases || options.Kind == "mf",
            TrainedGmfHead = options.TrainedGmfHead && options.Kind != "mf",
        };
    }
}
