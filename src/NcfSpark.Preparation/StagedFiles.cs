using System.Text;
using System.Text.Unicode;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Files as the engine can read them. Most are read where they are. What DuckDB or Spark would refuse, or read in
/// another way than the other, is copied or linked into a scratch folder: zstd and bzip2 are unpacked, .GZ gets its
/// usual ending, and where line ends differ within a file they become LF. Lines keep their numbers.
/// </summary>
internal static class StagedFiles
{
    private const int BufferSize = 1 << 17, LongestLine = 1 << 24;

    public static InputFiles Of(ISqlEngine engine, InputFiles files, string delimiter, string quote, ScratchFolder scratch)
    {
        bool onCluster = engine is IClusterEngine, arePlain = true;
        var paths = new List<string>();
        foreach ((int index, string path) in files.Paths.Index())
        {
            (bool hasMixedLineEnds, bool isPlain) = files.IsParquet ? (false, true) : Scan(path, delimiter, quote);
            arePlain &= isPlain;
            paths.Add(Staged(onCluster, files.IsParquet, hasMixedLineEnds && !onCluster, path, ending => Place(scratch, path, index, ending)));
        }

        return files with { Paths = paths, Originals = files.Originals, ArePlain = arePlain };
    }

    /// <summary>Where the copy of a file goes. Folders that are partitions stay in its path, since they are columns.</summary>
    public static string Place(ScratchFolder scratch, string path, int index, string ending)
    {
        string[] partitions = [.. path.Split('/')[..^1].Where(part => part.Contains('=', StringComparison.Ordinal))];
        string place = Path.Combine([scratch.Path, $"{index}", .. partitions, $"input{ending}"]);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        return place;
    }

    /// <summary>Makes a copy of each file in the scratch folder, several at a time.</summary>
    /// <param name="copy">Is given the file, the copy that it makes, and the file's number.</param>
    public static InputFiles CopyEach(InputFiles files, ScratchFolder scratch, Action<string, string, int> copy)
    {
        string[] copies = [.. files.Paths.Select((path, index) => Place(scratch, path, index, ".plain.csv"))];
        try
        {
            // No more tasks than files: where every thread of the pool is busy, a task more is one to wait for.
            var threads = new ParallelOptions { MaxDegreeOfParallelism = Math.Min(copies.Length, Environment.ProcessorCount) };
            Parallel.For(0, copies.Length, threads, index => copy(files.Paths[index], copies[index], index));
        }
        catch (AggregateException failures)
        {
            throw failures.InnerExceptions.OfType<InvalidInputException>().FirstOrDefault() ?? failures.InnerExceptions[0];
        }

        return files with { Paths = copies, Originals = files.Originals };
    }

    /// <summary>
    /// Whether lines end in more than one way, or by CR alone, which engines read in different ways, or not at all; and whether all is UTF-8 with no
    /// quotes but those of whole fields on one line, in which engines agree.
    /// </summary>
    public static (bool HasMixedLineEnds, bool IsPlain) Scan(Stream text, string delimiter, string quote)
    {
        byte[] buffer = new byte[BufferSize], delimiterBytes = Encoding.UTF8.GetBytes(delimiter);
        (var ends, bool isPlain, int begun, int length) = (new LineEnds(), true, 0, 0); // begun: bytes of a line whose end is still to come
        do
        {
            if (begun == buffer.Length) Array.Resize(ref buffer, 2 * buffer.Length);
            length = text.Read(buffer.AsSpan(begun));
            ends.Add(buffer.AsSpan(begun, length));
            ReadOnlySpan<byte> all = buffer.AsSpan(0, begun + length);
            int whole = length == 0 || !isPlain ? all.Length : all.LastIndexOfAny((byte)'\r', (byte)'\n') + 1;
            isPlain = isPlain && Utf8.IsValid(all[..whole]) && HasQuotedFieldsOnly(all[..whole], delimiterBytes, quote);
            begun = all.Length - whole;
            isPlain = isPlain && begun < LongestLine;
            all[whole..].CopyTo(buffer);
        }
        while (length > 0);
        return (ends.AreMixed, isPlain);
    }

