using System.Runtime.InteropServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Zero-initialized memory outside the garbage collector's heap, so its address never changes. It starts on a cache
/// line of 64 bytes, which is also the widest vector. For large arrays, Linux is asked for pages of 2 MB: rows are read
/// in random order, and with pages of 4 KB almost every row would miss the TLB.
/// </summary>
public sealed unsafe class AlignedArray<T> : IDisposable
    where T : unmanaged
{
    private const int CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private const nuint WorthHugePages = 2 * HugePage; // below, rounding up to whole pages could double the memory
    private const int AdviseHugePages = 14;            // MADV_HUGEPAGE in Linux' mman.h

    public AlignedArray(long length)
    {
        Length = length;
        nuint bytes = checked((nuint)Math.Max(length, 1) * (nuint)sizeof(T));
        bool huge = OperatingSystem.IsLinux() && bytes >= WorthHugePages;
        Start = (T*)NativeMemory.AlignedAlloc(bytes, huge ? HugePage : CacheLine);
        if (huge) _ = LinuxMemory.Advise(Start, bytes, AdviseHugePages); // a refusal only costs speed
        NativeMemory.Clear(Start, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    ~AlignedArray() => Free();

    /// <summary>Address of the first value; null after <see cref="Dispose"/>.</summary>
    public T* Start { get; private set; }

    public long Length { get; }

    /// <summary>All values. Throws if their number does not fit an int.</summary>
    public Span<T> Span => new(Start, checked((int)Length));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Start == null) return;
        NativeMemory.AlignedFree(Start);
        GC.RemoveMemoryPressure(Math.Max(Length, 1) * sizeof(T));
        Start = null;
    }
}

internal static unsafe partial class LinuxMemory
{
    /// <summary>Tells the operating system how a range of memory will be used (madvise).</summary>
    /// <returns>0, or -1 if the hint was refused.</returns>
    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Advise(void* address, nuint bytes, int advice);
}

/// <summary>
/// Rows of packed arrays are padded with zeros to whole vectors of the widest instruction set, 16 floats, which is also
/// a cache line. So the layout is the same for every instruction set. Padding stays 0: whatever it is multiplied with
/// gives 0, and so does its gradient.
/// Example: 5 → 16, 16 → 16, 40 → 48, 0 → 0.
/// </summary>
public static class Padding
{
    /// <summary>Widths are padded to multiples of this.</summary>
    public const int Lanes = 16;

    /// <summary>The width, rounded up.</summary>
    public static int Padded(int width) => (width + Lanes - 1) / Lanes * Lanes;
}
