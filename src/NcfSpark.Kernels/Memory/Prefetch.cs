using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace NcfSpark.Kernels;

/// <summary>Hints that memory will be read soon.</summary>
public static unsafe class Prefetch
{
    /// <summary>
    /// Prefetches the cache line of an address. Does nothing on processors other than x86, for which .NET has no
    /// prefetch.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>Prefetches all cache lines of a row.</summary>
    public static void Row(float* row, int length)
    {
        const int FloatsOfLine = 64 / sizeof(float);
        for (int at = 0; at < length; at += FloatsOfLine) Line(row + at);
    }
}
