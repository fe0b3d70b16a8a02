using NcfSpark.Data;

namespace NcfSpark.Training;

/// <summary>
/// Positives, each with negatives drawn afresh every epoch. With n negatives a positive, sample s of an epoch belongs to positive
/// s / (n + 1) and is the positive itself where s mod (n + 1) = 0. Example, n = 2: samples 0 … 5 are +0 -0 -0 +1 -1 -1, then shuffled.
/// Users who have touched everything have nothing to draw: their positives are repeated in place of negatives.
/// </summary>
internal sealed class ResampledSamples : ISampleSource
{
    private readonly int[] users;
    private readonly int[] items;
    private readonly int samplesPerPositive;
    private readonly NegativeSampler sampler;
    private readonly long seed;

    public ResampledSamples(TrainingSet set, int negativesPerPositive, long seed)
    {
        (users, items) = TrainingSet.Positives(set.Rows, set.Labels);
        samplesPerPositive = negativesPerPositive + 1;
        sampler = new NegativeSampler(set.Avoided, set.ItemCount);
        this.seed = seed;
    }

    public long Count => (long)users.Length * samplesPerPositive;

    public void Fill(int epoch, long start, Span<int> batchUsers, Span<int> batchItems, Span<float> labels)
    {
        var order = new IndexPermutation(Count, RandomStream.Named(seed, "order", epoch));
        RandomStream draws = RandomStream.Named(seed, "negatives", epoch);
        for (int b = 0; b < labels.Length; b++)
        {
            long sample = order[start + b];
            int positive = (int)(sample / samplesPerPositive), user = users[positive];
            int untouched = sampler.UntouchedCount(user);
            bool isPositive = sample % samplesPerPositive == 0 || untouched == 0;
            batchUsers[b] = user;
            batchItems[b] = isPositive ? items[positive] : sampler.Untouched(user, (int)draws.Below(sample, untouched));
            labels[b] = isPositive ? 1 : 0;
        }
    }
}
