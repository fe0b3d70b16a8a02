using NcfSpark.Data;

namespace NcfSpark.Model.Tests;

/// <summary>Small models of every kind, with weights that are all different.</summary>
internal static class Models
{
    public static readonly string[] Kinds = ["neumf", "gmf", "mlp", "mf"];

    public static ModelOptions Options(string kind, string activation = "none", bool biases = false) => new()
    {
        Kind = kind,
        EmbeddingSize = 5,
        MlpEmbeddingSize = 3,
        MlpLayers = [7, 4],
        EmbeddingActivation = activation,
        Biases = biases,
        EmbeddingInit = 0.7,
    };

    public static ModelWeights Random(ModelOptions options, int users = 6, int items = 9, long seed = 1)
    {
        ModelWeights weights = ModelWeights.Initialize(options, users, items, seed);
        foreach (Weight weight in weights.All)
        {
            RandomStream stream = RandomStream.Named(seed, "test", weight.Rows, weight.Columns, weight.Name.Length);
            for (int i = 0; i < weight.Values.Length; i++) weight.Values[i] += (float)(0.3 * stream.Normal(i));
        }

        return weights;
    }
}
