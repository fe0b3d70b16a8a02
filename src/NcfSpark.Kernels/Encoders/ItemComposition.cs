using System.Runtime.Intrinsics;
using System.Runtime.CompilerServices;

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
/// without them (as Volkovs et al. 2017, "DropoutNet", do for content).
/// </summary>
/// <remarks>
/// A batch is arranged first, for which another one may still be trained on: even and odd batches take turns. Then ranges of columns are composed, and after
/// the step given to the parts; threads may do so side by side, best each always with the same columns, which then stay in its cache. A sum is formed in the
/// order of the batch.
/// </remarks>
public sealed unsafe class ItemComposition : IDisposable
{
    private const int BlockVectors = 8; // sums in registers
    private const int RowsAhead = 8, ListsAhead = 8; // prefetched

    private readonly FeatureLists lists;
    private readonly (RowTable Composed, RowTable Parts)[] tables;
    private readonly uint dropped;
    private readonly int itemCount;
    private readonly AlignedArray<float>[] before; // by table: q of the batch's distinct items as composed
    private readonly Arrangement[] turns;
    private readonly long[] met;                   // of an item: number of samples before the batch in which it was met last, plus its place in that batch
    private readonly int[] slots;                  // of a feature among the batch's; -1 for none
    private readonly int[] listedSlots;            // those of a batch's items, one item after the other
    private readonly bool compact;
    private long samplesBefore = 1;

    /// <param name="tables">Pairs of a table of items' vectors and a table of its parts: the items' own rows, then those of features.</param>
    /// <param name="capacity">Samples of a batch, at most.</param>
    /// <param name="ownDropout">Rate at which own rows are dropped.</param>
    /// <param name="compact">Whether the tables of vectors have a row for each distinct item of a batch (<see cref="RowsOf"/>), which stay in the cache,
    /// and not for each item.</param>
    public ItemComposition(FeatureLists lists, (RowTable Composed, RowTable Parts)[] tables, int capacity, double ownDropout, bool compact = false)
    {
        (this.lists, this.tables, this.compact, itemCount) = (lists, tables, compact, lists.IsTrained.Length);
        dropped = ownDropout == 0 ? 0 : DropoutHash.Dropped(ownDropout);
        int most = 0;
        for (int item = 0; item < itemCount; item++) most = Math.Max(most, lists[item].Length);
        int mostItems = Math.Min(capacity, itemCount);
        before = [.. tables.Select(table => new AlignedArray<float>((long)mostItems * table.Composed.Columns))];
        turns = [new(capacity, mostItems, lists.Count, most), new(capacity, mostItems, lists.Count, most)];
        (met, slots) = (new long[itemCount], new int[lists.Count]);
        listedSlots = new int[(long)mostItems * most];
        Array.Fill(slots, -1);
    }

    /// <summary>For each sample of a batch that was arranged the place of its item among the distinct ones.</summary>
    public int* RowsOf(int turn) => turns[turn].Rows.Start;

    /// <summary>Arranges a batch: finds its distinct items, and of each feature those that teach it.</summary>
    /// <param name="turn">0 or 1: where the arrangement is kept.</param>
    public void Arrange(int turn, int* batchItems, int samples)
    {
        Arrangement now = turns[turn];
        long before = samplesBefore;
        samplesBefore += samples;
        int distinct = 0, used = 0, last = 0;
        int* rows = now.Rows.Start;
        fixed (int* starts = lists.Starts, features = lists.Features, slotOf = slots, items = now.Items, ofBatch = now.Features, ends = now.Ends)
        fixed (int* uses = now.Uses, listed = listedSlots)
        fixed (long* places = met)
        fixed (bool* isTrained = lists.IsTrained)
        {
            for (int s = 0; s < samples; s++)
            {
                if (s + ListsAhead < samples) Prefetch.Line(features + starts[batchItems[s + ListsAhead]]);
                int item = batchItems[s];
                if (places[item] >= before)
                {
                    rows[s] = (int)(places[item] - before);
                    continue;
                }

                places[item] = before + distinct;
                rows[s] = distinct;
                items[distinct++] = item;
                if (!isTrained[item]) continue;
                for (int* feature = features + starts[item], end = features + starts[item + 1]; feature < end; feature++)
                {
                    int slot = slotOf[*feature];
                    if (slot < 0)
                    {
                        slotOf[*feature] = slot = used++;
                        (ofBatch[slot], ends[slot]) = (*feature, 0);
                    }

                    ends[slot]++;
                    listed[last++] = slot;
                }
            }

            // Uses become where each feature's list starts, and by filling it where it ends.
            for (int u = 0, start = 0; u < used; u++) (ends[u], start, slotOf[ofBatch[u]]) = (start, start + ends[u], -1);
            int* next = listed;
            for (int d = 0; d < distinct; d++)
            {
                if (!isTrained[items[d]]) continue;
                for (int k = starts[items[d] + 1] - starts[items[d]]; k > 0; k--) uses[ends[*next++]++] = d;
            }
        }

        (now.Count, now.Used) = (distinct, used);
    }

