using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NcfSpark.Core;

/// <summary>
/// A finished stage's directory within a run directory. It was renamed into place, so what is there is whole; opening it checks that it still is.
/// </summary>
public sealed class StageDirectory
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private StageDirectory(string path, StageManifest manifest, byte[] written) =>
        (Path, Manifest, ManifestSha256) = (path, manifest, Convert.ToHexStringLower(SHA256.HashData(written)));

    public string Path { get; }

    public StageManifest Manifest { get; }

    /// <summary>The hash of manifest.json, which has those of all other files: it names what is there, where the fingerprint names what should be.</summary>
    public string ManifestSha256 { get; }

    /// <summary>Names the files of this result, among those of others, where the run lives in a bucket.</summary>
    public string Version => Manifest.WrittenAt is { } name && !IsPath(name) ? name : ManifestSha256[..16];

    /// <summary>Where Spark's executors reach the files; null where they see this directory.</summary>
    public string? ForSpark => Manifest.WrittenAt is { } path && IsPath(path) ? path : RunStore.Of(Path)?.ForSpark(Path, Version);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>What a file is called for people and other machines: its path, or its object where the run lives in a bucket.</summary>
    public string NameOf(string file) => RunStore.Of(Path) is { } store
        ? $"{store.Place}/{System.IO.Path.GetRelativePath(store.Directory, Path)}/{Version}/{file}"
        : File(file);

    /// <summary>
    /// Brings files here that are read without a check, where the run lives elsewhere (<see cref="RunStore"/>) and they are not here yet.
    /// </summary>
    /// <param name="below">A directory within it, such as "items"; all files where it is null.</param>
    public StageDirectory Fetched(string? below = null)
    {
        if (RunStore.Of(Path) is not { } store) return this;
        string[] missing =
        [
            .. Manifest.Files
                .Where(file => below is null || file.Key.StartsWith($"{below}/", StringComparison.Ordinal))
                .Where(file => new FileInfo(File(file.Key)) is not { Exists: true, Length: var bytes } || bytes != file.Value.Bytes)
                .Select(file => file.Key),
        ];
        if (missing.Length > 0) store.Fetch(this, missing);
        return this;
    }

    /// <summary>What was published at a place that is not on this machine, and cannot be opened here.</summary>
    public static StageDirectory Elsewhere(string path, StageManifest manifest) => new(path, manifest, Encoding.UTF8.GetBytes(ToText(manifest)));

    /// <summary>Opens a stage's result if it is there, whole, and has this fingerprint; else null: it has to be made.</summary>
    public static StageDirectory? OpenIfFinished(string runDirectory, string stage, string fingerprint)
    {
        try
        {
            StageDirectory opened = Open(runDirectory, stage);
            return opened.Manifest.Fingerprint == fingerprint ? opened : null;
        }
        catch (InvalidInputException)
        {
            return null;
        }
    }

    /// <summary>Opens a stage's result of which only some files are read, and checks those.</summary>
    /// <param name="isRead">Whether a file, by its path within the directory, is read.</param>
    /// <exception cref="InvalidInputException">It is not there, is of another version, or a file is missing or changed.</exception>
    public static StageDirectory Open(string runDirectory, string stage, Func<string, bool> isRead)
    {
        StageWriter.Recover(runDirectory, stage);
        string path = System.IO.Path.Combine(runDirectory, stage);
        string cure = $"Run `{VerbOf(stage)}` (or `nightly`) again to make it.";
        string manifestPath = System.IO.Path.Combine(path, StageManifest.FileName);
        if (!Directory.Exists(path)) throw new InvalidInputException($"{path} is not there: the stage before this one has not run. {cure}");
        // Spark writes texts, too, as directories of files: a result that was copied from where it wrote has its manifest in one.
        if (Directory.Exists(manifestPath) && Directory.GetFiles(manifestPath, "part-*") is [string part]) manifestPath = part;
        if (!System.IO.File.Exists(manifestPath))
        {
            throw new InvalidInputException($"{path} has no {StageManifest.FileName}: it was not written by NcfSpark, or was damaged since. {cure}");
        }

        byte[] written = System.IO.File.ReadAllBytes(manifestPath);
        StageManifest manifest = ReadManifest(manifestPath, written, cure);
        if (manifest.Stage != stage) throw new InvalidInputException($"{manifestPath} is that of {manifest.Stage}, not of {stage}. {cure}");
        if (manifest.Schema != StageManifest.CurrentSchema)
        {
            throw new InvalidInputException($"{path} was written in layout {manifest.Schema}; this version reads layout {StageManifest.CurrentSchema}. {cure}");
        }

        string[] faulty = [.. manifest.Files.Where(file => isRead(file.Key) && Fault(file.Key) is not null).Select(file => file.Key)];
        if (faulty.Length > 0 && RunStore.Of(runDirectory) is { } store)
        {
            store.Fetch(new StageDirectory(path, manifest, written), faulty);
            faulty = Array.FindAll(faulty, name => Fault(name) is not null);
        }

        return faulty.Length == 0 ? new StageDirectory(path, manifest, written) : throw new InvalidInputException($"{Fault(faulty[0])} {cure}");

        string? Fault(string name) => FaultOf(System.IO.Path.Combine(path, name), manifest.Files[name]);
    }

    /// <summary>Opens a stage's result, checks every file against the manifest, and checks that it was made from the given results of earlier stages.</summary>
    /// <exception cref="InvalidInputException">
    /// It is not there, is of another version, a file is missing or changed, or it was made from something else.
    /// </exception>
    public static StageDirectory Open(string runDirectory, string stage, params IReadOnlyList<StageDirectory> madeFrom)
    {
        StageDirectory opened = Open(runDirectory, stage, _ => true);
        foreach (StageDirectory input in madeFrom)
        {
            string name = input.Manifest.Stage;
            string? recorded = opened.Manifest.MadeFrom.GetValueOrDefault(name);
            if (recorded == input.Manifest.Fingerprint) continue;
            throw new InvalidInputException(
                $"{opened.Path} was made from other data than {input.Path} holds now ({name} {recorded ?? "none"} there, {input.Manifest.Fingerprint} here). "
                + $"Run `{VerbOf(stage)}` again, or `nightly`.");
        }

        return opened;
    }

    /// <summary>Directory.Move, whose failure names both directories.</summary>
    /// <exception cref="IOException">It failed.</exception>
    public static void Rename(string directory, string to)
    {
        try
        {
            Directory.Move(directory, to);
        }
        catch (IOException cause)
        {
            throw new IOException($"{directory} cannot be renamed to {to}: {cause.Message}", cause.HResult);
        }
    }

    /// <summary>The verb that makes a stage's directory.</summary>
    public static string VerbOf(string stage) => stage switch
    {
        "prepared" => "prepare",
        "model" => "train",
        "report" => "evaluate",
        "predictions" => "score",
        "refit" or "baseline" => "nightly",
        _ => stage,
    };

    /// <summary>A manifest as it is written.</summary>
    public static string ToText(StageManifest manifest) => JsonSerializer.Serialize(manifest, Json);

    internal static StageFile Describe(string path)
    {
        using FileStream stream = System.IO.File.OpenRead(path);
        return new StageFile(stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private static StageManifest ReadManifest(string path, byte[] written, string cure)
    {
        try
        {
            return JsonSerializer.Deserialize<StageManifest>(written, Json) ?? throw new JsonException("it is empty");
        }
        catch (JsonException cause)
        {
            throw new InvalidInputException($"{path} cannot be read as a manifest: {cause.Message} {cure}", cause);
        }
    }

    private static bool IsPath(string writtenAt) => writtenAt.Contains(':', StringComparison.Ordinal);

    // What is wrong with a file; null where nothing is.
    private static string? FaultOf(string path, StageFile expected)
    {
        if (!System.IO.File.Exists(path)) return $"{path} is missing.";
        long bytes = new FileInfo(path).Length;
        if (bytes != expected.Bytes) return $"{path} has {bytes:N0} bytes where {expected.Bytes:N0} were written.";
        return expected.Sha256.Length == 0 || Describe(path).Sha256 == expected.Sha256 ? null : $"{path} is not what was written (its SHA-256 differs).";
    }
}
