using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Model;

/// <summary>
/// Finds similar items by the cosine of what the model has learned of each: its GMF embedding and its MLP embedding
/// side by side, after the model's activation. Biases, which say how popular an item is, are left out. Where a baseline serves,
/// they are the items to which it adds most, by what it adds; by popularity none.
/// </summary>
public sealed class ItemEmbeddings : IUserEncoder, IDisposable
{
    private readonly int size;
    private readonly float[] unit_IE;
    private readonly int[] own;
    private readonly AllPairs pairs;
    private readonly ItemWeights? baseline;
    private readonly int[] among;

    /// <param name="among">Indexes of the items that may be listed, ascending.</param>
    public ItemEmbeddings(ModelWeights weights, ReadOnlySpan<int> among, SimdLevel level)
    {
        (baseline, this.among) = (weights.Baseline, among.ToArray());
        Weight[] tables = [.. new[] { weights.ItemGmf, weights.ItemMlp }.OfType<Weight>()];
        size = tables.Sum(table => table.Columns);
        unit_IE = new float[checked(weights.ItemCount * size)];
        bool relu = weights.Options.EmbeddingActivation == Activation.Relu;
        Parallel.For(0, weights.ItemCount, item =>
        {
            Span<float> unit = Of(item);
            int start = 0;
            foreach (Weight table in tables)
            {
                table.Row(item).CopyTo(unit[start..]);
                start += table.Columns;
            }

            double squares = 0;
            foreach (ref float value in unit)
            {
                if (relu) value = Math.Max(value, 0);
                squares += (double)value * value;
            }

            if (squares == 0) return; // similar to none
            foreach (ref float value in unit) value = (float)(value / Math.Sqrt(squares));
        });
        own = [.. Enumerable.Range(0, weights.ItemCount)];
        pairs = new AllPairs(new ScoreShape { VectorSize = size, ScoreIsLogit = true }, among, level);
        for (int place = 0; place < among.Length; place++) pairs.SetItem(place, Of(among[place]), []);
    }

    /// <summary>Finds the most similar items of each of some items.</summary>
    /// <param name="items">The items whose lists are wanted.</param>
    /// <param name="best">Receives the lists, with cosines as scores. No item is in its own list.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="cancellation">Ends it early.</param>
    public void FindBest(ReadOnlyMemory<int> items, TopLists best, int threads, CancellationToken cancellation = default)
    {
        if (baseline is null) pairs.FindBest(this, items, item => own.AsSpan(item, 1), best, threads, cancellation);
        else for (int place = 0; place < items.Length; place++) FindByWeights(baseline, items.Span[place], place, best);
    }

    /// <summary>The cosine of two items; 0 where nothing was learned of one. Where a baseline serves, what the second adds to the score of the first.</summary>
    public float Cosine(int one, int other)
    {
        if (baseline is not null) return baseline.Of(other, one);
        float sum = 0;
        for (int place = 0; place < size; place++) sum += Of(one)[place] * Of(other)[place];
        return sum;
    }

    public void Dispose() => pairs.Dispose();

    float IUserEncoder.Fill(int user, Span<float> vector_K, Span<float> first_H)
    {
        Of(user).CopyTo(vector_K);
        return 0;
    }

    private void FindByWeights(ItemWeights weights, int item, int place, TopLists best)
    {
        float[] row_N = new float[weights.ItemCount];
        Array.Fill(row_N, float.NaN); // never listed
        for (long at = weights.Offsets[item]; at < weights.Offsets[item + 1]; at++) row_N[weights.Items[at]] = weights.Values[at];
        best.Keep(place, Array.ConvertAll(among, other => row_N[other]), among, own.AsSpan(item, 1));
    }

    private Span<float> Of(int item) => unit_IE.AsSpan(item * size, size);
}
