using System.Buffers.Binary;
using NcfSpark.Data;

namespace NcfSpark.Preparation;

/// <summary>Refuses files that were cut short, before an engine reads half of them and says nothing.</summary>
internal static class FileCheck
{
    /// <exception cref="InvalidInputException">A file cannot be read, or is not whole.</exception>
    public static void CheckWhole(InputFiles files)
    {
        foreach (string path in files.Paths)
        {
            try
            {
                if (files.IsParquet) CheckParquet(path);
                else if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) GzipCheck.Check(path);
            }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
            {
                throw new InvalidInputException($"{path} cannot be read: {cause.Message}", cause);
            }
        }
    }

    // A Parquet file begins and ends with "PAR1"; before the last one stands the length of the footer, which must lie in the file.
    private static void CheckParquet(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[4], tail = stackalloc byte[8];
        bool whole = file.Length >= 12;
        if (whole)
        {
            file.ReadExactly(head);
            file.Seek(-8, SeekOrigin.End);
            file.ReadExactly(tail);
            if (!head.SequenceEqual("PAR1"u8)) throw new InvalidInputException($"{path} is no Parquet file: it does not begin with PAR1. Set Input:Format to \"csv\" if it is text, or write it again.");
            whole = tail[4..].SequenceEqual("PAR1"u8) && BinaryPrimitives.ReadUInt32LittleEndian(tail) <= file.Length - 12;
        }

        if (!whole) throw new InvalidInputException($"{path}: the Parquet file is cut short (its end, where the columns are described, is missing). Copy it again, or write it again.");
    }
}
