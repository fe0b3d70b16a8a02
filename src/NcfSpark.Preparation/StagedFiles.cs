using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Files as the engine can read them. Most are read where they are. What DuckDB or Spark would refuse, or read in another way than the other, is copied or linked into a scratch folder:
/// zstd and bzip2 are unpacked, .GZ gets its usual ending, and where line ends differ within a file they become LF. Lines keep their numbers.
/// </summary>
internal static class StagedFiles
{
    private const int BufferSize = 1 << 17;

    public static InputFiles Of(ISqlEngine engine, InputFiles files, ScratchFolder scratch)
    {
        string[] paths = [.. files.Paths.Select((path, index) => Staged(engine is IClusterEngine, files.IsParquet, path, ending => Place(scratch, path, index, ending)))];
        return files with { Paths = paths, Originals = files.Paths };
    }

    /// <summary>Where the copy of a file goes. Folders that are partitions stay in its path, since they are columns.</summary>
    public static string Place(ScratchFolder scratch, string path, int index, string ending)
    {
        string[] partitions = [.. path.Split('/')[..^1].Where(part => part.Contains('=', StringComparison.Ordinal))];
        string place = Path.Combine([scratch.Path, $"{index}", .. partitions, $"input{ending}"]);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        return place;
    }

    /// <summary>Whether lines end in more than one way, or by CR alone, which engines read in different ways, or not at all.</summary>
    public static bool HasMixedLineEnds(Stream text)
    {
        byte[] buffer = new byte[BufferSize];
        bool lf = false, crLf = false, pending = false;
        int length;
        while ((length = text.Read(buffer)) > 0)
        {
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, length);
            if (pending && rest[0] != '\n') return true;
            if (pending)
            {
                rest = rest[1..];
                (crLf, pending) = (true, false);
            }

            while (!rest.IsEmpty)
            {
                int at = crLf || !lf ? rest.IndexOfAny((byte)'\r', (byte)'\n') : rest.IndexOf((byte)'\r');
                if (at < 0) break;
                if (rest[at] == '\n') lf = true;
                else if (at + 1 == rest.Length) pending = true;
                else if (rest[at + 1] != '\n') return true;
                else (crLf, at) = (true, at + 1);
                if (lf && (crLf || pending)) return true;
                rest = rest[(at + 1)..];
            }
        }

        return pending;
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

    private static string Staged(bool onCluster, bool isParquet, string path, Func<string, string> place)
    {
        bool nameable = onCluster || !path.Contains('\\', StringComparison.Ordinal) || !FileSearch.HasWildcards(path); // DuckDB cannot say a backslash beside a wildcard
        if (isParquet) return nameable ? path : Linked(path, place(".parquet"));
        CompressionKind kind = Compression.Of(path);
        bool unpack = kind == CompressionKind.Zstd || (kind == CompressionKind.Bzip2 && !(onCluster && path.EndsWith(".bz2", StringComparison.Ordinal)));
        if (unpack || (!onCluster && HasMixedLineEnds(path))) return Copied(path, place(".csv"));
        if (kind == CompressionKind.Gzip && !(nameable && path.EndsWith(".gz", StringComparison.Ordinal))) return Linked(path, place(".csv.gz"));
        return nameable ? path : Linked(path, place(".csv"));
    }

    private static bool HasMixedLineEnds(string path)
    {
        using Stream text = Compression.Open(path);
        return HasMixedLineEnds(text);
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
}
