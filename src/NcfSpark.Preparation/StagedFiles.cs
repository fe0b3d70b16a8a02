using System.Text;
using System.Text.Unicode;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Files as the engine can read them. Most are read where they are. What DuckDB or Spark would refuse, or read in
/// another way than the other, is copied or linked into a scratch folder: zstd and bzip2 are unpacked, .GZ gets its
/// usual ending, and where line ends differ within a file they become LF. Lines keep their numbers.
/// </summary>
internal static class StagedFiles
{
    private const int BufferSize = 1 << 17;

    public static InputFiles Of(ISqlEngine engine, InputFiles files, string quote, ScratchFolder scratch)
    {
        bool onCluster = engine is IClusterEngine, arePlain = true;
        var paths = new List<string>();
        foreach ((int index, string path) in files.Paths.Index())
        {
            (bool hasMixedLineEnds, bool isPlain) = files.IsParquet || onCluster ? (false, true) : Scan(path, quote);
            arePlain &= isPlain;
            paths.Add(Staged(onCluster, files.IsParquet, hasMixedLineEnds, path, ending => Place(scratch, path, index, ending)));
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

    /// <summary>
    /// Whether lines end in more than one way, or by CR alone, which engines read in different ways, or not at all; and
    /// whether all is UTF-8 without a quote.
    /// </summary>
    public static (bool HasMixedLineEnds, bool IsPlain) Scan(Stream text, string quote)
    {
        byte[] buffer = new byte[BufferSize];
        bool isPlain = true;
        ReadOnlySpan<byte> mark = Encoding.UTF8.GetBytes(quote);
        var ends = new LineEnds();
        int length, begun = 0; // bytes of a letter that the buffer before ended within
        while ((length = text.Read(buffer.AsSpan(begun))) > 0)
        {
            ends.Add(buffer.AsSpan(begun, length));
            ReadOnlySpan<byte> all = buffer.AsSpan(0, begun + length);
            begun = BegunLetter(all);
            isPlain = isPlain && Utf8.IsValid(all[..^begun]) && (mark.IsEmpty || all.IndexOf(mark) < 0);
            all[^begun..].CopyTo(buffer);
        }

        return (ends.AreMixed, isPlain && begun == 0);
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

    private static (bool HasMixedLineEnds, bool IsPlain) Scan(string path, string quote)
    {
        using Stream text = Compression.Open(path);
        return Scan(text, quote);
    }

    // How many bytes at the end are the begin of a letter: 2 of "…E2 82", where the third of a euro sign is to come.
    private static int BegunLetter(ReadOnlySpan<byte> text)
    {
        for (int back = 1; back <= Math.Min(3, text.Length); back++)
        {
            byte letter = text[^back];
            if ((letter & 0xC0) == 0x80) continue;
            return back < (letter >= 0xF0 ? 4 : letter >= 0xE0 ? 3 : letter >= 0xC0 ? 2 : 1) ? back : 0;
        }

        return 0;
    }

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
            if (pending)
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
