using NcfSpark.Core;
using NcfSpark.Kernels;
using static NcfSpark.Model.Onnx.TensorProto.Types;

namespace NcfSpark.Model.Onnx;

/// <summary>
/// A model as ONNX (opset 17; by id also ai.onnx.ml 2). B pairs, users or items of a call; D of <see cref="PairVectors"/>; K = Model:History:Length.
/// <code>
/// pair scorer     user_index [B], item_index [B] int64            → score [B] float: sigmoid(u · v + MLP), what `score` writes
///   by id         user_id [B], item_id [B] int64 or string        → the same
/// item vectors    item_index [B]                                  → item_vector [B, D]
/// user encoder    user_index [B] (-1: unknown), items [B, K]
///                 (indexes, latest first, filled up with -1),
///                 temporal_features [B, 24] if the model has them → user_vector [B, D]
/// </code>
/// The score of an unknown id is NaN, and so is that of the index -1: tables end with a row of NaN. sigmoid(user_vector · item_vector) is the score; a model
/// with an MLP over pairs (neumf, mlp) has no such vectors, so there is only its pair scorer.
/// </summary>
public static class OnnxModels
{
    /// <summary>What an ONNX file, which is one message of protobuf, may hold.</summary>
    private const long Largest = int.MaxValue - (1 << 20);

    /// <summary>The files of a model by name.</summary>
    /// <exception cref="InvalidInputException">One would be larger than ONNX's 2 GB.</exception>
    public static IEnumerable<(string Name, byte[] Content)> FilesOf(TrainedModel model)
    {
        long bytes = model.Weights.All.Sum(weight => (long)weight.Rows * weight.Columns * sizeof(float));
        if (bytes > Largest)
        {
            throw new InvalidInputException($"The model has {bytes / 1e9:F1} GB of weights, and an ONNX file holds 2: `export` with --format parquet "
                + "writes its vectors.");
        }

        var vectors = new PairVectors(model.Weights);
        yield return ("pair_scorer.onnx", PairScorer(model, vectors, byId: false));
        yield return ("pair_scorer_by_id.onnx", PairScorer(model, vectors, byId: true));
        if (model.Weights.MlpLayers.Count > 0) yield break;
        yield return ("item_vectors.onnx", ItemVectors(vectors));
        if (model.Weights.ItemHistory is not null && model.Weights.Options.User == UserEncoderKind.History)
        {
            yield return ("user_encoder.onnx", UserEncoder(model.Weights));
        }
    }

    private static byte[] PairScorer(TrainedModel model, PairVectors vectors, bool byId)
    {
        ModelWeights weights = model.Weights;
        var graph = new OnnxGraph("pair_scorer");
        string Side(string side, IdTable ids) => byId
            ? graph.IndexOf(graph.Input($"{side}_id", ids.IsNumeric ? DataType.Int64 : DataType.String, "Id as in the log."), ids)
            : graph.Input($"{side}_index", DataType.Int64, $"Index in the model's {side}s.parquet.");
        string user = Side("user", model.Users), item = Side("item", model.Items);
        float[] unknown = [.. Enumerable.Repeat(float.NaN, vectors.Size)];
        string users = graph.Table("user_vectors", [.. vectors.Users_UD, .. unknown], weights.UserCount + 1, vectors.Size);
        string items = graph.Table("item_vectors", [.. vectors.Items_ID, .. unknown], weights.ItemCount + 1, vectors.Size);
        string product = graph.Node("Mul", [graph.Node("Gather", [users, user]), graph.Node("Gather", [items, item])]);
        string axis = graph.Table("axis_1", [1]), logit = graph.Node("ReduceSum", [product, axis], ("keepdims", [0]));
        if (weights.UserMlp is not null)
        {
            string Rows(Weight table, string index)
            {
                string rows = graph.Table(table.Name, WithEmptyRow(table), table.Rows + 1, table.Columns); // what is not there is NaN by its vector above
                return Activated(graph, weights, graph.Node("Gather", [rows, index]));
            }

            string x = graph.Node("Concat", [Rows(weights.UserMlp, user), Rows(weights.ItemMlp!, item)], ("axis", [1]));
            foreach ((Weight weight, Weight bias) in weights.MlpLayers) x = graph.Node("Relu", [graph.Linear(x, Table(graph, weight), Bias(graph, bias))]);
            ReadOnlySpan<float> head = weights.Head!.Values[(weights.ItemGmf?.Columns ?? 0)..];
            string mlp = graph.Linear(x, graph.Table("head_of_mlp", head, 1, head.Length), bias: null);
            logit = graph.Node("Add", [logit, graph.Node("Squeeze", [mlp, axis])]);
        }

        string score = graph.Node(weights.Options.ScoreIsCosine ? "Identity" : "Sigmoid", [logit]);
        graph.Output("score", score, "Probability that the user takes the item; with Kind \"cosine\" the cosine.");
        return graph.ToBytes("The scores of pairs, as NcfSpark's `score` writes them where source is model or history.");
    }

