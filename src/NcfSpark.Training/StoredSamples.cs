using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>Samples as `prepare` wrote them: the same in every epoch, in another order.</summary>
internal sealed class StoredSamples(TrainingSet set, long seed) : ISampleSource
{
    public long Count => set.Rows.Count;

    public IEpochSamples InEpoch(int epoch) => new Epoch(set, new IndexPermutation(Count, RandomStream.Named(seed, "order", epoch)));

    public void Dispose()
    {
    }

    private sealed class Epoch(TrainingSet set, IndexPermutation order) : IEpochSamples
    {
        public void Fill(long start, Span<int> users, Span<int> items, Span<float> labels)
        {
            Span<long> rows = stackalloc long[IndexPermutation.BlockSize];
            for (int done = 0; done < labels.Length; done += IndexPermutation.BlockSize)
            {
                Span<long> block = rows[..Math.Min(IndexPermutation.BlockSize, labels.Length - done)];
                order.CopyTo(start + done, block);
                for (int b = 0; b < block.Length; b++)
                {
                    int row = (int)block[b];
                    (users[done + b], items[done + b], labels[done + b]) = (set.Rows.Users[row], set.Rows.Items[row], set.Labels[row]);
                }
            }
        }
    }
}
