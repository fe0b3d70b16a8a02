using System.Runtime.InteropServices;

namespace NcfSpark.Kernels;

internal static unsafe partial class LinuxMemory
{
    /// <summary>Tells the kernel how a range of memory will be used.</summary>
    /// <returns>0, or -1 where it does not do that.</returns>
    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Advise(void* address, nuint bytes, int advice);
}
