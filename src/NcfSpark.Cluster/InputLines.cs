using System.Buffers.Text;
using System.Text;

namespace NcfSpark.Cluster;

/// <summary>The lines that Spark brings a task on standard input, without their ends; fields are parted by tabs.</summary>
internal sealed class InputLines(Stream input)
{
    private readonly byte[] buffer = new byte[1 << 20];
    private int start, end;

    /// <summary>The line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line, until the one after it is asked for.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">The last line does not end, or is longer than 1 MB.</exception>
    public bool TryNext(out ReadOnlySpan<byte> line)
    {
        int length;
        while ((length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n')) < 0)
        {
            if (start > 0) buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            int read = end < buffer.Length ? input.Read(buffer, end, buffer.Length - end) : throw new InvalidDataException($"Line {Number + 1} does not end.");
            if (read == 0)
            {
                line = default;
                return end == 0 ? false : throw new InvalidDataException($"Line {Number + 1} was cut short.");
            }

            end += read;
        }

        Number++;
        line = buffer.AsSpan(start, length);
        start += length + 1;
        return true;
    }

    /// <summary>Takes a whole number off the front, and the tab behind it where there is one.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> fields, out long value)
    {
        if (!Utf8Parser.TryParse(fields, out value, out int length) || (length < fields.Length && (fields[length] != '\t' || length + 1 == fields.Length)))
        {
            return false;
        }

        fields = fields[Math.Min(length + 1, fields.Length)..];
        return true;
    }

    /// <summary>Why a line is not what it should be.</summary>
    public InvalidDataException Not(string expected, ReadOnlySpan<byte> line) => new($"Line {Number} is not {expected}: {Encoding.UTF8.GetString(line)}");
}
