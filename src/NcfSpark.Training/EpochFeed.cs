using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>Batches of an epoch for the fused step, from a position on.</summary>
internal sealed class EpochFeed(TrainOptions options, UpdateRules rules) : IBatchFeed
{
    private ISampleSource? source;
    private IEpochSamples samples = null!;
    private RandomStream dropoutKeys;
    private RandomStream userDropoutKeys;
    private TrainingPosition position = new();
    private long end;

    /// <summary>How many batches there are from the position to the end.</summary>
    public long Start(TrainingPosition from, ISampleSource of, long endOfSamples)
    {
        if (of != source || from.Epoch != position.Epoch)
        {
            source = of;
            samples = of.InEpoch(from.Epoch);
            (dropoutKeys, userDropoutKeys) = (DropoutMasks.Keys(options.Seed, from.Epoch), DropoutMasks.UserKeys(options.Seed, from.Epoch));
        }

        (position, end) = (from, endOfSamples);
        return (end - position.Samples + options.BatchSize - 1) / options.BatchSize;
    }

    public BatchTerms TermsOf(long batch)
    {
        long start = StartOf(batch);
        long step = position.Steps + batch + 1;
        return new BatchTerms(
            (int)Math.Min(options.BatchSize, end - start), step, dropoutKeys.Bits(start), rules.Gmf(step), rules.Mlp(step), rules.Dense(step))
        {
            UserDropoutKey = userDropoutKeys.Bits(start),
        };
    }

    public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights) =>
        samples.Fill(StartOf(batch) + start, users, items, labels, weights);

    public void FillUsers(long batch, int start, Span<int> users) => samples.FillUsers(StartOf(batch) + start, users);

    public void FillPastEnds(long batch, int start, Span<int> ends) => samples.FillPastEnds(StartOf(batch) + start, ends);

    private long StartOf(long batch) => position.Samples + batch * options.BatchSize;
}
