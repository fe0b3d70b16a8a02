using System.Text.Json;

namespace NcfSpark.Core;

/// <summary>
/// A stage's directory while it is being written: NAME.tmp-SUFFIX beside its final place, renamed there in one step by <see cref="Publish"/>.
/// Whatever happens before leaves no NAME behind, or leaves the one that was there. Where the run lives in a bucket and Spark's executors do not see this
/// machine's files, they write into a version there, which is collected here and published with the rest.
/// </summary>
public sealed class StageWriter : IStageWriter
{
    private readonly string runDirectory;
    private readonly string stage;
    private readonly string version;
    private readonly string? elsewhere; // where that version is for Spark
    private bool collected, published;

    private StageWriter(string runDirectory, string stage, string attempt)
    {
        (this.runDirectory, this.stage, version) = (runDirectory, stage, $"spark-{attempt}");
        Path = System.IO.Path.Combine(runDirectory, $"{stage}.tmp-{attempt}");
        elsewhere = RunStore.Of(runDirectory)?.ForSpark(Final, version);
    }

    /// <summary>The temporary directory, into which the stage writes.</summary>
    public string Path { get; }

    public bool IsElsewhere => elsewhere is not null;

    private string Final => System.IO.Path.Combine(runDirectory, stage);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string ForEngine(string name) => elsewhere is null ? File(name) : $"{elsewhere}/{name}";

    public void Collect()
    {
        if (elsewhere is null) return;
        RunStore.Of(runDirectory)!.Collect(Final, version, Path);
        collected = true;
    }

    /// <summary>Begins a stage's directory, clearing away what an earlier attempt that was killed left of it.</summary>
    /// <exception cref="InvalidInputException">The run directory cannot be written.</exception>
    public static StageWriter Begin(string runDirectory, string stage)
    {
        var writer = new StageWriter(runDirectory, stage, Guid.NewGuid().ToString("N")[..8]);
        try
        {
            LinuxFiles.MakePrivateDirectory(runDirectory);
            Recover(runDirectory, stage);
            foreach (string pattern in new[] { $"{stage}.tmp-*", $"{stage}.old" })
            {
                foreach (string left in Directory.GetDirectories(runDirectory, pattern)) Directory.Delete(left, recursive: true);
            }

            Directory.CreateDirectory(writer.Path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.CannotWrite(runDirectory, cause);
        }

        return writer;
    }

    /// <summary>Writes the manifest with all files and their hashes, and renames the directory into place, over an older one if there is one.</summary>
    public StageDirectory Publish(StageManifest manifest)
    {
        foreach (string file in Directory.GetFiles(Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            manifest.Files[System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/')] = StageDirectory.Describe(file);
        }

        using (var stream = new FileStream(File(StageManifest.FileName), FileMode.Create))
        {
            JsonSerializer.Serialize(stream, collected ? manifest with { WrittenAt = version } : manifest, StageDirectory.Json);
            stream.Flush(flushToDisk: true);
        }

        string final = Final, old = System.IO.Path.Combine(runDirectory, $"{stage}.old");
        if (Directory.Exists(final)) StageDirectory.Rename(final, old);
        try
        {
            StageDirectory.Rename(Path, final);
        }
        catch (IOException)
        {
            Recover(runDirectory, stage);
            throw;
        }

        published = true;
        Leftovers.TryDelete(old);
        StageDirectory opened = StageDirectory.Open(runDirectory, stage);
        RunStore.Of(runDirectory)?.Publish(opened);
        return opened;
    }

    public void Dispose()
    {
        if (!published) Leftovers.TryDelete(Path);
    }

    // A kill between the two renames of Publish leaves NAME.old and no NAME: the old one is put back. After them it is only rubbish.
    internal static void Recover(string runDirectory, string stage)
    {
        string final = System.IO.Path.Combine(runDirectory, stage), old = System.IO.Path.Combine(runDirectory, $"{stage}.old");
        if (!Directory.Exists(old)) return;
        if (Directory.Exists(final)) Leftovers.TryDelete(old);
        else StageDirectory.Rename(old, final);
    }
}
