using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A run directory of a test, removed after it.</summary>
internal sealed class RunDirectory : IDisposable
{
    /// <summary>The night that tests run, so that midnight changes nothing.</summary>
    public const string Night = "2026-11-01";

    public string Path { get; } = System.IO.Path.Combine(Directory.CreateTempSubdirectory("ncfspark-").FullName, "run");

    /// <summary>The directory of the tests' night, in which `nightly` works.</summary>
    public string NightPath => File(Night);

    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>A file of the night in production.</summary>
    public string Served(params string[] parts) => System.IO.Path.Combine([Path, RunNights.CurrentName, .. parts]);

    /// <summary>Hashes of all Parquet files of the predictions in production.</summary>
    public string PredictionsHash() => HashesIn(Served("predictions"));

    /// <summary>Hashes of all Parquet files in a directory.</summary>
    public static string HashesIn(string directory) =>
        string.Join('\n', Directory.GetFiles(directory, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(file => $"{System.IO.Path.GetRelativePath(directory, file)} {Convert.ToHexString(SHA256.HashData(System.IO.File.ReadAllBytes(file)))}"));

    /// <summary>Makes prepared/ a copy of what Spark wrote to another directory of this machine, as far as its manifest says.</summary>
    public static void SaySparkWrote(string prepared, string elsewhere)
    {
        string path = System.IO.Path.Combine(prepared, StageManifest.FileName);
        JsonNode manifest = JsonNode.Parse(System.IO.File.ReadAllText(path))!;
        manifest["writtenAt"] = $"file:{elsewhere}";
        System.IO.File.WriteAllText(path, manifest.ToJsonString());
    }

    public void Dispose() => Directory.Delete(System.IO.Path.GetDirectoryName(Path)!, recursive: true);
}
