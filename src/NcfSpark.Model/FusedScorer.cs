using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>
/// Computes the scores of a model with the fused kernel (<see cref="AllPairs"/>), without libtorch.
/// <see cref="ModelScorer"/> computes the same with Torch. Values that follow from the weights are computed in the
/// constructor: make a new scorer when the weights change.
/// </summary>
public sealed class FusedScorer : ISessionScorer
{
    private readonly ModelWeights weights;
    private readonly AllPairs pairs;
    private readonly UserEncoder encoder;

    public FusedScorer(ModelWeights weights, SimdLevel level)
        : this(weights, level, [.. Enumerable.Range(0, weights.ItemCount)])
    {
    }

    /// <param name="items">Indexes of the items that may be recommended, ascending.</param>
    public FusedScorer(ModelWeights weights, SimdLevel level, ReadOnlySpan<int> items)
    {
        this.weights = weights;
        encoder = new UserEncoder(weights, level);
        pairs = new AllPairs(ShapeOf(weights.Options), items, level);
        SetItems();
        for (int l = 1; l < weights.MlpLayers.Count; l++) pairs.SetLayer(l, weights.MlpLayers[l].Weight.Values, weights.MlpLayers[l].Bias.Values);
        if (weights.MlpLayers.Count > 0) pairs.SetHead(weights.Head!.Values[(weights.ItemGmf?.Columns ?? 0)..]);
    }

    /// <summary>The formula of a score, which tells what a pair costs.</summary>
    public ScoreShape Shape => pairs.Shape;

    public int ItemCount => pairs.ItemIndexes.Length;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN) => pairs.ScoreAll(encoder, users_B, scores_BN);

    public void FindBest(
        ReadOnlyMemory<int> users, ExcludedItems excluded, IReadOnlyList<TopLists> lists, int threads, CancellationToken cancellation = default) =>
        pairs.FindBest(encoder, users, excluded, lists, threads, cancellation);

    public void FindBest(UserSession session, int[] excluded, TopLists best) =>
        pairs.FindBest(new SessionEncoder(encoder, session), new[] { session.User }, _ => excluded, best, threads: 1);

    public void ScorePairs(ReadOnlySpan<int> users_P, ReadOnlySpan<int> items_P, Span<float> scores_P) => pairs.ScorePairs(encoder, users_P, items_P, scores_P);

    public void Dispose()
    {
        pairs.Dispose();
        encoder.Dispose();
    }

    private static ScoreShape ShapeOf(ModelOptions options) => new()
    {
        VectorSize = (options.HasGmf ? options.EmbeddingSize : 0) + (options.HasBiases ? 1 : 0),
        Widths = options.HasMlp ? options.MlpLayers : [],
        ScoreIsLogit = options.ScoreIsCosine,
    };

    // v_i = [q; b_i]     g_i = W_1i q'
    private void SetItems()
    {
        int[] items = pairs.ItemIndexes.ToArray();
        SideLayer? layer = weights.ItemMlp is null ? null : new SideLayer(weights.MlpLayers[0].Weight, weights.ItemMlp.Columns, weights.ItemMlp.Columns);
        bool relu = weights.Options.EmbeddingActivation == Activation.Relu;
        Parallel.For(0, items.Length, () => (Vector_K: new float[Shape.VectorSize], First_H: new float[Shape.FirstWidth]), (place, _, values) =>
        {
            if (weights.ItemGmf is not null)
            {
                ReadOnlySpan<float> q = weights.ItemGmf.Row(items[place]);
                for (int k = 0; k < q.Length; k++) values.Vector_K[k] = relu ? Math.Max(q[k], 0) : q[k];
            }

            if (weights.ItemBias is not null) values.Vector_K[^1] = weights.ItemBias.Values[items[place]];
            if (layer is not null)
            {
                values.First_H.AsSpan().Clear();
                layer.Add(weights.ItemMlp!.Row(items[place]), relu, values.First_H);
            }

            pairs.SetItem(place, values.Vector_K, values.First_H);
            return values;
        }, _ => { });
    }

    // u = [h ∘ p; 1]     a_u = b_0 + b_u     f_u = b_1 + W_1u p'
    private sealed class UserEncoder : IUserEncoder, IDisposable
    {
        private readonly ModelWeights weights;
        private readonly UserVectors vectors;
        private readonly SideLayer? layer;
        private readonly bool relu;

        public UserEncoder(ModelWeights weights, SimdLevel level)
        {
            (this.weights, vectors, relu) = (weights, new UserVectors(weights, level), weights.Options.EmbeddingActivation == Activation.Relu);
            if (weights.UserMlp is not null) layer = new SideLayer(weights.MlpLayers[0].Weight, 0, weights.UserMlp.Columns);
        }

        public float Fill(int user, Span<float> vector_K, Span<float> first_H)
        {
            float bias = 0;
            FillAll([user], new Span<float>(ref bias), vector_K, first_H);
            return bias;
        }

        public void FillAll(ReadOnlySpan<int> users_T, Span<float> biases_T, Span<float> vectors_TK, Span<float> firsts_TH)
        {
            int k = vectors_TK.Length / users_T.Length, h = firsts_TH.Length / users_T.Length;
            if (weights.UserGmf is not null) vectors.Write(users_T, vectors_TK, k);
            for (int t = 0; t < users_T.Length; t++) biases_T[t] = Finish(users_T[t], vectors_TK.Slice(t * k, k), firsts_TH.Slice(t * h, h));
        }

        public float Fill(UserSession session, Span<float> vector_K, Span<float> first_H)
        {
            if (weights.UserGmf is not null) vectors.Write(session, vector_K[..weights.UserGmf.Columns]);
            return Finish(session.User, vector_K, first_H);
        }

        public void Dispose() => vectors.Dispose();

        // Completes what a user contributes, once vector_K holds v. Below 0: somebody whom the model does not know, as if their rows were 0.
        private float Finish(int user, Span<float> vector_K, Span<float> first_H)
        {
            if (weights.UserGmf is not null)
            {
                Span<float> p = vector_K[..weights.UserGmf.Columns];
                for (int k = 0; k < p.Length; k++)
                {
                    if (relu) p[k] = Math.Max(p[k], 0);
                    if (weights.Head is not null) p[k] *= weights.Head.Values[k];
                }
            }

            if (weights.ItemBias is not null) vector_K[^1] = 1;
            if (layer is not null)
            {
                weights.MlpLayers[0].Bias.Values.CopyTo(first_H);
                if (user >= 0) layer.Add(weights.UserMlp!.Row(user), relu, first_H);
            }

            return weights.HeadBias.Values[0] + (weights.UserBias is null || user < 0 ? 0 : weights.UserBias.Values[user]);
        }
    }

    private sealed class SessionEncoder(UserEncoder encoder, UserSession session) : IUserEncoder
    {
        public float Fill(int user, Span<float> vector_K, Span<float> first_H) => encoder.Fill(session, vector_K, first_H);
    }
}
