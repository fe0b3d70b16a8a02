using System.IO.Compression;
using System.Text;

namespace NcfSpark.Preparation.Tests;

/// <summary>A folder of a test's own, gone at its end.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ncfspark-prepare-");

    public string Path => directory.FullName;

    /// <summary>Where the repository begins: the folder that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public static byte[] Gzip(string text) => Gzip(Encoding.UTF8.GetBytes(text));

    public static byte[] Gzip(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(memory, CompressionLevel.Fastest)) stream.Write(content);
        return memory.ToArray();
    }

    public static byte[] Zstd(string text) => Zstd(Encoding.UTF8.GetBytes(text));

    public static byte[] Zstd(byte[] content)
    {
        using var compressor = new ZstdSharp.Compressor();
        compressor.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1); // as zstd does by itself
        return compressor.Wrap(content).ToArray();
    }

    public static byte[] Bzip2(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new ICSharpCode.SharpZipLib.BZip2.BZip2OutputStream(memory) { IsStreamOwner = false }) stream.Write(content);
        return memory.ToArray();
    }

    public void Dispose() => directory.Delete(recursive: true);

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder, "NcfSpark.sln"))) folder = System.IO.Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("NcfSpark.sln is in no folder above the tests.");
    }
}
