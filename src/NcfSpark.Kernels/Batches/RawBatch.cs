namespace NcfSpark.Kernels;

/// <summary>The samples of a batch in the order in which they were drawn.</summary>
internal sealed unsafe class RawBatch(int capacity) : IDisposable
{
    private readonly AlignedArray<int> users = new(capacity), items = new(capacity);
    private readonly AlignedArray<float> labels = new(capacity), weights = new(capacity);

    /// <summary>Number of samples.</summary>
    public int Count { get; set; }

    public int* Users => users.Start;

    public int* Items => items.Start;

    /// <summary>1 for an interaction, 0 for a negative.</summary>
    public float* Labels => labels.Start;

    /// <summary>Factor of each sample's loss and L2.</summary>
    public float* Weights => weights.Start;

    public void Dispose()
    {
        users.Dispose();
        items.Dispose();
        labels.Dispose();
        weights.Dispose();
    }
}
