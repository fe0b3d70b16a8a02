namespace NcfSpark.Training;

/// <summary>The samples of each epoch, in the epoch's shuffled order.</summary>
internal interface ISampleSource
{
    /// <summary>Samples in an epoch.</summary>
    long Count { get; }

    /// <summary>Fills the batch with the samples that stand at Start … Start + Count - 1 of its epoch.</summary>
    void Fill(Batch batch);
}
