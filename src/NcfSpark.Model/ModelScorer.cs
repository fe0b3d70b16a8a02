using System.Runtime.InteropServices;
using NcfSpark.Kernels;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// Computes the scores of a model with Torch, in tiles of items. The MLP's first layer is computed once for each item
/// and each user and added for each pair: W_1 [p'; q'] = W_1u p' + W_1i q'. Values that follow from the weights are
/// computed in the constructor: make a new scorer when the weights change. Shapes: B users, T items of a tile, E and M
/// embedding sizes, H the first layer's width.
/// </summary>
public sealed class ModelScorer : IModelScorer
{
    private const int TileItems = 2048; // 2048 x 64 floats are 512 KiB: a layer's input and output stay in a core's L2 cache

    private readonly ModelWeights weights;
    private readonly int[] items;
    private readonly UserVectors users;
    private readonly Tensor? itemGmf_NE;   // activated, times the head's weights
    private readonly Tensor? itemFirst_NH; // W_1i q'
    private readonly Tensor? firstUser_HM; // W_1u
    private readonly Tensor? headMlp_H;
    private readonly (Tensor Weight, Tensor Bias)[] layers;

    public ModelScorer(ModelWeights weights)
        : this(weights, [.. Enumerable.Range(0, weights.ItemCount)])
    {
    }

    /// <param name="items">Indexes of the items to score, ascending.</param>
    public ModelScorer(ModelWeights weights, ReadOnlySpan<int> items)
    {
        (this.weights, this.items) = (weights, items.ToArray());
        users = new UserVectors(weights, SimdLevels.FromEnvironment());
        set_num_threads(1); // a tile is computed by one thread; threads divide the users
        using var scope = NewDisposeScope();
        layers = [.. weights.MlpLayers.Select(layer => (layer.Weight.View(), layer.Bias.View()))];
        Tensor? head = weights.Head is null ? null : weights.Head.View();
        int gmfSize = weights.UserGmf?.Columns ?? 0;
        if (weights.ItemGmf is not null)
        {
            itemGmf_NE = Activated(RowsOf(weights.ItemGmf, items));
            if (head is not null) itemGmf_NE = itemGmf_NE * head.narrow(1, 0, gmfSize);
            itemGmf_NE = itemGmf_NE.MoveToOuterDisposeScope();
        }

        if (weights.ItemMlp is not null)
        {
            int m = weights.ItemMlp.Columns;
            firstUser_HM = layers[0].Weight.narrow(1, 0, m).contiguous().MoveToOuterDisposeScope();
            itemFirst_NH = Activated(RowsOf(weights.ItemMlp, items)).mm(layers[0].Weight.narrow(1, m, m).t()).MoveToOuterDisposeScope();
            headMlp_H = head!.narrow(1, gmfSize, head.shape[1] - gmfSize).reshape(-1).clone().MoveToOuterDisposeScope();
        }

        foreach ((Tensor weight, Tensor bias) in layers)
        {
            weight.MoveToOuterDisposeScope();
            bias.MoveToOuterDisposeScope();
        }
    }

