using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>Samples as `prepare` wrote them: the same in every epoch, in another order.</summary>
internal sealed class StoredSamples(TrainingSet set, long seed) : ISampleSource
{
    public long Count => set.Rows.Count;

    public void Fill(int epoch, long start, Span<int> users, Span<int> items, Span<float> labels)
    {
        var order = new IndexPermutation(Count, RandomStream.Named(seed, "order", epoch));
        for (int b = 0; b < labels.Length; b++)
        {
            int row = (int)order[start + b];
            (users[b], items[b], labels[b]) = (set.Rows.Users[row], set.Rows.Items[row], set.Labels[row]);
        }
    }
}
