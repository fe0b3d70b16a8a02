namespace NcfSpark.Training.Distributed;

/// <summary>What a saved file is part of.</summary>
internal enum SaveKind
{
    /// <summary>A checkpoint: the worker's users and all its moments.</summary>
    Checkpoint,

    /// <summary>The model of the epoch that is kept: the users of a shard.</summary>
    Model,
}
