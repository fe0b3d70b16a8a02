namespace NcfSpark.Training;

/// <summary>The samples of each epoch, in the epoch's shuffled order.</summary>
internal interface ISampleSource
{
    /// <summary>Samples in an epoch.</summary>
    long Count { get; }

    /// <summary>Gives the samples that stand at <paramref name="start"/> and after it in an epoch, as many as the spans are long.</summary>
    void Fill(int epoch, long start, Span<int> users, Span<int> items, Span<float> labels);
}
