namespace NcfSpark.Kernels;

/// <summary>
/// The runs of a grouped batch, and the rows of the pools' table that they use. A run is the samples of one group (a
/// positive and its negatives) within one tile: they share the user's vector.
/// <para>
/// Example, groups of 3, tiles of 4, users 4 4 4 9 | 9 9: the runs start at samples 0, 3 and 4, and those of the tiles
/// at 0 and 2. User 9 has two runs, since its group is in two tiles.
/// </para>
/// An entry is item k of a run's pool. The entries of one item are a list in <see cref="Rows"/>, in the order of runs.
/// </summary>
internal sealed unsafe class GroupedPools : IDisposable
{
    private readonly UserHistoryEncoder encoder;
    private readonly int groupSize;
    private readonly AlignedArray<int> firsts, tileStarts, ends, groups, items, places;
    private readonly AlignedArray<float> weights, coefficients;

    /// <param name="capacity">Samples of a batch, at most, in whole tiles.</param>
    /// <param name="groupSize">Samples of a group.</param>
    public GroupedPools(UserHistoryEncoder encoder, int capacity, int groupSize)
    {
        (this.encoder, this.groupSize) = (encoder, groupSize);
        int runs = RunsOf(capacity, groupSize), entries = checked(runs * encoder.Shape.Length);
        (firsts, tileStarts, ends, groups, weights) = (new(runs + 1), new(capacity / Tile.Samples + 1), new(runs), new(runs), new(runs));
        (items, places, coefficients, Rows) = (new(entries), new(entries), new(entries), new DeferredRows(entries));
    }

    /// <summary>Runs of a batch, at most: the start of a tile divides one group.</summary>
    public static int RunsOf(int capacity, int groupSize) => Math.Min(capacity, capacity / groupSize + 1 + capacity / Tile.Samples);

    /// <summary>The first sample of each run, and as the last entry where the last run ends.</summary>
    public int* Firsts => firsts.Start;

    /// <summary>For each run where the items that its user had before end.</summary>
    public int* Ends => ends.Start;

    /// <summary>The number of each run's group in the batch as it was drawn.</summary>
    public int* Groups => groups.Start;

    /// <summary>The summed weights of each run's samples.</summary>
    public float* Weights => weights.Start;

    /// <summary>The table's rows that the batch uses, each with the list of its entries.</summary>
    public DeferredRows Rows { get; }

    /// <summary>For each entry its run · length of a pool + k.</summary>
    public int* Places => places.Start;

    /// <summary>For each entry factor · share_k.</summary>
    public float* Coefficients => coefficients.Start;

    /// <summary>The first run of a tile.</summary>
    public int TileStart(int tile) => tileStarts.Start[tile];

    /// <summary>Finds the runs and entries of a batch.</summary>
    /// <param name="sort">Sorts by rows of the table.</param>
    public void Find(GroupedBatch batch, int* pastEnds, RowSort sort)
    {
        int runs = 0;
        for (int b = 0; b < batch.Count; b++)
        {
            int place = batch.Places[b], group = place / groupSize;
            if (b % Tile.Samples == 0) tileStarts.Start[b / Tile.Samples] = runs;
            if (b % Tile.Samples == 0 || group != Groups[runs - 1])
            {
                (Firsts[runs], Ends[runs], Groups[runs], Weights[runs]) = (b, pastEnds[place], group, 0);
                runs++;
            }

            Weights[runs - 1] += batch.Weights[b];
        }

        (tileStarts.Start[batch.Tiles], Firsts[runs]) = (runs, batch.Count);
        FindRows(batch, runs, sort);
    }

    public void Dispose()
    {
        IDisposable[] all = [firsts, tileStarts, ends, groups, items, places, weights, coefficients, Rows];
        foreach (IDisposable one in all) one.Dispose();
    }

    private void FindRows(GroupedBatch batch, int runs, RowSort sort)
    {
        int length = encoder.Shape.Length, entries = 0;
        for (int run = 0; run < runs; run++)
        {
            int there = encoder.Pool(batch.Users[Firsts[run]], Ends[run], out int* latest);
            for (int k = 0; k < there; k++, entries++)
            {
                (items.Start[entries], Places[entries], Coefficients[entries]) = (latest[-k], run * length + k, encoder.Coefficients(there)[k]);
            }
        }

        ulong* keys = sort.Sort(items.Start, entries);
        Rows.Count = 0;
        for (int e = 0; e < entries; e++)
        {
            int entry = RowSort.Sample(keys[e]), row = RowSort.Row(keys[e]);
            if (e == 0 || RowSort.Row(keys[e - 1]) != row)
            {
                (Rows.Rows[Rows.Count], Rows.First[Rows.Count]) = (row, entry);
                Rows.Count++;
            }

            Rows.Next[entry] = e + 1 < entries && RowSort.Row(keys[e + 1]) == row ? RowSort.Sample(keys[e + 1]) : -1;
        }
    }
}