    /// <summary>Copies text with LF for CRLF and for CR.</summary>
    public static void CopyWithLf(Stream text, Stream copy)
    {
        byte[] buffer = new byte[BufferSize], result = new byte[BufferSize];
        bool afterCr = false;
        int length;
        while ((length = text.Read(buffer)) > 0)
        {
            int written = 0;
            foreach (byte letter in buffer.AsSpan(0, length))
            {
                if (letter != '\n' || !afterCr) result[written++] = letter == '\r' ? (byte)'\n' : letter;
                afterCr = letter == '\r';
            }

            copy.Write(result, 0, written);
        }
    }

    private static (bool HasMixedLineEnds, bool IsPlain) Scan(string path, string delimiter, string quote)
    {
        using Stream text = Compression.Open(path);
        return Scan(text, delimiter, quote);
    }

    // Of whole lines. Example: 1,"a ""b""",2 has; 1, "a" and 1,"a"b and 1,a"b have not.
    private static bool HasQuotedFieldsOnly(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> delimiter, string quote)
    {
        if (quote.Length == 0) return true;
        byte mark = (byte)quote[0];
        ReadOnlySpan<byte> rest = lines;
        for (int at; (at = rest.IndexOf(mark)) >= 0;)
        {
            // Of ":::" nothing here says where the delimiter "::" begins.
            bool begins = delimiter.Length == 1 && (at > 0 ? rest[at - 1] == delimiter[0] || IsLineEnd(rest[at - 1]) : rest.Length == lines.Length);
            if (!begins) return false;
            do
            {
                rest = rest[(at + 1)..];
                at = rest.IndexOfAny(mark, (byte)'\r', (byte)'\n');
                if (at < 0 || rest[at] != mark) return false;
                rest = rest[(at + 1)..];
                at = 0;
            }
            while (!rest.IsEmpty && rest[0] == mark);
            if (!rest.IsEmpty && rest[0] != delimiter[0] && !IsLineEnd(rest[0])) return false;
        }

        return true;
    }

    private static bool IsLineEnd(byte letter) => letter is (byte)'\r' or (byte)'\n';

    private static string Staged(bool onCluster, bool isParquet, bool hasMixedLineEnds, string path, Func<string, string> place)
    {
        // DuckDB cannot say a backslash beside a wildcard.
        bool nameable = onCluster || !path.Contains('\\', StringComparison.Ordinal) || !FileSearch.HasWildcards(path);
        if (isParquet) return nameable ? path : Linked(path, place(".parquet"));
        CompressionKind kind = Compression.Of(path);
        bool unpack = kind == CompressionKind.Zstd || (kind == CompressionKind.Bzip2 && !(onCluster && path.EndsWith(".bz2", StringComparison.Ordinal)));
        if (unpack || hasMixedLineEnds) return Copied(path, place(".csv"));
        if (kind == CompressionKind.Gzip && !(nameable && path.EndsWith(".gz", StringComparison.Ordinal))) return Linked(path, place(".csv.gz"));
        return nameable ? path : Linked(path, place(".csv"));
    }

    private static string Copied(string path, string place)
    {
        using Stream text = Compression.Open(path);
        using FileStream copy = File.Create(place);
        CopyWithLf(text, copy);
        return place;
    }

    private static string Linked(string path, string place)
    {
        File.CreateSymbolicLink(place, path);
        return place;
    }

    /// <summary>The kinds of line ends in a text that comes in pieces.</summary>
    private struct LineEnds
    {
        private bool lf, crLf, cr, pending; // pending: a CR was last

        public readonly bool AreMixed => cr || pending || (lf && crLf);

        public void Add(ReadOnlySpan<byte> text)
        {
            if (pending && !text.IsEmpty)
            {
                bool followed = text[0] == '\n';
                (crLf, cr, pending) = (crLf || followed, cr || !followed, false);
                text = followed ? text[1..] : text;
            }

            while (!AreMixed && !text.IsEmpty)
            {
                int at = crLf || !lf ? text.IndexOfAny((byte)'\r', (byte)'\n') : text.IndexOf((byte)'\r');
                if (at < 0) break;
                if (text[at] == '\n') lf = true;
                else if (at + 1 == text.Length) pending = true;
                else if (text[at + 1] != '\n') cr = true;
                else (crLf, at) = (true, at + 1);
                text = text[(at + 1)..];
            }
        }
    }
}

/// <summary>
/// A folder for copies of input that the engine cannot read as it stands. It is made when it is first asked for, and
/// deleted at the end, also after a failure or Ctrl-C.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private string? path;

    public string Path => path ??= Directory.CreateTempSubdirectory("ncfspark-input-").FullName;

    public void Dispose()
    {
        if (path is not null && Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }
}
