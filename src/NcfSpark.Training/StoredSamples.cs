using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>Samples as `prepare` wrote them: the same in every epoch, in another order.</summary>
internal sealed class StoredSamples(TrainingSet set, TrainOptions options) : ISampleSource
{
    private readonly float[]? rowWeights = RecencyWeights.Of(set, options);

    public long Count => set.Rows.Count;

    public IEpochSamples InEpoch(int epoch) => new Epoch(set, rowWeights, new IndexPermutation(Count, RandomStream.Named(options.Seed, "order", epoch)));

    public void Dispose()
    {
    }

    private sealed class Epoch(TrainingSet set, float[]? rowWeights, IndexPermutation order) : IEpochSamples
    {
        public void Fill(long start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
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
                    weights[done + b] = rowWeights is null ? 1 : rowWeights[row];
                }
            }
        }
    }
}