    private static byte[] ItemVectors(PairVectors vectors)
    {
        var graph = new OnnxGraph("item_vectors");
        string item = graph.Input("item_index", DataType.Int64, "Index in the model's items.parquet.");
        string table = graph.Table("item_vectors", vectors.Items_ID, vectors.Items_ID.Length / vectors.Size, vectors.Size);
        graph.Output("item_vector", graph.Node("Gather", [table, item]), "Its product with a user_vector is the logit.", vectors.Size);
        return graph.ToBytes("Vectors of items.");
    }

    // h = Σ_k factor share_k y_k    x = [y_1; …; y_L; h; p; r]    v = p + h + V_2 relu(V_1 x + c_1) + c_2, as UserVectors has it. Index -1 is a table's
    // last row, which is 0 here.
    private static byte[] UserEncoder(ModelWeights weights)
    {
        (int length, int size, int lags) = (weights.Options.History.Length, weights.UserGmf!.Columns, weights.Options.UserMlp.Lags);
        var graph = new OnnxGraph("user_encoder");
        string user = graph.Input("user_index", DataType.Int64, "Index in the model's users.parquet; -1 for somebody whom it does not know.");
        string items = graph.Input("items", DataType.Int64, "Indexes of the items used, the latest first, filled up with -1.", length);
        string own = graph.Node("Gather", [graph.Table("own", WithEmptyRow(weights.UserGmf), weights.UserCount + 1, size), user]);
        string latest = graph.Node("Gather", [graph.Table("item_history", WithEmptyRow(weights.ItemHistory!), weights.ItemCount + 1, size), items]);
        string axis = graph.Table("axis_1", [1]);
        string present = graph.Node("Cast", [graph.Node("GreaterOrEqual", [items, graph.Table("zero", [0])])], ("to", [(long)DataType.Int64]));
        string count = graph.Node("ReduceSum", [present, axis], ("keepdims", [0]));
        float factor = (float)weights.Options.History.Factor;
        float[] shares = [.. PoolShares.Of(length, weights.Options.History.Decay).SelectMany(row => row.Select(share => factor * share))];
        string share = graph.Node("Unsqueeze", [graph.Node("Gather", [graph.Table("shares", shares, length + 1, length), count]), axis]);
        string pool = graph.Node("Squeeze", [graph.Node("MatMul", [share, latest]), axis]), vector = graph.Node("Add", [own, pool]);
        if (weights.UserLayers is [var hidden, var output])
        {
            List<string> inputs = [];
            if (lags > 0)
            {
                string some = graph.Node("Slice", [latest, graph.Table("first", [0]), graph.Table("lags", [lags]), axis]);
                inputs.Add(graph.Node("Reshape", [some, graph.Table("flat", [-1, lags * size])]));
            }

            inputs.AddRange([pool, own]);
            if (weights.Options.HasTemporalFeatures)
            {
                inputs.Add(graph.Input("temporal_features", DataType.Float, "0 or 1 each: pauses, bursts and sessions.", TemporalFeatures.Count));
            }

            string x = graph.Node("Concat", [.. inputs], ("axis", [1]));
            string z = graph.Node("Relu", [graph.Linear(x, Table(graph, hidden.Weight), Bias(graph, hidden.Bias))]);
            vector = graph.Node("Add", [vector, graph.Linear(z, Table(graph, output.Weight), Bias(graph, output.Bias))]);
        }

        if (weights.Head is { } head) vector = graph.Node("Mul", [vector, graph.Table("head", head.Values[..size], size)]);
        IEnumerable<int> rows = [.. Enumerable.Range(0, weights.UserCount), -1];
        float[] rest = [.. rows.SelectMany(row => new[] { 1, PairVectors.BiasOf(weights, row) })];
        string ends = graph.Node("Gather", [graph.Table("one_and_bias", rest, weights.UserCount + 1, 2), user]);
        graph.Output("user_vector", graph.Node("Concat", [vector, ends], ("axis", [1])), "Its product with an item_vector is the logit.", size + 2);
        return graph.ToBytes("The vector of a user by what they used last.");
    }

