using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// Rows of shared weights as bytes, little-endian, in blocks of at most 1 MB: larger ones make a process grow by what the allocator keeps.
/// <code>
/// table (4 bytes) | count (4) | count row numbers (4 each) | the rows' values, one row after the other (4 bytes each, or 2 with fp16)
/// </code>
/// Example: rows 1 and 4 of table 0, of 2 columns, as fp32 are 4 + 4 + 8 + 16 = 32 bytes.
/// </summary>
internal static class TableBlock
{
    public const int LargestBlock = 1 << 20;
    private const int Head = 8;

    /// <summary>The blocks of some rows of each table.</summary>
    public static IEnumerable<byte[]> Encode(TableRows[] tables, IReadOnlyList<Weight> shared, bool half)
    {
        for (int t = 0; t < tables.Length; t++)
        {
            int columns = shared[t].Columns, rowBytes = 4 + columns * (half ? 2 : 4), atOnce = Math.Max(1, (LargestBlock - Head) / rowBytes);
            for (int from = 0; from < tables[t].Rows.Length; from += atOnce)
            {
                yield return Encode(t, tables[t], from, Math.Min(atOnce, tables[t].Rows.Length - from), columns, half);
            }
        }
    }

    /// <summary>Puts blocks together, which come in the order of tables and rows.</summary>
    public sealed class Reader(IReadOnlyList<Weight> shared, bool half)
    {
        private readonly int[] counts = new int[shared.Count];
        private readonly int[][] rows = [.. shared.Select(_ => Array.Empty<int>())];
        private readonly float[][] values = [.. shared.Select(_ => Array.Empty<float>())];

        /// <exception cref="RequestRejectedException">It is no block of these tables.</exception>
        public void Add(ReadOnlySpan<byte> block)
        {
            if (block.Length is < Head or > LargestBlock)
            {
                throw new RequestRejectedException($"A block has {block.Length:N0} bytes; between {Head} and {LargestBlock:N0} are wanted.");
            }

            int table = BinaryPrimitives.ReadInt32LittleEndian(block), count = BinaryPrimitives.ReadInt32LittleEndian(block[4..]);
            if (table < 0 || table >= shared.Count) throw new RequestRejectedException($"A block is of weight {table}; the model shares {shared.Count}.");
            int columns = shared[table].Columns;
            if (count < 0 || block.Length != Head + count * (4L + columns * (half ? 2 : 4)))
            {
                throw new RequestRejectedException($"A block of {shared[table].Name} has {block.Length:N0} bytes for {count:N0} rows of {columns}.");
            }

            ReadOnlySpan<byte> body = block[Head..];
            Span<float> to = Grow(table, count);
            MemoryMarshal.Cast<byte, int>(body[..(4 * count)]).CopyTo(rows[table].AsSpan(counts[table]));
            body = body[(4 * count)..];
            if (half)
            {
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(body);
                for (int i = 0; i < halves.Length; i++) to[i] = (float)halves[i];
            }
            else
            {
                MemoryMarshal.Cast<byte, float>(body).CopyTo(to);
            }

            counts[table] += count;
        }

        /// <summary>All that came. Ends the reading.</summary>
        public TableRows[] Tables()
        {
            for (int table = 0; table < shared.Count; table++) Resize(table, counts[table]);
            return [.. rows.Zip(values, (of, with) => new TableRows(of, with))];
        }

        // Room for the values of so many more rows: twice as much as before, but never more than the table has, so that
        // all its rows, which is common, are copied no more.
        private Span<float> Grow(int table, int count)
        {
            (int needed, int most) = (counts[table] + count, shared[table].Rows);
            if (needed > most) throw new RequestRejectedException($"Blocks of {shared[table].Name} hold {needed:N0} rows, where it has {most:N0}.");
            if (needed > rows[table].Length) Resize(table, Math.Min(most, Math.Max(needed, 2 * rows[table].Length)));
            int columns = shared[table].Columns;
            return values[table].AsSpan(counts[table] * columns, count * columns);
        }

        private void Resize(int table, int count)
        {
            Array.Resize(ref rows[table], count);
            Array.Resize(ref values[table], count * shared[table].Columns);
        }
    }

    private static byte[] Encode(int table, TableRows all, int from, int count, int columns, bool half)
    {
        byte[] block = new byte[Head + count * (4 + columns * (half ? 2 : 4))];
        BinaryPrimitives.WriteInt32LittleEndian(block, table);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), count);
        Span<byte> body = block.AsSpan(Head);
        MemoryMarshal.AsBytes(all.Rows.AsSpan(from, count)).CopyTo(body);
        body = body[(4 * count)..];
        ReadOnlySpan<float> values = all.Values.AsSpan(from * columns, count * columns);
        if (half)
        {
            Span<Half> halves = MemoryMarshal.Cast<byte, Half>(body);
            for (int i = 0; i < values.Length; i++) halves[i] = (Half)values[i];
        }
        else
        {
            MemoryMarshal.AsBytes(values).CopyTo(body);
        }

        return block;
    }
}
