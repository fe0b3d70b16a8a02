using System.Runtime.InteropServices;

namespace NcfSpark.Core;

/// <summary>What File and Directory cannot do.</summary>
public static partial class LinuxFiles
{
    /// <summary>rename(2): what was at the new name is replaced in one step. File.Move follows a symbolic link to a directory, and then refuses it.</summary>
    /// <exception cref="IOException">It failed.</exception>
    public static void Rename(string from, string to)
    {
        if (RenameFile(from, to) != 0)
        {
            throw new IOException($"{from} cannot be renamed to {to}: {Marshal.GetLastPInvokeErrorMessage()}.", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>realpath(3): the path without links, and without "." and ".."; null where nothing is there.</summary>
    public static string? RealPath(string path)
    {
        nint resolved = ResolvePath(path, 0);
        if (resolved == 0) return null;
        string real = Marshal.PtrToStringUTF8(resolved)!;
        Free(resolved);
        return real;
    }

    /// <summary>
    /// Makes a directory that its owner alone may look into (mode 0700), for what users did. Those above it that are missing have the umask's modes, and a
    /// directory that is there keeps its own: whoever wants other readers makes it first.
    /// </summary>
    public static void MakePrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>sync(2): waits until what was written is on the disks.</summary>
    public static void Sync() => SyncDisks();

    [LibraryImport("libc", EntryPoint = "sync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void SyncDisks();

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int RenameFile(string from, string to);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ResolvePath(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Free(nint memory);
}
