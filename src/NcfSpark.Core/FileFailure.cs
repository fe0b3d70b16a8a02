namespace NcfSpark.Core;

/// <summary>Why the operating system would not open, read, write or rename a file.</summary>
public enum FileFault
{
    /// <summary>The disk is full, or a quota is used up.</summary>
    Full,

    /// <summary>The file system is mounted read-only.</summary>
    ReadOnly,

    /// <summary>This user may not.</summary>
    Denied,

    /// <summary>
    /// The device failed, and may do better a little later: a disk that breaks (EIO), a file server that is gone
    /// (ESTALE), too many open files (EMFILE).
    /// </summary>
    Device,

    /// <summary>Anything else, such as a folder where a file belongs.</summary>
    Other,
}

/// <summary>
/// A failure of the machine rather than of the program, whoever met it (.NET or DuckDB's native code): it is told in words, without a stack.
/// </summary>
/// <param name="Fault">What the system refused or could not do; it decides the exit code.</param>
/// <param name="Message">The system's own words, with the name of the file.</param>
public sealed record FileFailure(FileFault Fault, string Message)
{
    private const int LastErrno = 133;                       // of Linux; .NET keeps the errno of a failed call in HResult
    private const int DiskFull = unchecked((int)0x80070070); // how .NET names it on Windows
    private const string DiskWasFull = "because the disk was full"; // and on Linux, without a number, where it knew the length beforehand
    private const string IsDenied = "Access to the path";           // without a number, of a directory that cannot be removed (EACCES, EROFS)

    // strerror(3), as native code repeats it: 'IO Error: Could not write file "/x": No space left on device'.
    private static readonly (string Text, FileFault Fault)[] texts =
    [
        ("No space left on device", FileFault.Full), ("Disk quota exceeded", FileFault.Full), (": Read-only file system", FileFault.ReadOnly), (
            ": Permission denied", FileFault.Denied),
        (": Operation not permitted", FileFault.Denied), (": Input/output error", FileFault.Device), (": Stale file handle", FileFault.Device), (
            ": Too many open files", FileFault.Device),
    ];

    /// <summary>Whether the place is at fault, so that retrying does not help before somebody has changed something there: exit code 2, else 1.</summary>
    public bool IsOfThePlace => Fault is FileFault.Full or FileFault.ReadOnly or FileFault.Denied;

    /// <summary>What happened, and what to do.</summary>
    public string Words => $"{Fault switch
    {
        FileFault.Full => "The disk is full",
        FileFault.ReadOnly => "The file system is read-only",
        FileFault.Denied => "Permission is missing",
        _ => "The machine could not read or write a file",
    }}: {Message}\n{OfCopy(Message)}What was finished before is untouched. {Cure}";

    private string Cure => Fault switch
    {
        FileFault.Full => "Free some space, or choose a run directory on another disk with --run (for temporary files, another TMPDIR), "
            + "then give the same command again.",
        FileFault.ReadOnly => "Mount it for writing, or choose a run directory elsewhere with --run (for temporary files, another TMPDIR), "
            + "then give the same command again.",
        FileFault.Denied => "Mend the permissions, or choose a run directory elsewhere with --run (for temporary files, another TMPDIR), "
            + "then give the same command again.",
        _ => "Look at the disk or the file server (dmesg tells what the kernel saw), then give the same command again.",
    };

    /// <summary>The refusal of a directory that is to be written, before any work.</summary>
    public static InvalidInputException CannotWrite(string directory, Exception cause) =>
        new($"{directory} cannot be written: {cause.Message.TrimEnd('.')}. {OfCopy(directory)}"
            + $"{Of(cause)?.Cure ?? "Choose another run directory with --run."} Nothing was changed.", cause);

    // Where a run lives in a bucket, its place stands for the path of its working copy, which says nothing of a disk.
    private static string OfCopy(string text) => RunStore.DirectoryOfCopy(text) is { } directory
        ? $"This is the copy of the run on this machine, in {directory}; Storage:CacheDirectory names another place for it. "
        : "";

    /// <summary>The failure that an exception tells of, itself or by one within it; null where none does.</summary>
    public static FileFailure? Of(Exception failure) =>
        FaultOf(failure) is { } fault ? new(fault, failure.Message.TrimEnd().Split('\n')[0])
        : failure is AggregateException several ? several.InnerExceptions.Select(Of).FirstOrDefault(found => found is not null)
        : failure.InnerException is { } cause ? Of(cause)
        : null;

    private static FileFault? FaultOf(Exception failure) => failure switch
    {
        IOException { HResult: 28 or 122 or DiskFull } => FileFault.Full, // ENOSPC, EDQUOT
        IOException { HResult: 30 } => FileFault.ReadOnly,                // EROFS
        IOException { HResult: 1 or 13 } => FileFault.Denied,             // EPERM, EACCES
        // EIO, ENXIO, ENODEV, ENFILE, EMFILE, ETIMEDOUT, ESTALE, EREMOTEIO.
        IOException { HResult: 5 or 6 or 19 or 23 or 24 or 110 or 116 or 121 } => FileFault.Device,
        IOException { HResult: > 0 and <= LastErrno } => FileFault.Other,
        IOException when failure.Message.Contains(DiskWasFull, StringComparison.Ordinal) => FileFault.Full,
        IOException when failure.Message.StartsWith(IsDenied, StringComparison.Ordinal) => FileFault.Denied,
        UnauthorizedAccessException => FileFault.Denied,
        IOException or AggregateException => null, // whose message is that of what lies within
        _ => texts.Where(text => failure.Message.Contains(text.Text, StringComparison.OrdinalIgnoreCase)).Select(text => (FileFault?)text.Fault)
            .FirstOrDefault(),
    };
}
