using NcfSpark.Evaluation.Reporting;
using NcfSpark.Model;

namespace NcfSpark.Jobs;

/// <summary>A model's network as the boxes that the report draws, with its real sizes.</summary>
internal static class NetworkDescription
{
    public static IReadOnlyList<NetworkLayer> Of(ModelWeights weights)
    {
        var layers = new List<NetworkLayer> { new("user", "Input", [], "", "1", 0), new("item", "Input", [], "", "1", 0) };
        var headInputs = new List<string>();
        if (weights.UserGmf is not null)
        {
            layers.Add(Embedding(weights, "user_gmf", "user", weights.UserGmf));
            layers.Add(Embedding(weights, "item_gmf", "item", weights.ItemGmf!));
            (string size, string output) = ($"{weights.UserGmf.Columns}", weights.Head is null ? "1" : $"{weights.UserGmf.Columns}");
            layers.Add(new(weights.Head is null ? "dot" : "gmf", weights.Head is null ? "Dot product" : "Multiply", ["user_gmf", "item_gmf"], size, output, 0));
            headInputs.Add(layers[^1].Name);
        }

        if (weights.UserMlp is not null)
        {
            layers.Add(Embedding(weights, "user_mlp", "user", weights.UserMlp));
            layers.Add(Embedding(weights, "item_mlp", "item", weights.ItemMlp!));
            double[] dropout = weights.Options.Dropout;
            layers.Add(new("concat", "Concatenate", ["user_mlp", "item_mlp"], $"{weights.UserMlp.Columns} + {weights.UserMlp.Columns}", $"{2 * weights.UserMlp.Columns}", 0, DropoutNote(dropout, 0)));
            for (int l = 0; l < weights.MlpLayers.Count; l++)
            {
                (Weight weight, Weight bias) = weights.MlpLayers[l];
                layers.Add(new($"mlp.{l}", "Dense + ReLU", [layers[^1].Name], $"{weight.Columns}", $"{weight.Rows}", weight.Values.Length + bias.Values.Length, DropoutNote(dropout, l + 1)));
            }

            headInputs.Add(layers[^1].Name);
        }

        if (weights.UserBias is not null)
        {
            layers.Add(Embedding(weights, "user_bias", "user", weights.UserBias));
            layers.Add(Embedding(weights, "item_bias", "item", weights.ItemBias!));
            headInputs.AddRange(["user_bias", "item_bias"]);
            layers.Add(new("head", "Sum + sigmoid", headInputs, $"{headInputs.Count}", "1", weights.HeadBias.Values.Length, "global bias"));
        }
        else
        {
            layers.Add(new("head", "Dense + sigmoid", headInputs, $"{weights.Head!.Columns}", "1", weights.Head.Values.Length + weights.HeadBias.Values.Length));
        }

        return layers;
    }

    private static NetworkLayer Embedding(ModelWeights weights, string name, string input, Weight table)
    {
        bool relu = weights.Options.EmbeddingActivation == "relu" && table.Columns > 1;
        return new(name, relu ? "Embedding + ReLU" : "Embedding", [input], "1", $"{table.Columns}", table.Values.Length, $"{table.Rows:N0} rows");
    }

    private static string DropoutNote(double[] rates, int layer) => rates.ElementAtOrDefault(layer) is > 0 and var rate ? $"dropout {rate}" : "";
}
