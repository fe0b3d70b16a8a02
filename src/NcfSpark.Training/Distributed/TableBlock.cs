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
            for (int from = 0; from < tables[t].Rows.Length; from += atOnce) yield return Encode(t, tables[t], from, Math.Min(atOnce, tables[t].Rows.Length - from), columns, half);
        }
    }

    /// <summary>Puts blocks together, which come in the order of tables and rows.</summary>
    public sealed class Reader(IReadOnlyList<Weight> shared, bool half)
    {
        private readonly List<int>[] rows = [.. shared.Select(_ => new List<int>())];
        private readonly List<float>[] values = [.. shared.Select(_ => new List<float>())];

        /// <exception cref="RefusedException">It is no block of these tables.</exception>
        public void Add(ReadOnlySpan<byte> block)
        {
            if (block.Length is < Head or > LargestBlock) throw new RefusedException($"A block has {block.Length:N0} bytes; between {Head} and {LargestBlock:N0} are wanted.");
            int table = BinaryPrimitives.ReadInt32LittleEndian(block), count = BinaryPrimitives.ReadInt32LittleEndian(block[4..]);
            if (table < 0 || table >= shared.Count) throw new RefusedException($"A block is of weight {table}; the model shares {shared.Count}.");
            int columns = shared[table].Columns;
            if (count < 0 || block.Length != Head + count * (4L + columns * (half ? 2 : 4))) throw new RefusedException($"A block of {shared[table].Name} has {block.Length:N0} bytes for {count:N0} rows of {columns}.");
            ReadOnlySpan<byte> body = block[Head..];
            rows[table].AddRange(MemoryMarshal.Cast<byte, int>(body[..(4 * count)]));
            body = body[(4 * count)..];
            if (half)
            {
                foreach (Half value in MemoryMarshal.Cast<byte, Half>(body)) values[table].Add((float)value);
            }
            else
            {
                values[table].AddRange(MemoryMarshal.Cast<byte, float>(body));
            }
        }

        /// <summary>All that came.</summary>
        public TableRows[] Tables() => [.. rows.Zip(values, (of, with) => new TableRows([.. of], [.. with]))];
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
