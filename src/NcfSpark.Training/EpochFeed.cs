using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>Batches of an epoch for the fused step, from a position on.</summary>
internal sealed class EpochFeed(TrainOptions options) : IBatchFeed
{
    private ISampleSource samples = null!;
    private TrainingPosition position = new();
    private long end;

    /// <summary>How many batches there are from the position to the end.</summary>
    public long Start(TrainingPosition from, ISampleSource source, long endOfSamples)
    {
        (position, samples, end) = (from, source, endOfSamples);
        return (end - position.Samples + options.BatchSize - 1) / options.BatchSize;
    }

    public BatchTerms TermsOf(long batch)
    {
        long start = StartOf(batch);
        var rule = new PartRule { LearningRate = options.LearningRate, L2 = options.Regularization };
        return new BatchTerms(
            (int)Math.Min(options.BatchSize, end - start),
            position.Steps + batch + 1,
            DropoutMasks.Key(options.Seed, position.Epoch, start),
            Gmf: rule,
            Mlp: rule,
            Dense: rule);
    }

    public void Fill(long batch, int start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
    {
        samples.Fill(position.Epoch, StartOf(batch) + start, users, items, labels);
        weights.Fill(1);
    }

    private long StartOf(long batch) => position.Samples + batch * options.BatchSize;
}
