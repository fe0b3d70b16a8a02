namespace NcfSpark.Core;

/// <summary>
/// A baseline as it serves: what everybody gets of an item, and what each item of a user's history adds to others. With H(u) the items of user u, the latest
/// first: score(u, i) = Start_i + Σ e^(-(k - 1) / Decay) · W[H(u)_k, i]. W is sparse, a row after the other: row j is what stands at
/// Offsets[j] … Offsets[j + 1] - 1 of Items (rising) and Values.
/// </summary>
/// <param name="Decay">In items, above 0; infinite where all items of a history count alike.</param>
/// <example>
/// Start {0, 0, 0}, Offsets {0, 1, 2, 2}, Items {1, 0}, Values {.5, .5}: who used item 0 has the score .5 for item 1, who used item 2 has 0 for all.
/// </example>
public sealed record ItemWeights(float[] Start_N, long[] Offsets, int[] Items, float[] Values, double Decay)
{
    /// <summary>Its file in a stage's directory: item_index, scored_index and weight, by both. Index -1 is what everybody gets (Start).</summary>
    public const string FileName = "weights.parquet";

    private const int Everybody = -1;
    private const int RowsPerGroup = 1 << 20;

    public int ItemCount => Start_N.Length;

    /// <summary>Whether users are told apart by what they used.</summary>
    public bool UsesHistory => Values.Length > 0;

    public bool IsFinite => Array.TrueForAll(Start_N, float.IsFinite) && Array.TrueForAll(Values, float.IsFinite);

    /// <summary>Turns columns into rows.</summary>
    /// <param name="columns">For each item the items that add to its score, rising, and what they add.</param>
    public static ItemWeights FromColumns(float[] start_N, (int[] Items, float[] Values)[] columns, double decay)
    {
        long[] offsets = new long[start_N.Length + 1];
        foreach ((int[] adding, _) in columns) Array.ForEach(adding, item => offsets[item + 1]++);
        for (int item = 0; item < start_N.Length; item++) offsets[item + 1] += offsets[item];
        int[] items = new int[offsets[^1]];
        float[] values = new float[items.Length];
        long[] next = offsets[..^1];
        for (int scored = 0; scored < columns.Length; scored++)
        {
            (int[] adding, float[] weights) = columns[scored];
            for (int place = 0; place < adding.Length; place++)
            {
                long at = next[adding[place]]++;
                (items[at], values[at]) = (scored, weights[place]);
            }
        }

        return new ItemWeights(start_N, offsets, items, values, decay);
    }

    /// <summary>Scores all items for somebody, in a fixed order of summation.</summary>
    /// <param name="latest_K">The items of their history, the latest first.</param>
    /// <param name="sums_N">Receives the scores.</param>
    public void Score(ReadOnlySpan<int> latest_K, Span<double> sums_N)
    {
        for (int item = 0; item < sums_N.Length; item++) sums_N[item] = Start_N[item];
        for (int k = 0; k < latest_K.Length; k++)
        {
            double share = Math.Exp(-k / Decay);
            (int from, int to) = ((int)Offsets[latest_K[k]], (int)Offsets[latest_K[k] + 1]);
            ReadOnlySpan<int> items = Items.AsSpan(from..to);
            ReadOnlySpan<float> values = Values.AsSpan(from..to);
            for (int place = 0; place < items.Length; place++) sums_N[items[place]] += share * values[place];
        }
    }

    /// <summary>What an item of a history adds to the score of another.</summary>
    public float Of(int adding, int scored)
    {
        int from = (int)Offsets[adding], place = Array.BinarySearch(Items, from, (int)Offsets[adding + 1] - from, scored);
        return place < 0 ? 0 : Values[place];
    }

    public void Write(string path)
    {
        using ParquetFile file = ParquetFile.Create(path, ("item_index", typeof(int)), ("scored_index", typeof(int)), ("weight", typeof(float)));
        int[] everybody = new int[ItemCount], of = new int[Items.Length];
        Array.Fill(everybody, Everybody);
        file.WriteGroup(everybody, Enumerable.Range(0, ItemCount).ToArray(), Start_N);
        for (int item = 0; item < ItemCount; item++) of.AsSpan((int)Offsets[item]..(int)Offsets[item + 1]).Fill(item);
        for (int from = 0; from < of.Length; from += RowsPerGroup)
        {
            Range rows = from..Math.Min(of.Length, from + RowsPerGroup);
            file.WriteGroup(of[rows], Items[rows], Values[rows]);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidInputException">The file is damaged, or is one of another number of items.</exception>
    public static ItemWeights Read(string path, int itemCount, double decay)
    {
        int[] of = ParquetColumns.Read<int>(path, "item_index"), scored = ParquetColumns.Read<int>(path, "scored_index");
        float[] weights = ParquetColumns.Read<float>(path, "weight");
        long[] offsets = new long[itemCount + 1];
        bool fits = of.Length >= itemCount && of.AsSpan(0, Math.Min(of.Length, itemCount)).IndexOfAnyExcept(Everybody) < 0;
        for (int row = itemCount; fits && row < of.Length; row++)
        {
            fits = of[row] >= Math.Max(0, of[row - 1]) && of[row] < itemCount && (uint)scored[row] < (uint)itemCount;
            if (fits) offsets[of[row] + 1]++;
        }

        if (!fits) throw new InvalidInputException($"{path} does not hold the weights of {itemCount:N0} items. Run `nightly` again.");
        for (int item = 0; item < itemCount; item++) offsets[item + 1] += offsets[item];
        return new ItemWeights(weights[..itemCount], offsets, scored[itemCount..], weights[itemCount..], decay);
    }
}
