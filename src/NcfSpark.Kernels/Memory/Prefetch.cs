using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace NcfSpark.Kernels;

/// <summary>Hints that memory will be read soon.</summary>
public static unsafe class Prefetch
{
    /// <summary>Asks for the cache line of an address. Nothing happens on other processors than x86, for which .NET has no prefetch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>Asks for all lines of a row of numbers.</summary>
    public static void Row(float* row, int length)
    {
        const int FloatsOfLine = 64 / sizeof(float);
        for (int at = 0; at < length; at += FloatsOfLine) Line(row + at);
    }
}
