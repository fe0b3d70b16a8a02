using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace NcfSpark.Kernels;

/// <summary>
/// Records that the next tile will read. The matrix products of the current tile prefetch them one at a time, so that
/// memory is read while the processor multiplies and the number of requests under way stays small (two at a time were
/// slower). Records go to the second-level cache: the first level is full of the current tile, and prefetching into it
/// was 3 to 35 % slower.
/// </summary>
internal unsafe struct PrefetchList
{
    private const int CacheLine = 64;
    private const int WholeRecord = 1; // the lowest bit of an entry: addresses are multiples of 64

    private readonly nint* entries;
    private readonly int rowBytes;
    private readonly int recordBytes;
    private int next;
    private int count;

    /// <param name="entries">Room for the records of a tile: two for each sample.</param>
    /// <param name="rowFloats">Floats of W in a record (<see cref="PackedLayout"/>).</param>
    public PrefetchList(nint* entries, int rowFloats)
    {
        this.entries = entries;
        (rowBytes, recordBytes) = (rowFloats * sizeof(float), 3 * rowFloats * sizeof(float));
    }

    public void Clear() => (next, count) = (0, 0);

    /// <summary>
    /// Adds a record: its weights only, or the whole record with its moments if the tile will update it.
    /// </summary>
    public void Add(float* record, bool whole) => entries[count++] = (nint)record | (whole ? WholeRecord : 0);

    /// <summary>Prefetches the next record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void One()
    {
        if (next < count) Fetch();
    }

    /// <summary>Prefetches all records that are left.</summary>
    public void Rest()
    {
        while (next < count) Fetch();
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void Fetch()
    {
        nint entry = entries[next++];
        if (!Sse.IsSupported) return; // .NET has no prefetch for other processors
        byte* record = (byte*)(entry & ~(nint)WholeRecord);
        int bytes = (entry & WholeRecord) != 0 ? recordBytes : rowBytes;
        for (int b = 0; b < bytes; b += CacheLine) Sse.Prefetch1(record + b);
    }
}
