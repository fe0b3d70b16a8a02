namespace NcfSpark.Jobs;

/// <summary>What the process ends with. A process that a signal stopped ends with 128 + its number: 130 for Ctrl-C, 143 for SIGTERM.</summary>
public enum ExitCode
{
    Done = 0,

    /// <summary>Anything that is not one of the others.</summary>
    Failed = 1,

    /// <summary>The input, the configuration, the command line or the place to write to is at fault. Nothing was changed.</summary>
    InvalidInput = 2,

    /// <summary>A model was refused by the gate.</summary>
    Refused = 3,

    Interrupted = 130,

    Terminated = 143,
}