    /// <summary>Composes the vectors of an arranged batch's distinct items, for a range of columns; biases go with column 0.</summary>
    /// <param name="key">Decides whose own rows are dropped.</param>
    public void Compose(int turn, int column, int columns, ulong key)
    {
        Arrangement now = turns[turn];
        fixed (int* features = lists.Features)
        {
            for (int t = 0; t < tables.Length; t++)
            {
                (RowTable composed, RowTable parts) = tables[t];
                int width = composed.Columns, end = columns < width - column ? column + columns : width;
                if (column >= end) continue;
                for (int d = 0; d < now.Count; d++)
                {
                    int item = now.Items[d], start = lists.Starts[item], count = lists.Starts[item + 1] - start;
                    // Whoever composes other columns comes to the same.
                    bool keeps = now.Kept[d] = lists.IsTrained[item] && (dropped == 0 || DropoutHash.IsKept(key, (uint)item, 0, dropped));
                    if (d + RowsAhead < now.Count) Prefetch.Row(parts.Row(now.Items[d + RowsAhead]) + column, end - column);
                    float* row = composed.Row(compact ? d : item);
                    Sum(parts, itemCount, features + start, count, column, end, row + column);
                    Finish(row, FeatureLists.Share(count), keeps ? parts.Row(item) : null, before[t].Start + (long)d * width, column, end);
                }
            }
        }
    }

    /// <summary>Gives what the vectors of the composed batch were moved by to their parts, for a range of columns; biases go with column 0.</summary>
    public void Scatter(int turn, int column, int columns)
    {
        Arrangement now = turns[turn];
        int atOnce = BlockVectors * Vector512<float>.Count;
        float* sum = stackalloc float[atOnce];
        for (int t = 0; t < tables.Length; t++)
        {
            (RowTable composed, RowTable parts) = tables[t];
            int width = composed.Columns, end = columns < width - column ? column + columns : width;
            if (column >= end) continue;
            float* asComposed = before[t].Start, rows = compact ? composed.Row(0) : asComposed; // compact rows are not read again
            for (int d = 0; d < now.Count; d++)
            {
                int item = now.Items[d];
                if (d + RowsAhead < now.Count) Prefetch.Row(parts.Row(now.Items[d + RowsAhead]) + column, end - column);
                if (!lists.IsTrained[item]) continue;
                Moved(
                    composed.Row(compact ? d : item), asComposed + (long)d * width, now.Kept[d] ? parts.Row(item) : null, rows + (long)d * width,
                    FeatureLists.Share(lists[item].Length), column, end);
            }

            var moved = new RowTable(rows, width, width);
            fixed (int* uses = now.Uses)
            {
                for (int u = 0, start = 0; u < now.Used; start = now.Ends[u++])
                {
                    float rate = 1 / MathF.Sqrt(now.Ends[u] - start);
                    float* row = parts.Row(itemCount + now.Features[u]);
                    for (int at = column; at < end; at += atOnce)
                    {
                        int part = Math.Min(atOnce, end - at);
                        Sum(moved, 0, uses + start, now.Ends[u] - start, at, at + part, sum);
                        Add(sum, rate, row + at, part);
                    }
                }
            }
        }
    }

    /// <summary>Arranges and composes a whole batch.</summary>
    public void Compose(int* batchItems, int samples, ulong key)
    {
        Arrange(0, batchItems, samples);
        Compose(0, 0, int.MaxValue, key);
    }

    /// <summary>Gives what all columns were moved by to their parts.</summary>
    public void Scatter() => Scatter(0, 0, int.MaxValue);

