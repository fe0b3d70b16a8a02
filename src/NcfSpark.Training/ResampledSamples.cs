using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>
/// Positives, each with negatives drawn afresh every epoch. With n negatives a positive, sample s of an epoch belongs to positive
/// s / (n + 1) and is the positive itself where s mod (n + 1) = 0. Example, n = 2: samples 0 … 5 are +0 -0 -0 +1 -1 -1, then shuffled.
/// Users who have touched everything have nothing to draw: their positives are repeated in place of negatives.
/// </summary>
internal sealed class ResampledSamples : ISampleSource
{
    private readonly (int User, int Item)[] positives; // side by side, since they are looked up in random order
    private readonly int samplesPerPositive;
    private readonly NegativeSampler sampler;
    private readonly long seed;

    public ResampledSamples(TrainingSet set, int negativesPerPositive, long seed)
    {
        (int[] users, int[] items) = TrainingSet.Positives(set.Rows, set.Labels);
        positives = [.. users.Zip(items)];
        samplesPerPositive = negativesPerPositive + 1;
        sampler = new NegativeSampler(set.Avoided, set.ItemCount);
        this.seed = seed;
    }

    public long Count => (long)positives.Length * samplesPerPositive;

    public IEpochSamples InEpoch(int epoch) => new Epoch(this, new IndexPermutation(Count, RandomStream.Named(seed, "order", epoch)), RandomStream.Named(seed, "negatives", epoch));

    private sealed class Epoch(ResampledSamples source, IndexPermutation order, RandomStream draws) : IEpochSamples
    {
        // In passes over small blocks, so that the processor waits for the memory of many samples at once.
        public void Fill(long start, Span<int> users, Span<int> items, Span<float> labels)
        {
            Span<long> samples = stackalloc long[IndexPermutation.BlockSize];
            for (int done = 0; done < labels.Length; done += IndexPermutation.BlockSize)
            {
                Span<long> block = samples[..Math.Min(IndexPermutation.BlockSize, labels.Length - done)];
                order.CopyTo(start + done, block);
                FillPositives(block, users[done..], items[done..], labels[done..]);
                DrawNegatives(block, users[done..], items[done..], labels[done..]);
            }
        }

        private void FillPositives(ReadOnlySpan<long> samples, Span<int> users, Span<int> items, Span<float> labels)
        {
            for (int b = 0; b < samples.Length; b++)
            {
                long positive = (long)((ulong)samples[b] / (ulong)source.samplesPerPositive);
                (users[b], items[b]) = source.positives[positive];
                labels[b] = positive * source.samplesPerPositive == samples[b] ? 1 : 0;
            }
        }

        private void DrawNegatives(ReadOnlySpan<long> samples, ReadOnlySpan<int> users, Span<int> items, Span<float> labels)
        {
            for (int b = 0; b < samples.Length; b++)
            {
                if (labels[b] != 0) continue;
                int untouched = source.sampler.UntouchedCount(users[b]);
                if (untouched == 0) labels[b] = 1;
                else items[b] = source.sampler.Untouched(users[b], (int)draws.Below(samples[b], untouched));
            }
        }
    }
}
