using System.IO.Compression;
using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.BZip2;
using NcfSpark.Core;
using ZstdSharp;

namespace NcfSpark.Preparation;

internal enum CompressionKind
{
    None,
    Gzip,
    Zstd,
    Bzip2,
}

/// <summary>How text files are compressed, which the ending of the name says in letters of either case.</summary>
internal static class Compression
{
    private static readonly (string Ending, CompressionKind Kind)[] Endings = [(".gz", CompressionKind.Gzip), (".zst", CompressionKind.Zstd),
        (".zstd", CompressionKind.Zstd), (".bz2", CompressionKind.Bzip2)];

    public static CompressionKind Of(string path) => Endings.FirstOrDefault(known => path.EndsWith(known.Ending, StringComparison.OrdinalIgnoreCase)).Kind;

    /// <summary>The name without the ending of its compression.</summary>
    public static string NameWithin(string path) => Of(path) == CompressionKind.None ? path : Path.ChangeExtension(path, null);

    /// <summary>
    /// What the file holds. Reading throws <see cref="InvalidInputException"/> where a zstd or bzip2 file is damaged or
    /// cut short; of gzip, <see cref="GzipCheck"/> tells.
    /// </summary>
    public static Stream Open(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 17);
        return Of(path) switch
        {
            CompressionKind.Gzip => new GZipStream(file, CompressionMode.Decompress),
            CompressionKind.Zstd => new Named(path, "zstd", new DecompressionStream(file, leaveOpen: false)),
            CompressionKind.Bzip2 => new Named(path, "bzip2", new Bzip2Members(file)),
            _ => file,
        };
    }

    /// <summary>Adds the name of the file to what a library says of it.</summary>
    private sealed class Named(string path, string kind, Stream content) : ReadOnlyStream
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                return content.Read(buffer, offset, count);
            }
            catch (Exception cause) when (cause is ZstdException or SharpZipBaseException or EndOfStreamException or InvalidDataException
                or IndexOutOfRangeException)
            {
                throw new InvalidInputException(
                    $"{path}: the {kind} file is cut short or damaged ({cause.Message.TrimEnd('.')}). Copy it again, or compress it again.", cause);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) content.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>The streams of a bzip2 file, one after the other: programs that compress in parallel write one for each block.</summary>
    private sealed class Bzip2Members(Stream file) : ReadOnlyStream
    {
        private BZip2InputStream? member;

        public override int Read(byte[] buffer, int offset, int count)
        {
            while (true)
            {
                if (member is null)
                {
                    int next = file.ReadByte();
                    if (next < 0 && file.Position > 0) return 0;
                    file.Seek(next < 0 ? 0 : -1, SeekOrigin.Current);
                    member = new BZip2InputStream(file) { IsStreamOwner = false };
                }

                int read = member.Read(buffer, offset, count);
                if (read > 0) return read;
                member = null;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) file.Dispose();
            base.Dispose(disposing);
        }
    }
}
