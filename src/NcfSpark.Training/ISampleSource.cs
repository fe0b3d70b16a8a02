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
