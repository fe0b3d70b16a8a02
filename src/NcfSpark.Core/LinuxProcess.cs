using System.Runtime.InteropServices;

namespace NcfSpark.Core;

/// <summary>What .NET does not say of a process.</summary>
public static partial class LinuxProcess
{
    /// <summary>The parent's process id; another one, that of who adopts orphans, once the parent is gone.</summary>
    public static int Parent() => ParentId();

    /// <summary>
    /// Has the kernel kill this process when the thread that started it ends, also where it is stopped and cannot look
    /// for itself. Only for who is started by a thread that lives as long as it is wanted.
    /// </summary>
    public static void EndWithParentThread() => _ = Control(DeathSignal, Kill, 0, 0, 0); // where it fails, the parent is watched all the same

    private const int DeathSignal = 1, Kill = 9; // PR_SET_PDEATHSIG, SIGKILL

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint value, nuint third, nuint fourth, nuint fifth);
}
