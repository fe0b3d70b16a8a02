using System.Numerics;
using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// Which of a table's rows a batch has, and a number for each: a bit for each row, and over them a bit for each 64 that have any, so that the
/// rows are listed in rising order without sorting and without looking at all the others. Example, rows 3, 70 and 64:
/// <code>
/// words 8 (bit 3) | 65 (bits 0 and 6)    summary 3 (bits 0 and 1)    Take gives 3, 64, 70
/// </code>
/// </summary>
internal sealed unsafe class BatchRows : IDisposable
{
    private const int Bits = 64, Shift = 6;

    private readonly AlignedArray<int> numbers;
    private readonly AlignedArray<ulong> words, summary;

    public BatchRows(int rowCount)
    {
        (numbers, words, summary) = (new(rowCount), new(rowCount / Bits + 1), new(rowCount / Bits / Bits + 1));
        new Span<int>(Numbers, rowCount).Fill(-1);
    }

    /// <summary>Rows of the table.</summary>
    public int Count => (int)numbers.Length;

    /// <summary>What a batch keeps for each row while it is grouped; -1 between batches.</summary>
    public int* Numbers => numbers.Start;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(int row)
    {
        words.Start[row >> Shift] |= 1UL << row; // C# shifts by the lowest 6 bits
        summary.Start[row >> (2 * Shift)] |= 1UL << (row >> Shift);
    }

    /// <summary>Lists the rows marked, in rising order, and takes their marks away.</summary>
    /// <param name="rows">Room for them.</param>
    /// <returns>How many they are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Take(int* rows)
    {
        int count = 0;
        ulong* word = words.Start, over = summary.Start;
        for (int s = 0; s < (int)summary.Length; s++)
        {
            for (ulong some = over[s]; some != 0; some &= some - 1)
            {
                int w = (s << Shift) + BitOperations.TrailingZeroCount(some);
                for (ulong left = word[w]; left != 0; left &= left - 1) rows[count++] = (w << Shift) + BitOperations.TrailingZeroCount(left);
                word[w] = 0;
            }

            over[s] = 0;
        }

        return count;
    }

    public void Dispose()
    {
        numbers.Dispose();
        words.Dispose();
        summary.Dispose();
    }
}
