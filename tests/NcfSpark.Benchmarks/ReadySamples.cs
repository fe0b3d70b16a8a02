using NcfSpark.Training;

namespace NcfSpark.Benchmarks;

/// <summary>The first samples of another source's first epoch, drawn beforehand: what a step costs without its feed.</summary>
internal sealed class ReadySamples : ISampleSource, IEpochSamples
{
    private readonly int[] users;
    private readonly int[] items;
    private readonly float[] labels;

    public ReadySamples(ISampleSource source, int count)
    {
        count = (int)Math.Min(count, source.Count);
        (users, items, labels) = (new int[count], new int[count], new float[count]);
        source.InEpoch(0).Fill(0, users, items, labels, new float[count]);
    }

    public long Count => users.Length;

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
}
