using System.Numerics;

namespace NcfSpark.Kernels;

/// <summary>
/// What items are like, as numbers of features, all lists one after the other. Example: item 0 with features 2 and 5, item 1 with none, item 2 with 0 is
/// Starts {0, 2, 2, 3}, Features {2, 5, 0}.
/// </summary>
/// <param name="Count">Number of features, F.</param>
/// <param name="Starts">Where each item's features start, and as the last entry where they end.</param>
/// <param name="IsTrained">For each item whether it has training interactions. One that has none has no row of its own and teaches its features
/// nothing: it can only be a negative.</param>
public sealed record FeatureLists(int Count, int[] Starts, int[] Features, bool[] IsTrained)
{
    /// <summary>The features of an item.</summary>
    public ReadOnlySpan<int> this[int item] => Features.AsSpan(Starts[item], Starts[item + 1] - Starts[item]);

    /// <summary>The factor of each of so many features: their sum is about as long whether there are few or many.</summary>
    public static float Share(int count) => count == 0 ? 0 : 1 / MathF.Sqrt(count);
}

/// <summary>Rows of floats in memory that does not move.</summary>
/// <param name="start">The first value.</param>
/// <param name="step">Floats from row to row.</param>
/// <param name="columns">Values of a row.</param>
public readonly unsafe struct RowTable(float* start, long step, int columns)
{
    public int Columns => columns;

    public float* Row(int row) => start + row * step;
}

/// <summary>
/// The item encoder "features": an item's vector (and bias) is its own row plus the rows of its features F(i). A step trains the vectors q of the items of
/// a batch as if they were rows of their own; what it moved them by is then given to the parts.
/// <code>
/// q_i = k_i p_i + s_i Σ_(f in F(i)) e_f      s_i = 1 / sqrt(|F(i)|)      k_i: 0 where the own row is dropped in this batch, else 1
/// Δp_i = k_i Δq_i                            Δe_f = Σ_(i with f) s_i Δq_i / sqrt(n_f)    n_f: items of the batch with f
/// </code>
/// Plain descent moves q_i by -rate times its gradient, so Δp and Δe are those of plain descent on the parts, with the rate of a feature divided by
/// sqrt(n_f): a feature that half of all items have would else move as far as all of these together. L2 is of q. Dropping own rows teaches features to do
/// without them (as Volkovs et al. 2017, "DropoutNet", do for content). Everything is added in the order of the batch.
/// </summary>
public sealed unsafe class ItemComposition : IDisposable
{
    private readonly FeatureLists lists;
    private readonly (RowTable Composed, RowTable Parts)[] tables;
    private readonly uint dropped;
    private readonly int itemCount;
    private readonly AlignedArray<float>[] before; // by table: q of the batch's distinct items as composed, then what it was moved by
    private readonly AlignedArray<float>[] sums;   // by table: of the batch's features
    private readonly int[] items, features, uses;  // distinct ones of the batch; how many of its items have the feature
    private readonly bool[] kept;
    private readonly int[] lastBatch;              // in which an item was met
    private readonly int[] slots;                  // of a feature among the batch's; -1 for none
    private int batch, count;

    /// <param name="tables">Pairs of a table of items' vectors and a table of its parts: the items' own rows, then those of features.</param>
    /// <param name="capacity">Samples of a batch, at most.</param>
    /// <param name="ownDropout">Rate at which own rows are dropped.</param>
    public ItemComposition(FeatureLists lists, (RowTable Composed, RowTable Parts)[] tables, int capacity, double ownDropout)
    {
        (this.lists, this.tables, itemCount) = (lists, tables, lists.IsTrained.Length);
        dropped = ownDropout == 0 ? 0 : DropoutHash.Dropped(ownDropout);
        int most = 0;
        for (int item = 0; item < itemCount; item++) most = Math.Max(most, lists[item].Length);
        int mostItems = Math.Min(capacity, itemCount), mostFeatures = (int)Math.Min(lists.Count, (long)mostItems * most);
        before = [.. tables.Select(table => new AlignedArray<float>((long)mostItems * table.Composed.Columns))];
        sums = [.. tables.Select(table => new AlignedArray<float>((long)mostFeatures * table.Composed.Columns))];
        (items, kept, features, uses) = (new int[mostItems], new bool[mostItems], new int[mostFeatures], new int[mostFeatures]);
        (lastBatch, slots) = (new int[itemCount], new int[lists.Count]);
        Array.Fill(slots, -1);
    }

