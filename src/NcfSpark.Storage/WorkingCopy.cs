using System.Security.Cryptography;
using System.Text;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>
/// The directory of this machine that stands for a run in object storage. It has the run's small records and the manifests of all stages; their files come when
/// they are read. What is in the bucket counts: whatever differs here is replaced, and what is not there is removed.
/// </summary>
/// <param name="path">The directory.</param>
/// <param name="records">Names of the files that are fetched with the manifests, of the run and of each night.</param>
internal sealed class WorkingCopy(string path, IReadOnlyCollection<string> records)
{
    /// <summary>Where working copies lie: $XDG_CACHE_HOME/ncfspark/runs, by default ~/.cache/ncfspark/runs.</summary>
    public static string DefaultCache
    {
        get
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            string parent = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set
                : home.Length > 0 ? System.IO.Path.Combine(home, ".cache")
                : System.IO.Path.GetTempPath();
            return System.IO.Path.Combine(parent, "ncfspark", "runs");
        }
    }

    /// <summary>
    /// The directory for a run: one for whoever writes there, who holds it alone, and one that all readers share. Its name is the run's own, which titles show.
    /// </summary>
    public static string PathFor(string cache, string endpoint, ObjectPlace run, bool writes)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{endpoint} {run}")))[..16];
        string name = run.Key.Length == 0 ? run.Bucket : run.Key[(run.Key.LastIndexOf('/') + 1)..];
        return System.IO.Path.Combine(System.IO.Path.GetFullPath(cache), $"{hash}-{(writes ? "write" : "read")}", name);
    }

    /// <summary>Whether a path within the run is that of a stage's manifest: STAGE/manifest.json or NIGHT/STAGE/manifest.json.</summary>
    public static bool IsManifest(string name) => name.Split('/') is [.. var above, StageManifest.FileName]
        && above.Length is 1 or 2 && (above.Length == 1) != RunNights.IsName(above[0]) && !above.Any(part => part is "" or "." or "..");

    /// <summary>Whether a path within the run is that of a record: NAME or NIGHT/NAME.</summary>
    public bool IsRecord(string name) => name.Split('/') switch
    {
        [var record] => records.Contains(record),
        [var night, var record] => RunNights.IsName(night) && records.Contains(record),
        _ => false,
    };

    /// <summary>Makes it agree with the bucket.</summary>
    /// <param name="there">Every manifest and record of the bucket, by its path within the run.</param>
    /// <param name="keepsUnpublished">Whether stages stay that were made here and were not published, because a driver was killed before that.</param>
    public void Update(IReadOnlyDictionary<string, byte[]> there, bool keepsUnpublished)
    {
        LinuxFiles.MakePrivateDirectory(path);
        HashSet<string> nights = [.. there.Keys.Select(name => name.Split('/')[0]).Where(RunNights.IsName)];
        foreach (string night in Directory.GetDirectories(path).Select(directory => System.IO.Path.GetFileName(directory)).Where(RunNights.IsName))
        {
            if (!nights.Contains(night)) Directory.Delete(System.IO.Path.Combine(path, night), recursive: true);
        }

        foreach (string place in nights.Select(night => System.IO.Path.Combine(path, night)).Prepend(path))
        {
            Directory.CreateDirectory(place);
            foreach (string file in Directory.GetFiles(place).Where(file => IsRecord(NameOf(file)) && !there.ContainsKey(NameOf(file)))) File.Delete(file);
            if (keepsUnpublished) continue;
            foreach (string stage in Directory.GetDirectories(place))
            {
                string manifest = System.IO.Path.Combine(stage, StageManifest.FileName);
                if (File.Exists(manifest) && !there.ContainsKey(NameOf(manifest))) Directory.Delete(stage, recursive: true);
            }
        }

        foreach ((string name, byte[] bytes) in there)
        {
            string file = System.IO.Path.Combine(path, name), directory = System.IO.Path.GetDirectoryName(file)!;
            if (File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(bytes)) continue;
            if (IsManifest(name) && Directory.Exists(directory)) Directory.Delete(directory, recursive: true); // its files are of another manifest
            Directory.CreateDirectory(directory);
            AtomicFile.Write(file, temporary => File.WriteAllBytes(temporary, bytes), $".tmp-{Guid.NewGuid():N}"); // readers share it
        }
    }

    /// <summary>Makes the link `current` lead to the night in production.</summary>
    public void SetProduction(string? night)
    {
        string link = new RunNights(path).CurrentPath, temporary = $"{link}.tmp-{Guid.NewGuid():N}";
        if (new FileInfo(link).LinkTarget == night) return;
        if (night is null)
        {
            File.Delete(link);
            return;
        }

        File.CreateSymbolicLink(temporary, night);
        LinuxFiles.Rename(temporary, link);
    }

    /// <summary>A path of this machine as one within the run, with slashes.</summary>
    public string NameOf(string file) => System.IO.Path.GetRelativePath(path, System.IO.Path.GetFullPath(file)).Replace('\\', '/');
}
