using System.Runtime.InteropServices;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// Some rows of a shared weight, as they travel: their values, or with fp16 their changes, rounded to 16 bits already.
/// Example, a weight of 2 columns: Rows {1, 4}, Values {.1, .2, .3, .4} are its rows 1 (.1, .2) and 4 (.3, .4).
/// </summary>
/// <param name="Rows">Which rows, rising.</param>
/// <param name="Values">One row after the other.</param>
internal sealed record TableRows(int[] Rows, float[] Values)
{
    public static TableRows None { get; } = new([], []);

    /// <summary>How many bytes they take where they travel.</summary>
    public long Bytes(bool half) => Rows.Length * (long)sizeof(int) + Values.Length * (long)(half ? 2 : 4);

    /// <summary>The rows that are not, to the bit, what they were: those that steps touched.</summary>
    /// <param name="half">Whether changes travel, in 16 bits, rather than values.</param>
    public static TableRows Changed(Weight weight, ReadOnlySpan<float> before, bool half)
    {
        ReadOnlySpan<float> now = weight.Values;
        int columns = weight.Columns;
        var rows = new List<int>();
        for (int row = 0; row < weight.Rows; row++)
        {
            if (!Bits(now, row, columns).SequenceEqual(Bits(before, row, columns))) rows.Add(row);
        }

        float[] values = new float[rows.Count * columns];
        for (int r = 0; r < rows.Count; r++)
        {
            ReadOnlySpan<float> from = now.Slice(rows[r] * columns, columns), was = before.Slice(rows[r] * columns, columns);
            Span<float> to = values.AsSpan(r * columns, columns);
            from.CopyTo(to);
            if (half)
            {
                for (int c = 0; c < columns; c++) to[c] = (float)(Half)(from[c] - was[c]);
            }
        }

        return new TableRows([.. rows], values);
    }

    /// <summary>Sets the weight's rows, or adds to them where changes travel.</summary>
    public void ApplyTo(Weight weight, bool half)
    {
        int columns = weight.Columns;
        for (int r = 0; r < Rows.Length; r++)
        {
            ReadOnlySpan<float> from = Values.AsSpan(r * columns, columns);
            Span<float> to = weight.Row(Rows[r]);
            if (half)
            {
                for (int c = 0; c < columns; c++) to[c] += from[c];
            }
            else
            {
                from.CopyTo(to);
            }
        }
    }

    private static ReadOnlySpan<int> Bits(ReadOnlySpan<float> values, int row, int columns) =>
        MemoryMarshal.Cast<float, int>(values.Slice(row * columns, columns));
}
