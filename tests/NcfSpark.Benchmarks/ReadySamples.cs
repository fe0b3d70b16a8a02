using NcfSpark.Training;

namespace NcfSpark.Benchmarks;

/// <summary>The first samples of another source's first epoch, drawn beforehand: what a step costs without its feed.</summary>
internal sealed class ReadySamples : ISampleSource, IEpochSamples
{
    private readonly int[] users;
    private readonly int[] items;
    private readonly float[] labels;
    private readonly int[] pastEnds;

    public ReadySamples(ISampleSource source, int count)
    {
        count = (int)Math.Min(count, source.Count);
        count -= count % source.GroupSize;
        (GroupSize, Past) = (source.GroupSize, source.Past);
        (users, items, labels, pastEnds) = (new int[count], new int[count], new float[count], new int[Past is null ? 0 : count]);
        IEpochSamples samples = source.InEpoch(0);
        samples.Fill(0, users, items, labels, new float[count]);
        if (Past is not null) samples.FillPastEnds(0, pastEnds);
    }

    public long Count => users.Length;

    public int GroupSize { get; }

    public PastItems? Past { get; }

    public IEpochSamples InEpoch(int epoch) => this;

    public void Dispose()
    {
    }

    public void Fill(long start, Span<int> batchUsers, Span<int> batchItems, Span<float> batchLabels, Span<float> batchWeights)
    {
        users.AsSpan((int)start, batchUsers.Length).CopyTo(batchUsers);
        items.AsSpan((int)start, batchUsers.Length).CopyTo(batchItems);
        labels.AsSpan((int)start, batchUsers.Length).CopyTo(batchLabels);
        batchWeights.Fill(1);
    }

    public void FillPastEnds(long start, Span<int> ends) => pastEnds.AsSpan((int)start, ends.Length).CopyTo(ends);
}
