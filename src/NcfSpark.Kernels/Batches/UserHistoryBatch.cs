namespace NcfSpark.Kernels;

/// <summary>
/// A batch of groups (a positive and its negatives, for one user). Values that are the same for a whole group are read
/// from its first sample.
/// </summary>
/// <param name="capacity">Samples, at most.</param>
internal sealed unsafe class UserHistoryBatch(int capacity) : IDisposable
{
    private readonly AlignedArray<int> users = new(capacity), items = new(capacity), pastEnds = new(capacity);
    private readonly AlignedArray<float> labels = new(capacity), weights = new(capacity);

    public BatchTerms Terms { get; set; }

    public int* Users => users.Start;

    public int* Items => items.Start;

    public int* PastEnds => pastEnds.Start;

    public float* Labels => labels.Start;

    public float* Weights => weights.Start;

    /// <summary>Fills a piece of it.</summary>
    public void Fill(IUserHistoryFeed feed, long batch, int start, int count)
    {
        feed.Fill(batch, start, new(Users + start, count), new(Items + start, count), new(Labels + start, count), new(Weights + start, count));
        feed.FillPastEnds(batch, start, new(PastEnds + start, count));
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
