using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>Samples as `prepare` wrote them: the same in every epoch, in another order.</summary>
internal sealed class StoredSamples(TrainingSet set, long seed) : ISampleSource
{
    public long Count => set.Rows.Count;

    public void Fill(Batch batch)
    {
        var order = new IndexPermutation(Count, RandomStream.Named(seed, "order", batch.Epoch));
        for (int b = 0; b < batch.Count; b++)
        {
            int row = (int)order[batch.Start + b];
            (batch.Users[b], batch.Items[b], batch.Labels[b]) = (set.Rows.Users[row], set.Rows.Items[row], set.Labels[row]);
        }
    }
}