    public void Dispose()
    {
        foreach (AlignedArray<float> array in before) array.Dispose();
        foreach (Arrangement turn in turns) turn.Rows.Dispose();
    }

    // sum[c - from] = Σ over rows first + numbers of column c, from `from` to `end`: sums of a block of columns stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(RowTable table, int first, int* numbers, int count, int from, int end, float* sum)
    {
        int lanes = Vector512<float>.Count, c = from;
        for (; c <= end - BlockVectors * lanes; c += BlockVectors * lanes, sum += BlockVectors * lanes)
        {
            Vector512<float> a = default, b = default, e = default, f = default, g = default, h = default, i = default, j = default;
            for (int k = 0; k < count; k++)
            {
                float* row = table.Row(first + numbers[k]) + c;
                a += Vector512.Load(row);
                b += Vector512.Load(row + lanes);
                e += Vector512.Load(row + 2 * lanes);
                f += Vector512.Load(row + 3 * lanes);
                g += Vector512.Load(row + 4 * lanes);
                h += Vector512.Load(row + 5 * lanes);
                i += Vector512.Load(row + 6 * lanes);
                j += Vector512.Load(row + 7 * lanes);
            }

            a.Store(sum);
            b.Store(sum + lanes);
            e.Store(sum + 2 * lanes);
            f.Store(sum + 3 * lanes);
            g.Store(sum + 4 * lanes);
            h.Store(sum + 5 * lanes);
            i.Store(sum + 6 * lanes);
            j.Store(sum + 7 * lanes);
        }

        for (; c <= end - lanes; c += lanes, sum += lanes)
        {
            Vector512<float> a = default;
            for (int k = 0; k < count; k++) a += Vector512.Load(table.Row(first + numbers[k]) + c);
            a.Store(sum);
        }

        for (; c < end; c++, sum++)
        {
            float a = 0;
            for (int k = 0; k < count; k++) a += table.Row(first + numbers[k])[c];
            *sum = a;
        }
    }

    // row = copy = own + share row
    private static void Finish(float* row, float share, float* own, float* copy, int from, int end)
    {
        var shares = Vector512.Create(share);
        int c = from;
        for (; c <= end - Vector512<float>.Count; c += Vector512<float>.Count)
        {
            Vector512<float> values = shares * Vector512.Load(row + c);
            if (own != null) values += Vector512.Load(own + c);
            values.Store(row + c);
            values.Store(copy + c);
        }

        for (; c < end; c++) row[c] = copy[c] = share * row[c] + (own == null ? 0 : own[c]);
    }

    // moved = share (now - before), and own += now - before
    private static void Moved(float* now, float* before, float* own, float* moved, float share, int from, int end)
    {
        var shares = Vector512.Create(share);
        int c = from;
        for (; c <= end - Vector512<float>.Count; c += Vector512<float>.Count)
        {
            Vector512<float> change = Vector512.Load(now + c) - Vector512.Load(before + c);
            if (own != null) (change + Vector512.Load(own + c)).Store(own + c);
            (shares * change).Store(moved + c);
        }

        for (; c < end; c++)
        {
            float change = now[c] - before[c];
            if (own != null) own[c] += change;
            moved[c] = share * change;
        }
    }

    // to += factor from
    private static void Add(float* from, float factor, float* to, int columns)
    {
        var factors = Vector512.Create(factor);
        int c = 0;
        for (; c <= columns - Vector512<float>.Count; c += Vector512<float>.Count) (Vector512.Load(to + c) + factors * Vector512.Load(from + c)).Store(to + c);
        for (; c < columns; c++) to[c] += factor * from[c];
    }

    // Of a batch: its distinct items and whether they keep their own rows; its features, and where the list of each one's items ends in Uses.
    private sealed class Arrangement(int samples, int items, int featureCount, int mostOfItem)
    {
        public AlignedArray<int> Rows { get; } = new(samples);

        public int Count { get; set; }

        public int Used { get; set; }

        public int[] Items { get; } = new int[items];

        public bool[] Kept { get; } = new bool[items];

        public int[] Features { get; } = new int[(int)Math.Min(featureCount, (long)items * mostOfItem)];

        public int[] Ends { get; } = new int[(int)Math.Min(featureCount, (long)items * mostOfItem)];

        public int[] Uses { get; } = new int[(long)items * mostOfItem];
    }
}
