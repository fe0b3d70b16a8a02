using System.Formats.Tar;
using System.IO.Compression;

namespace NcfSpark.Cluster;

/// <summary>A .tar.gz that Spark unpacks beside its tasks. No entry begins with "./", which Spark does not unpack; equal content gives equal bytes.</summary>
internal sealed class TaskArchive : IDisposable
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly TarWriter tar;

    public TaskArchive(string path, CompressionLevel compression) =>
        tar = new TarWriter(new GZipStream(new FileStream(path, FileMode.CreateNew), compression), TarEntryFormat.Ustar, leaveOpen: false);

    /// <summary>Adds a file of this machine under a name.</summary>
    public void AddFile(string name, string source, bool executable = false)
    {
        using FileStream content = File.OpenRead(source);
        Add(name, content, executable);
    }

    public void Add(string name, Stream content, bool executable = false) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
    {
        DataStream = content,
        ModificationTime = DateTimeOffset.UnixEpoch,
        Mode = executable ? Executable : Readable,
    });

    public void Dispose() => tar.Dispose();
}
