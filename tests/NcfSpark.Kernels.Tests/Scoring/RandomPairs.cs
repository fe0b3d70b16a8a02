using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels.Tests;

/// <summary>
/// A scorer with random weights, and its slow twin: the equations of <see cref="ScoreShape"/> one number at a time,
/// then a sort of everything.
/// Sums run in the same order, so both must agree to the last bit. Every third item is a copy of an earlier one, so
/// that there are ties.
/// </summary>
internal sealed class RandomPairs : IUserEncoder
{
    private readonly float[] network;

    public RandomPairs(ScoreShape shape, int users, int items, int seed)
    {
        (Shape, Users, Items, Seed) = (shape, users, items, seed);
        network = [.. Enumerable.Range(
            0, shape.Widths.Zip(shape.Widths.Skip(1), (inputs, outputs) => outputs * (inputs + 1)).Sum() + (shape.Widths.Count == 0 ? 0 : shape.Widths[^1]))
            .Select(i => Numbers.At(i, seed))];
    }

    public ScoreShape Shape { get; }

    public int Users { get; }

    public int Items { get; }

    public int Seed { get; }

    public int[] AllUsers => [.. Enumerable.Range(0, Users)];

    /// <summary>Ascending: many for users with an odd index, all items for user 3.</summary>
    public int[] Excluded(int user) =>
        [.. Enumerable.Range(0, Items).Where(item => user == 3 || Numbers.Below(item, user + Seed, user % 2 == 0 ? 20 : 2) == 0)];

    public AllPairs Make(SimdLevel level, int[]? itemIndexes = null)
    {
        itemIndexes ??= [.. Enumerable.Range(0, Items)];
        var pairs = new AllPairs(Shape, itemIndexes, level);
        for (int place = 0; place < itemIndexes.Length; place++) pairs.SetItem(place, ItemVector(itemIndexes[place]), ItemFirst(itemIndexes[place]));
        for (int l = 1; l < Shape.Widths.Count; l++) pairs.SetLayer(l, Weight(l), Bias(l));
        if (Shape.Widths.Count > 0) pairs.SetHead(Head);
        return pairs;
    }

    public float Fill(int user, Span<float> vector_K, Span<float> first_H)
    {
        for (int k = 0; k < vector_K.Length; k++) vector_K[k] = Numbers.At(k + 1000 * user, Seed + 1);
        for (int k = 0; k < first_H.Length; k++) first_H[k] = Numbers.At(k + 1000 * user, Seed + 2);
        return Numbers.At(user, Seed + 3);
    }

    public float Logit(int user, int item)
    {
        float[] u = new float[Shape.VectorSize], f = new float[Shape.FirstWidth], v = ItemVector(item), g = ItemFirst(item);
        float z = Fill(user, u, f);
        for (int k = 0; k < u.Length; k++) z = float.MultiplyAddEstimate(u[k], v[k], z);
        if (Shape.Widths.Count == 0) return z;
        float[] x = [.. f.Zip(g, (one, other) => Math.Max(one + other, 0))];
        for (int l = 1; l < Shape.Widths.Count; l++)
        {
            ReadOnlyMemory<float> weight = Weight(l).ToArray(), bias = Bias(l).ToArray();
            float[] inputs = x;
            x = [.. Enumerable.Range(0, Shape.Widths[l]).Select(n =>
            {
                float y = bias.Span[n];
                for (int k = 0; k < inputs.Length; k++) y = float.MultiplyAddEstimate(weight.Span[n * inputs.Length + k], inputs[k], y);
                return Math.Max(y, 0);
            })];
        }

        for (int n = 0; n < x.Length; n++) z = float.MultiplyAddEstimate(Head[n], x[n], z);
        return z;
    }

    public float Score(int user, int item) => 1 / (1 + Simd128.Exp(Vector128.Create(-Logit(user, item)))[0]);

    /// <summary>Scores everything and sorts.</summary>
    public (int Item, float Score)[] Best(int user, int k, IEnumerable<int> items, int[] excluded) =>
        [.. items.Except(excluded).Select(item => (Item: item, Score: Score(user, item))).OrderByDescending(pair => pair.Score).ThenBy(pair => pair.Item)
            .Take(k)];

    private float[] ItemVector(int item) => [.. Enumerable.Range(0, Shape.VectorSize).Select(k => Numbers.At(k + 1000 * Original(item), Seed + 4))];

    private float[] ItemFirst(int item) => [.. Enumerable.Range(0, Shape.FirstWidth).Select(k => Numbers.At(k + 1000 * Original(item), Seed + 5))];

    private static int Original(int item) => item % 3 == 2 ? item / 2 : item;

    private int LayerStart(int layer) => Shape.Widths.Zip(Shape.Widths.Skip(1), (inputs, outputs) => outputs * (inputs + 1)).Take(layer - 1).Sum();

    private ReadOnlySpan<float> Weight(int layer) => network.AsSpan(LayerStart(layer), Shape.Widths[layer] * Shape.Widths[layer - 1]);

    private ReadOnlySpan<float> Bias(int layer) => network.AsSpan(LayerStart(layer) + Shape.Widths[layer] * Shape.Widths[layer - 1], Shape.Widths[layer]);

    private ReadOnlySpan<float> Head => network.AsSpan(network.Length - Shape.Widths[^1]);
}