    /// <summary>Composes the vectors of the items of a batch.</summary>
    /// <param name="key">Decides whose own rows are dropped.</param>
    public void Compose(int* batchItems, int samples, ulong key)
    {
        (batch, count) = (batch + 1, 0);
        for (int s = 0; s < samples; s++)
        {
            int item = batchItems[s];
            if (lastBatch[item] == batch) continue;
            lastBatch[item] = batch;
            bool keeps = kept[count] = lists.IsTrained[item] && (dropped == 0 || DropoutHash.IsKept(key, (uint)item, 0, dropped));
            for (int t = 0; t < tables.Length; t++)
            {
                (RowTable composed, RowTable parts) = tables[t];
                float* row = composed.Row(item);
                Span<float> values = new(row, composed.Columns);
                if (keeps) new ReadOnlySpan<float>(parts.Row(item), composed.Columns).CopyTo(values);
                else values.Clear();
                ReadOnlySpan<int> own = lists[item];
                float share = FeatureLists.Share(own.Length);
                foreach (int feature in own) Add(parts.Row(itemCount + feature), share, row, composed.Columns);
                values.CopyTo(new Span<float>(before[t].Start + (long)count * composed.Columns, composed.Columns));
            }

            items[count++] = item;
        }
    }

    /// <summary>Gives what the vectors of the composed batch were moved by to their parts.</summary>
    public void Scatter()
    {
        int used = 0;
        for (int d = 0; d < count; d++)
        {
            int item = items[d];
            if (!lists.IsTrained[item]) continue;
            ReadOnlySpan<int> own = lists[item];
            foreach (int feature in own)
            {
                if (slots[feature] < 0)
                {
                    (slots[feature], features[used], uses[used]) = (used, feature, 0);
                    for (int t = 0; t < tables.Length; t++) SumOf(t, used).Clear();
                    used++;
                }

                uses[slots[feature]]++;
            }

            for (int t = 0; t < tables.Length; t++)
            {
                (RowTable composed, RowTable parts) = tables[t];
                float* moved = before[t].Start + (long)d * composed.Columns;
                Subtract(composed.Row(item), moved, composed.Columns);
                if (kept[d]) Add(moved, 1, parts.Row(item), composed.Columns);
                float share = FeatureLists.Share(own.Length);
                foreach (int feature in own) Add(moved, share, sums[t].Start + (long)slots[feature] * composed.Columns, composed.Columns);
            }
        }

        for (int u = 0; u < used; u++)
        {
            float rate = 1 / MathF.Sqrt(uses[u]);
            for (int t = 0; t < tables.Length; t++)
            {
                int columns = tables[t].Composed.Columns;
                Add(sums[t].Start + (long)u * columns, rate, tables[t].Parts.Row(itemCount + features[u]), columns);
            }

            slots[features[u]] = -1;
        }

        count = 0;
    }

    public void Dispose()
    {
        foreach (AlignedArray<float> array in before.Concat(sums)) array.Dispose();
    }

    private Span<float> SumOf(int table, int slot)
    {
        int columns = tables[table].Composed.Columns;
        return new(sums[table].Start + (long)slot * columns, columns);
    }

    // to += factor from
    private static void Add(float* from, float factor, float* to, int columns)
    {
        var factors = new Vector<float>(factor);
        int c = 0;
        for (; c <= columns - Vector<float>.Count; c += Vector<float>.Count) (Vector.Load(to + c) + factors * Vector.Load(from + c)).Store(to + c);
        for (; c < columns; c++) to[c] += factor * from[c];
    }

    // moved = now - moved
    private static void Subtract(float* now, float* moved, int columns)
    {
        int c = 0;
        for (; c <= columns - Vector<float>.Count; c += Vector<float>.Count) (Vector.Load(now + c) - Vector.Load(moved + c)).Store(moved + c);
        for (; c < columns; c++) moved[c] = now[c] - moved[c];
    }
}
