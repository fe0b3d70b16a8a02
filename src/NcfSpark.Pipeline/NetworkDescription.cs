using NcfSpark.Model;
using NcfSpark.Reporting;

namespace NcfSpark.Pipeline;

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
            if (weights.UserInteractions is { } users)
            {
                string[] sides = [AddInteractions(layers, "user", users), AddInteractions(layers, "item", weights.ItemInteractions!)];
                layers.RemoveAll(layer => layer.Name is "user_gmf" or "item_gmf");
                layers.Add(new("head", "Cosine", sides, $"{weights.UserGmf.Columns}", "1", 0));
                return layers;
            }

            string user = weights.Options.HasAttention ? AddAttention(weights, layers)
                : weights.Options.HasHistory ? AddHistory(weights, layers)
                : "user_gmf";
            layers.Add(new(weights.Head is null ? "dot" : "gmf", weights.Head is null ? "Dot product" : "Multiply", [user, "item_gmf"], size, output, 0));
            headInputs.Add(layers[^1].Name);
        }

        if (weights.UserMlp is not null)
        {
            layers.Add(Embedding(weights, "user_mlp", "user", weights.UserMlp));
            layers.Add(Embedding(weights, "item_mlp", "item", weights.ItemMlp!));
            double[] dropout = weights.Options.Dropout;
            int columns = weights.UserMlp.Columns;
            layers.Add(new("concat", "Concatenate", ["user_mlp", "item_mlp"], $"{columns} + {columns}", $"{2 * columns}", 0, DropoutNote(dropout, 0)));
            for (int l = 0; l < weights.MlpLayers.Count; l++)
            {
                (Weight weight, Weight bias) = weights.MlpLayers[l];
                int parameters = weight.Values.Length + bias.Values.Length;
                layers.Add(new($"mlp.{l}", "Dense + ReLU", [layers[^1].Name], $"{weight.Columns}", $"{weight.Rows}", parameters, DropoutNote(dropout, l + 1)));
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
            int parameters = weights.Head!.Values.Length + weights.HeadBias.Values.Length;
            layers.Add(new("head", "Dense + sigmoid", headInputs, $"{weights.Head.Columns}", "1", parameters));
        }

        return layers;
    }

    // Adds the boxes from the user's latest items to the user's vector; returns the name of the last.
    private static string AddHistory(ModelWeights weights, List<NetworkLayer> layers)
    {
        ModelOptions options = weights.Options;
        string size = $"{options.EmbeddingSize}";
        layers.Add(new("history", "Input", [], "", $"{options.History.Length}", 0, "items before"));
        layers.Add(Embedding(weights, "item_history", "history", weights.ItemHistory!));
        string weighted = $"the latest most, x {options.History.Factor}";
        layers.Add(new("pool", "Weighted sum", ["item_history"], $"{options.History.Length} x {size}", size, 0, weighted));
        List<string> parts = ["user_gmf", "pool"];
        if (weights.UserLayers is [var hidden, var output])
        {
            string[] notes = [options.HasTemporalFeatures ? $"{TemporalFeatures.Count} temporal features" : "", DropoutNote([options.UserMlp.Dropout], 0)];
            string note = string.Join(", ", notes.Where(one => one.Length > 0));
            int parameters = hidden.Weight.Values.Length + hidden.Bias.Values.Length;
            string[] inputs = ["item_history", "pool", "user_gmf"];
            layers.Add(new("user_layers.0", "Dense + ReLU", inputs, $"{hidden.Weight.Columns}", $"{hidden.Weight.Rows}", parameters, note));
            int outputParameters = output.Weight.Values.Length + output.Bias.Values.Length;
            layers.Add(new("user_layers.1", "Dense", ["user_layers.0"], $"{output.Weight.Columns}", $"{output.Weight.Rows}", outputParameters));
            parts.Add("user_layers.1");
        }

        layers.Add(new("user_side", "Sum", parts, size, size, 0));
        return "user_side";
    }

    // The boxes from a row of the interaction matrix to a vector; returns the name of the last.
    private static string AddInteractions(List<NetworkLayer> layers, string side, ModelWeights.EncoderWeights encoder)
    {
        Weight table = encoder.Table;
        layers.Add(new($"{side}_interactions", "Dense", [side], $"{table.Rows}", $"{table.Columns}", table.Values.Length, "a sum of rows"));
        for (int l = 0; l < encoder.Layers.Count; l++)
        {
            (Weight weight, Weight bias) = encoder.Layers[l];
            int parameters = weight.Values.Length + bias.Values.Length;
            layers.Add(new($"{side}_interactions.{l + 1}", "Dense + ReLU", [layers[^1].Name], $"{weight.Columns}", $"{weight.Rows}", parameters));
        }

        return layers[^1].Name;
    }

    // The same for attention over the user's latest items.
    private static string AddAttention(ModelWeights weights, List<NetworkLayer> layers)
    {
        (AttentionOptions options, string size) = (weights.Options.Attention, $"{weights.Options.EmbeddingSize}");
        string tokens = $"{options.Length} x {size}", heads = options.Heads == 1 ? "1 head" : $"{options.Heads} heads";
        string note = options.Dropout > 0 ? $"{heads}, {DropoutNote([options.Dropout], 0)}" : heads;
        int Parameters(string prefix) =>
            weights.Attention.Where(weight => weight.Name.StartsWith(prefix, StringComparison.Ordinal)).Sum(weight => weight.Values.Length);

        layers.Add(new("history", "Input", [], "", $"{options.Length}", 0, "items before, and when"));
        int times = Parameters("attention.gap.") + Parameters("attention.moment.");
        layers.Add(new("tokens", "Embedding", ["history"], $"{options.Length}", tokens, times, "rows of item_gmf + gaps + moment"));
        for (int block = 0; block < options.Blocks; block++)
        {
            layers.Add(new($"attention.{block}", "Attention block", [layers[^1].Name], tokens, tokens, Parameters($"attention.{block}."), note));
        }

        layers.Add(new("latest", "Norm of the latest", [layers[^1].Name], tokens, size, Parameters("attention.norm.")));
        layers.Add(new("user_side", "Sum", ["user_gmf", "latest"], size, size, 0));
        return "user_side";
    }

    private static NetworkLayer Embedding(ModelWeights weights, string name, string input, Weight table)
    {
        bool relu = weights.Options.EmbeddingActivation == Activation.Relu && table.Columns > 1;
        return new(name, relu ? "Embedding + ReLU" : "Embedding", [input], "1", $"{table.Columns}", table.Values.Length, $"{table.Rows:N0} rows");
    }

    private static string DropoutNote(double[] rates, int layer) => rates.ElementAtOrDefault(layer) is > 0 and var rate ? $"dropout {rate}" : "";
}
