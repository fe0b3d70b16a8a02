using System.Buffers.Binary;
using System.Text.RegularExpressions;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>Refuses files that were cut short, or are not what their names say, before an engine reads half of them and says nothing.</summary>
internal static partial class FileCheck
{
    private const int Start = 4096;
    private const int TarMark = 257; // where a tar archive says "ustar"

    private static readonly (byte[] Mark, string Kind)[] OtherKinds =
    [
        ([.. "ORC"u8, 0x0A], "an ORC file"), ([.. "ORC"u8, 0x08], "an ORC file"), ([.. "Obj\u0001"u8], "an Avro file"),
        ([.. "ARROW1\0\0"u8], "an Arrow file"), ([.. "SQLite format 3\0"u8], "a database of SQLite"), ([0xD0, 0xCF, 0x11, 0xE0], "a spreadsheet"),
        ([0xFF, 0xFE, 0, 0], "text in UTF-32"), ([0, 0, 0xFE, 0xFF], "text in UTF-32"), ([.. "%PDF-"u8], "a PDF"),
    ];

    /// <exception cref="InvalidInputException">A file cannot be read, is not whole, or is of another kind.</exception>
    public static void CheckWhole(InputFiles files)
    {
        foreach (string path in files.Paths)
        {
            try
            {
                if (files.IsParquet) CheckParquet(path);
                else CheckText(path, files.Setting);
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
            if (!head.SequenceEqual("PAR1"u8))
            {
                throw new InvalidInputException(
                    $"{path} is no Parquet file: it does not begin with PAR1. Set Input:Format to \"csv\" if it is text, or write it again.");
            }

            whole = tail[4..].SequenceEqual("PAR1"u8) && BinaryPrimitives.ReadUInt32LittleEndian(tail) <= file.Length - 12;
        }

        if (!whole)
        {
            throw new InvalidInputException(
                $"{path}: the Parquet file is cut short (its end, where the columns are described, is missing). Copy it again, or write it again.");
        }
    }

    private static void CheckText(string path, string setting)
    {
        if (Spreadsheet().IsMatch(path))
        {
            throw new InvalidInputException($"{path} is a spreadsheet, which is not read. Save the sheet as CSV in UTF-8, and name that file in {setting}.");
        }

        if (Archive().IsMatch(path)) throw IsArchive(path, setting);
        if (OtherCompression().Match(path) is { Success: true } other)
        {
            throw new InvalidInputException($"{path} is compressed in a way that is not read here ({other.Value}). Unpack it, or compress it by gzip (.gz), "
                + $"zstd (.zst) or bzip2 (.bz2), and name that in {setting}.");
        }

        CompressionKind kind = Compression.Of(path);
        if (kind == CompressionKind.Gzip) GzipCheck.Check(path);
        byte[] start = new byte[Start];
        using Stream content = Compression.Open(path);
        int length = content.ReadAtLeast(start, Start, throwOnEndOfStream: false);
        RefuseOtherKinds(path, setting, start.AsSpan(0, length));
    }

    private static void RefuseOtherKinds(string path, string setting, ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("PAR1"u8))
        {
            throw new InvalidInputException($"{path} is a Parquet file, "
                + $"not text.{(setting is "Input:Path" or "Input:TestPath" ? " Set Input:Format to \"parquet\", or let" : " Let")} its name end in .parquet.");
        }

        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])) throw Compressed(path, "gzip", ".gz");
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])) throw Compressed(path, "zstd", ".zst");
        if (start.StartsWith("BZh"u8) && start.Length > 9 && start[4..10].SequenceEqual((ReadOnlySpan<byte>)[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]))
        {
            throw Compressed(path, "bzip2", ".bz2");
        }

        foreach ((byte[] mark, string kind) in OtherKinds)
        {
            if (!start.StartsWith(mark)) continue;
            throw new InvalidInputException($"{path} is {kind}, which is not read. Save it as CSV in UTF-8, or as Parquet, and name that file in {setting}.");
        }

        bool tar = start.Length > TarMark + 5 && start.Slice(TarMark, 5).SequenceEqual("ustar"u8);
        bool zip = start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith((ReadOnlySpan<byte>)[0x37, 0x7A, 0xBC, 0xAF]);
        if (tar || zip) throw IsArchive(path, setting);
        if (Utf16Of(start) is { } order)
        {
            throw new InvalidInputException(
                $"{path} is UTF-16 text. Save it as UTF-8; a file is converted by: iconv -f {order} -t UTF-8 {System.IO.Path.GetFileName(path)} > utf8.csv");
        }

        if (start.Contains((byte)0))
        {
            throw new InvalidInputException($"{path} is no text file: it has a zero byte near its beginning. "
                + "Save it as text in UTF-8 (or compress it by gzip, zstd or bzip2, or use Parquet).");
        }
    }

    /// <summary>UTF-16 by its mark, or without one by every other byte, of most letters, being zero.</summary>
    private static string? Utf16Of(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return "UTF-16";
        int even = 0, odd = 0;
        for (int i = 0; i < start.Length; i++)
        {
            if (start[i] != 0) continue;
            if (i % 2 == 0) even++;
            else odd++;
        }

        int most = start.Length / 4; // half of all letters
        return odd > most && even == 0 ? "UTF-16LE" : even > most && odd == 0 ? "UTF-16BE" : null;
    }

    private static InvalidInputException Compressed(string path, string kind, string ending) =>
        new(Compression.Of(path) == CompressionKind.None
            ? $"{path} is a {kind} file, but its name does not end in {ending}. Rename it, so that it is read as one."
            : $"{path} was compressed twice: within it is a {kind} file. Unpack it once.");

    private static InvalidInputException IsArchive(string path, string setting) =>
        new($"{path} is an archive, which may hold many files. Unpack it into a folder, and name the folder, or a file in it, in {setting}.");

    [GeneratedRegex(@"\.(xlsx?|xlsm|xlsb|ods)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Spreadsheet();

    [GeneratedRegex(@"\.(tgz|tbz2?|tzst|tar(\.\w+)?|zip|7z|rar)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Archive();

    [GeneratedRegex(@"\.(xz|lz4|lzma|lzo|lz|sz|snappy|br|Z)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OtherCompression();
}
