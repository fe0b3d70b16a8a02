using System.Numerics;
using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Sorts the samples of a batch by their rows of a table, and samples of one row by their order in the batch. It is a
/// radix sort, lowest digit first, with as many passes as the size of the table needs. Its memory grows with the batch,
/// not with the table, so that it stays in the cache. Example, a table of 1,000 rows (10 bits, two digits of 5), the
/// samples' rows 70, 3, 64, 3:
/// <code>
/// keys row | sample    70|0  3|1  64|2  3|3
/// by row % 32          64|2  3|1  3|3  70|0
/// by row / 32          3|1  3|3  64|2  70|0
/// </code>
/// </summary>
internal sealed unsafe class RowSort : IDisposable
{
    private const int RowShift = 32;

    private readonly int digits, bits;
    private readonly AlignedArray<ulong> keys, others;
    private readonly AlignedArray<int> places;

    /// <param name="rowCount">Rows of the table.</param>
    /// <param name="capacity">Samples of a batch, at most.</param>
    public RowSort(int rowCount, int capacity)
    {
        // A digit has at most as many values as a batch has samples, or 512, whose counters are added up in the time of
        // some 300 samples.
        int rowBits = BitOperations.Log2((uint)rowCount) + 1, mostBits = Math.Max(BitOperations.Log2((uint)capacity), 9);
        digits = (rowBits + mostBits - 1) / mostBits;
        bits = (rowBits + digits - 1) / digits;
        (keys, others, places) = (new(capacity + 1), new(capacity + 1), new(1 << bits));
    }

    /// <summary>Above every key; stands behind the last one.</summary>
    public static ulong End => ulong.MaxValue;

    public static int Row(ulong key) => (int)(key >> RowShift);

    public static int Sample(ulong key) => (int)key;

    /// <summary>
    /// 1 if two keys have different rows, else 0: a number, because a branch on it would be unpredictable.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Differ(ulong a, ulong b) => (a ^ b) >> RowShift != 0 ? 1 : 0;

    /// <summary>Sorts.</summary>
    /// <param name="rows">Each sample's row.</param>
    /// <returns>A key for each sample, and <see cref="End"/>; valid until the next sort.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ulong* Sort(int* rows, int count)
    {
        ulong* from = keys.Start, to = others.Start;
        for (int b = 0; b < count; b++) from[b] = ((ulong)rows[b] << RowShift) | (uint)b;
        for (int digit = 0; digit < digits; digit++)
        {
            ByDigit(from, to, count, RowShift + digit * bits);
            ulong* sorted = to;
            to = from;
            from = sorted;
        }

        from[count] = End;
        return from;
    }

    public void Dispose()
    {
        keys.Dispose();
        others.Dispose();
        places.Dispose();
    }

    // A stable counting sort by one digit.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ByDigit(ulong* from, ulong* to, int count, int shift)
    {
        int values = 1 << bits, mask = values - 1, place = 0;
        int* next = places.Start; // first the number of keys with each value, then the position of the next of them
        new Span<int>(next, values).Clear();
        for (int b = 0; b < count; b++) next[(int)(from[b] >> shift) & mask]++;
        for (int value = 0; value < values; value++)
        {
            int some = next[value];
            next[value] = place;
            place += some;
        }

        for (int b = 0; b < count; b++) to[next[(int)(from[b] >> shift) & mask]++] = from[b];
    }
}
