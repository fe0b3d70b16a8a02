namespace NcfSpark.Training;

/// <summary>What is trained on.</summary>
internal interface ISampleSource : IDisposable
{
    /// <summary>Samples in an epoch.</summary>
    long Count { get; }

    /// <summary>The samples of an epoch, in its shuffled order.</summary>
    /// <param name="epoch">From 0.</param>
    IEpochSamples InEpoch(int epoch);
}
