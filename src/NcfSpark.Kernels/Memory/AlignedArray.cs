using System.Runtime.InteropServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Memory outside the garbage collector, all 0 at first, from which vectors are read at fixed addresses. It starts on a cache line of 64 bytes,
/// which is also the widest vector. Where it is large, Linux is asked for pages of 2 MB: rows are read in random order, and with pages of 4 KB
/// almost every row would miss the TLB.
/// </summary>
/// <typeparam name="T">A type without references, such as float.</typeparam>
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
        if (huge) _ = LinuxMemory.Advise(Start, bytes, AdviseHugePages); // refused where the kernel has none: then only slower
        NativeMemory.Clear(Start, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    ~AlignedArray() => Free();

    /// <summary>Its first value; null once disposed.</summary>
    public T* Start { get; private set; }

    public long Length { get; }

    /// <summary>All values, where an int can count them.</summary>
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
