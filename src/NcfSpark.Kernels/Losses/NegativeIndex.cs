namespace NcfSpark.Kernels;

/// <summary>
/// For each item, its positions in the batch as a negative, as a linked list from the last to the first.
/// Example: items 7, 3, 7 with labels 1, 0, 0 and 2, 7 with 0, 0: item 7 is a negative at positions 4 and 2, item 3 at
/// 1, item 2 at 3.
/// </summary>
internal sealed unsafe class NegativeIndex : IDisposable
{
    private readonly AlignedArray<int> latest; // [items] the last position; -1 for none
    private readonly AlignedArray<int> before; // [samples] the position before, of the same item
    private readonly AlignedArray<int> items;  // [samples] of the batch
    private int count;

    public NegativeIndex(int itemCount, int samples)
    {
        (latest, before, items) = (new(itemCount), new(samples), new(samples));
        latest.Span.Fill(-1);
    }

    /// <summary>The last position of each item, or -1.</summary>
    public int* Latest => latest.Start;

    /// <summary>For each position the one before it of the same item, or -1.</summary>
    public int* Before => before.Start;

    /// <summary>Indexes a batch and forgets the one before.</summary>
    public void Set(int* batchItems, float* labels, int samples)
    {
        for (int s = 0; s < count; s++) Latest[items.Start[s]] = -1;
        count = samples;
        for (int s = 0; s < samples; s++)
        {
            int item = items.Start[s] = batchItems[s];
            if (labels[s] != 0) continue;
            Before[s] = Latest[item];
            Latest[item] = s;
        }
    }

    public void Dispose()
    {
        latest.Dispose();
        before.Dispose();
        items.Dispose();
    }
}
