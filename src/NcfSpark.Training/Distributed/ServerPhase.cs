namespace NcfSpark.Training.Distributed;

/// <summary>What all workers do together.</summary>
internal enum ServerPhase
{
    /// <summary>Those who are there wait for the others.</summary>
    Gathering,

    /// <summary>They train, and give their round.</summary>
    Round,

    /// <summary>They validate, and report.</summary>
    EndOfEpoch,

    /// <summary>They give their files of a checkpoint or a model.</summary>
    Saving,

    /// <summary>The run is over, well or not.</summary>
    Finished,
}
