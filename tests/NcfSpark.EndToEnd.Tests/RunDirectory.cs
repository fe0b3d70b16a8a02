using System.Security.Cryptography;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A run directory of a test, removed after it.</summary>
internal sealed class RunDirectory : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(Directory.CreateTempSubdirectory("ncfspark-").FullName, "run");

    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Hashes of all Parquet files of the predictions.</summary>
    public string PredictionsHash() => string.Join('\n', Directory.GetFiles(File("predictions"), "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(file => $"{System.IO.Path.GetRelativePath(Path, file)} {Convert.ToHexString(SHA256.HashData(System.IO.File.ReadAllBytes(file)))}"));

    public void Dispose() => Directory.Delete(System.IO.Path.GetDirectoryName(Path)!, recursive: true);
}
