namespace NcfSpark.Training;

/// <summary>What is trained on.</summary>
internal interface ISampleSource : IDisposable
{
    /// <summary>Samples in an epoch.</summary>
    long Count { get; }

    /// <summary>
    /// Neighbouring samples that share their user and what came before: a positive with its negatives, where they are drawn with it. Every batch starts
    /// with a group's first sample.
    /// </summary>
    int GroupSize => 1;

    /// <summary>What each user did, for models with a history; null where it is not needed.</summary>
    PastItems? Past => null;

    /// <summary>The samples of an epoch, in its shuffled order.</summary>
    /// <param name="epoch">From 0.</param>
    IEpochSamples InEpoch(int epoch);
}

/// <summary>The samples of one epoch, any part of which can be asked for at any time, by any thread.</summary>
internal interface IEpochSamples
{
    /// <summary>Gives the samples that stand at <paramref name="start"/> and after it, as many as the spans are long. Allocates nothing.</summary>
    /// <param name="start">The place of the first in the epoch, from 0.</param>
    /// <param name="labels">1 seen, 0 sampled.</param>
    /// <param name="weights">What a sample's loss and L2 are multiplied by; 1 on average.</param>
    void Fill(long start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights);

    /// <summary>Gives the users that stand at <paramref name="start"/> and after it, where samples are users (<see cref="UserSamples"/>).</summary>
    void FillUsers(long start, Span<int> samples) => throw new NotSupportedException("These samples are rows, not users.");

    /// <summary>Gives, for the same samples, where in <see cref="PastItems.Items"/> what came before them ends.</summary>
    void FillPastEnds(long start, Span<int> ends) => throw new NotSupportedException("These samples know nothing of what came before.");
}
