using System.Runtime.InteropServices;

namespace NcfSpark.Training.Distributed;

internal static partial class LinuxProcess
{
    /// <summary>The parent's process id; another one, that of who adopts orphans, once the parent is gone.</summary>
    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int Parent();
}
