using System.IO.Compression;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>
/// Refuses a gzip file that was cut short or damaged. DuckDB, Spark's Hadoop and .NET all read the part that is there and say nothing.
/// </summary>
/// <remarks>
/// A small gzip member with known content is put behind the file. Members follow each other, so what comes out of a whole file ends with that
/// content; a file that was cut swallows the member as data or as checksum.
/// </remarks>
internal static class GzipCheck
{
    private static readonly byte[] Sentinel = [.. "the file was whole"u8];

    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public static void Check(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using var stream = new GZipStream(new Appended(file, new MemoryStream(Compressed(Sentinel))), CompressionMode.Decompress);
            byte[] buffer = new byte[1 << 17];
            int kept = 0, read;
            while ((read = stream.Read(buffer, kept, buffer.Length - kept)) > 0)
            {
                int filled = kept + read;
                kept = Math.Min(filled, Sentinel.Length);
                buffer.AsSpan(filled - kept, kept).CopyTo(buffer); // the last bytes so far, at the front
            }

            if (buffer.AsSpan(0, kept).SequenceEqual(Sentinel)) return;
        }
        catch (InvalidDataException)
        {
        }

        throw new InvalidInputException(
            $"{path}: the gzip file is cut short or damaged (its checksum does not fit its content). Copy it again, or compress it again.");
    }

    private static byte[] Compressed(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(memory, CompressionLevel.Fastest)) stream.Write(content);
        return memory.ToArray();
    }

    private sealed class Appended(Stream first, Stream second) : ReadOnlyStream
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = first.Read(buffer, offset, count);
            return read > 0 ? read : second.Read(buffer, offset, count);
        }
    }
}
