namespace NcfSpark.Cluster;

/// <summary>What a row is that Spark brings a training worker.</summary>
internal enum WorkerPart
{
    /// <summary>Of training: a negative that `prepare` drew (label 0).</summary>
    Sampled,

    /// <summary>Of training: what the user did (label 1).</summary>
    Seen,

    /// <summary>Held out to validate.</summary>
    Validation,

    /// <summary>Held out to test; brought where held-out items are never drawn as negatives, or are trained on.</summary>
    Test,
}