    private static string Activated(OnnxGraph graph, ModelWeights weights, string rows) =>
        weights.Options.EmbeddingActivation == Activation.Relu ? graph.Node("Relu", [rows]) : rows;

    private static string Table(OnnxGraph graph, Weight weight) => graph.Table(weight.Name, weight.Values, weight.Rows, weight.Columns);

    private static string Bias(OnnxGraph graph, Weight bias) => graph.Table(bias.Name, bias.Values, bias.Columns);

    private static float[] WithEmptyRow(Weight table) => [.. table.Values, .. new float[table.Columns]];
}

/// <summary>
/// Vectors of users and items whose product is the logit of a pair, without an MLP's part: u = [h ∘ p; 1; b_0 + b_u], v = [q; b_i; 1], of D = E + 2 numbers
/// (E = 0 for Kind "mlp"). p is what the user encoder makes of a user, h the head's weights (1 without a head).
/// </summary>
public sealed class PairVectors
{
    public PairVectors(ModelWeights weights)
    {
        int size = weights.ItemGmf?.Columns ?? 0;
        Size = size + 2;
        (Users_UD, Items_ID) = (new float[checked(weights.UserCount * Size)], new float[checked(weights.ItemCount * Size)]);
        using (UserVectors? encoder = size == 0 ? null : new UserVectors(weights, SimdLevels.FromEnvironment()))
        {
            encoder?.Write([.. Enumerable.Range(0, weights.UserCount)], Users_UD, Size);
        }

        bool relu = weights.Options.EmbeddingActivation == Activation.Relu;
        for (int user = 0; user < weights.UserCount; user++)
        {
            Span<float> vector = Users_UD.AsSpan(user * Size, Size);
            for (int k = 0; k < size; k++) vector[k] = (relu ? Math.Max(vector[k], 0) : vector[k]) * (weights.Head is null ? 1 : weights.Head.Values[k]);
            (vector[size], vector[size + 1]) = (1, BiasOf(weights, user));
        }

        for (int item = 0; item < weights.ItemCount; item++)
        {
            Span<float> vector = Items_ID.AsSpan(item * Size, Size);
            for (int k = 0; k < size; k++) vector[k] = relu ? Math.Max(weights.ItemGmf!.Row(item)[k], 0) : weights.ItemGmf!.Row(item)[k];
            (vector[size], vector[size + 1]) = (weights.ItemBias is null ? 0 : weights.ItemBias.Values[item], 1);
        }
    }

    /// <summary>D.</summary>
    public int Size { get; }

    /// <summary>Users' vectors, one after the other, by index.</summary>
    public float[] Users_UD { get; }

    /// <summary>Items' vectors, one after the other, by index.</summary>
    public float[] Items_ID { get; }

    // Below 0: somebody whom the model does not know.
    internal static float BiasOf(ModelWeights weights, int user) =>
        weights.HeadBias.Values[0] + (weights.UserBias is null || user < 0 ? 0 : weights.UserBias.Values[user]);
}
