namespace NcfSpark.Configuration;

/// <summary>What the process ends with. A process that a signal stopped ends with 128 + its number: 130 for Ctrl-C, 143 for SIGTERM.</summary>
public enum ExitCode
{
    Done = 0,

    /// <summary>
    /// Anything that is not one of the others: a fault of the program (its stack is printed), or of the machine, such
    /// as a disk that breaks (EIO; no stack).
    /// </summary>
    Failed = 1,

    /// <summary>
    /// The input, the configuration, the command line or the place to write to is at fault: somebody has to change
    /// something, since retrying does not help. Of a place: the disk is full (ENOSPC, EDQUOT), read-only (EROFS), or
    /// not this user's (EACCES, EPERM). What was finished before is untouched.
    /// </summary>
    InvalidInput = 2,

    /// <summary>A model was refused by the gate.</summary>
    Refused = 3,

    Interrupted = 130,

    Terminated = 143,
}
