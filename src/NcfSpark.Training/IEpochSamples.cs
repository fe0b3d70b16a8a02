namespace NcfSpark.Training;

/// <summary>The samples of one epoch, any part of which can be asked for at any time, by any thread.</summary>
internal interface IEpochSamples
{
    /// <summary>Gives the samples that stand at <paramref name="start"/> and after it, as many as the spans are long. Allocates nothing.</summary>
    /// <param name="start">The place of the first in the epoch, from 0.</param>
    /// <param name="users">User indexes.</param>
    /// <param name="items">Item indexes.</param>
    /// <param name="labels">1 seen, 0 sampled.</param>
    /// <param name="weights">What a sample's loss and L2 are multiplied by; 1 on average.</param>
    void Fill(long start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights);

    /// <summary>Gives, for the same samples, where in <see cref="PastItems.Items"/> what came before them ends.</summary>
    void FillPastEnds(long start, Span<int> ends) => throw new NotSupportedException("These samples know nothing of what came before.");
}
