namespace NcfSpark.Kernels;

/// <summary>The samples of a batch in the order in which they were drawn.</summary>
/// <param name="capacity">Samples, at most.</param>
/// <param name="pasts">Whether samples have a past.</param>
internal sealed unsafe class RawBatch(int capacity, bool pasts = false) : IDisposable
{
    private readonly AlignedArray<int> users = new(capacity), items = new(capacity), pastEnds = new(pasts ? capacity : 0);
    private readonly AlignedArray<float> labels = new(capacity), weights = new(capacity);

    /// <summary>Number of samples.</summary>
    public int Count { get; set; }

    public int* Users => users.Start;

    public int* Items => items.Start;

    /// <summary>1 for an interaction, 0 for a negative.</summary>
    public float* Labels => labels.Start;

    /// <summary>Factor of each sample's loss and L2.</summary>
    public float* Weights => weights.Start;

    /// <summary>Where the items that the user had before each sample end (<see cref="UserHistories"/>).</summary>
    public int* PastEnds => pastEnds.Start;

    /// <summary>Fills samples of it.</summary>
    public void Fill(IBatchFeed feed, long batch, int start, int count)
    {
        feed.Fill(batch, start, new(Users + start, count), new(Items + start, count), new(Labels + start, count), new(Weights + start, count));
        if (pasts) feed.FillPastEnds(batch, start, new(PastEnds + start, count));
    }

    public void Dispose()
    {
        users.Dispose();
        items.Dispose();
        pastEnds.Dispose();
        labels.Dispose();
        weights.Dispose();
    }
}