    public int ItemCount => items.Length;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scores_BN.Length, users_B.Length * ItemCount);
        for (int b = 0; b < users_B.Length; b++)
        {
            using var scope = NewDisposeScope();
            Tensor? user_E = itemGmf_NE is null ? null : UsersOf([users_B[b]]).squeeze(0);
            Span<float> scores_N = scores_BN.Slice(b * ItemCount, ItemCount);
            for (int start = 0; start < ItemCount; start += TileItems)
            {
                ScoreTile(users_B[b], user_E, start, scores_N.Slice(start, Math.Min(TileItems, ItemCount - start)));
            }
        }
    }

    public void FindBest(
        ReadOnlyMemory<int> users, ExcludedItems excluded, IReadOnlyList<TopLists> lists, int threads, CancellationToken cancellation = default) =>
        Parallel.For(0, users.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, () => new float[ItemCount],
            (place, _, scores_N) =>
        {
            int user = users.Span[place];
            ScoreAll([user], scores_N);
            foreach (TopLists best in lists) best.Keep(place, scores_N, items, excluded(user), user);
            return scores_N;
        }, _ => { });

    public void ScorePairs(ReadOnlySpan<int> users_P, ReadOnlySpan<int> items_P, Span<float> scores_P)
    {
        for (int start = 0; start < users_P.Length; start += TileItems)
        {
            int count = Math.Min(TileItems, users_P.Length - start);
            ScorePairTile(users_P.Slice(start, count), items_P.Slice(start, count), scores_P.Slice(start, count));
        }
    }

    public void Dispose()
    {
        users.Dispose();
        foreach (Tensor? tensor in new[] { itemGmf_NE, itemFirst_NH, firstUser_HM, headMlp_H }) tensor?.Dispose();
        foreach ((Tensor weight, Tensor bias) in layers)
        {
            weight.Dispose();
            bias.Dispose();
        }
    }

    // Scores one user against a tile of neighbouring items.
    private void ScoreTile(int user, Tensor? user_E, int start, Span<float> scores_T)
    {
        using var scope = NewDisposeScope();
        int count = scores_T.Length;
        Tensor logits_T = Filled(count, weights.HeadBias.Values[0] + (weights.UserBias is null ? 0 : weights.UserBias.Values[user]));
        if (itemGmf_NE is not null) logits_T = logits_T.Plus(itemGmf_NE.narrow(0, start, count).mv(user_E!));
        if (itemFirst_NH is not null) logits_T = logits_T.Plus(Mlp(itemFirst_NH.narrow(0, start, count).Plus(FirstOf([user]))));
        if (weights.ItemBias is not null) logits_T = logits_T.Plus(RowsOf(weights.ItemBias, items.AsSpan(start, count)).squeeze(1));
        MemoryMarshal.Cast<byte, float>(ScoresOf(logits_T).bytes).CopyTo(scores_T);
    }

    private Tensor ScoresOf(Tensor logits_T) => weights.Options.ScoreIsCosine ? logits_T : logits_T.sigmoid_();

    private void ScorePairTile(ReadOnlySpan<int> users_T, ReadOnlySpan<int> items_T, Span<float> scores_T)
    {
        using var scope = NewDisposeScope();
        Tensor places = tensor(Array.ConvertAll(items_T.ToArray(), PlaceOf), dtype: ScalarType.Int64);
        Tensor logits_T = Filled(users_T.Length, weights.HeadBias.Values[0]);
        if (itemGmf_NE is not null) logits_T = logits_T.Plus((itemGmf_NE.index_select(0, places) * UsersOf(users_T)).sum(1));
        if (itemFirst_NH is not null) logits_T = logits_T.Plus(Mlp(itemFirst_NH.index_select(0, places).Plus(FirstOf(users_T))));
        if (weights.ItemBias is not null) logits_T = logits_T.Plus(RowsOf(weights.ItemBias, items_T).Plus(RowsOf(weights.UserBias!, users_T)).squeeze(1));
        MemoryMarshal.Cast<byte, float>(ScoresOf(logits_T).bytes).CopyTo(scores_T);
    }

    private long PlaceOf(int item)
    {
        int place = Array.BinarySearch(items, item);
        return place >= 0 ? place : throw new ArgumentException($"item {item} is not among those that are scored");
    }

    // The user's part of the first layer, with its bias.
    private Tensor FirstOf(ReadOnlySpan<int> users) => layers[0].Bias.addmm(Activated(RowsOf(weights.UserMlp!, users)), firstUser_HM!.t());

    // The MLP's part of the logit, from the first layer's sums before ReLU.
    private Tensor Mlp(Tensor first_TH)
    {
        Tensor x = first_TH.relu_();
        for (int l = 1; l < layers.Length; l++) x = layers[l].Bias.addmm(x, layers[l].Weight.t()).relu_();
        return x.mv(headMlp_H!);
    }

    private Tensor UsersOf(ReadOnlySpan<int> users_T)
    {
        int size = weights.UserGmf!.Columns;
        float[] vectors = new float[users_T.Length * size];
        users.Write(users_T, vectors, size);
        return Activated(tensor(vectors).reshape(users_T.Length, size));
    }

    // Not torch.full, which takes a Scalar: see TensorAddition.
    private static Tensor Filled(int count, float value)
    {
        float[] values = new float[count];
        Array.Fill(values, value);
        return tensor(values);
    }

    private static Tensor RowsOf(Weight table, ReadOnlySpan<int> rows)
    {
        float[] values = new float[rows.Length * table.Columns];
        for (int r = 0; r < rows.Length; r++) table.Row(rows[r]).CopyTo(values.AsSpan(r * table.Columns));
        return tensor(values).reshape(rows.Length, table.Columns);
    }

    private Tensor Activated(Tensor embedding) => weights.Options.EmbeddingActivation == Activation.Relu ? embedding.relu() : embedding;
}
