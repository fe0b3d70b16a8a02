using System.Globalization;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// A stage's directory at a path that Spark writes (hdfs:, s3a:, file:, …), in the run directory RUN:
/// <code>
/// RUN/STAGE/20261124T031502123Z-1f9c2b7e/train/shard=0/part-….parquet   a version; each attempt has a name of its own
///                                        users/ items/ …
///                                        manifest.json/part-….txt       written last
/// </code>
/// There is no rename that is atomic everywhere (on s3a it copies file by file), and Spark Connect has none at all. So
/// nothing is ever renamed or overwritten: a version is there if and only if its manifest is, and the result of the
/// stage is the version with the greatest name. The manifest is one small file, which every file system that Spark
/// writes shows whole or not at all. An attempt that was stopped leaves a version without a manifest, which nobody
/// reads.
/// </summary>
internal sealed class SparkStageWriter : IStageWriter
{
    private readonly ISqlEngine engine;

    private SparkStageWriter(ISqlEngine engine, string path) => (this.engine, Path) = (engine, path);

    public string Path { get; }

    public bool IsElsewhere => true;

    /// <summary>Names a version; the first part that is written makes it.</summary>
    /// <exception cref="InvalidInputException">The engine is no Spark.</exception>
    public static SparkStageWriter Begin(ISqlEngine engine, string runDirectory, string stage, TimeProvider time)
    {
        if (engine is not IClusterEngine)
        {
            throw new InvalidInputException($"--run {runDirectory} is a path that Spark writes and {engine.Name} does not: "
                + "add --master URL or --remote sc://host:port, or name a directory of this machine (without a scheme).");
        }

        string version =
            $"{time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture)}-{Guid.NewGuid().ToString("N")[..8]}";
        return new SparkStageWriter(engine, $"{runDirectory.TrimEnd('/')}/{stage}/{version}");
    }

    public string File(string name) => $"{Path}/{name}";

    /// <summary>A text as a directory of one file.</summary>
    public void WriteText(string name, string text)
    {
        // In base 64, since a literal's backslashes and ${…} mean something to Spark, and it has a way of its own with each.
        string encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        engine.Execute("INSERT OVERWRITE DIRECTORY "
            + $"'{File(name).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}' USING text "
            + $"SELECT CAST(unbase64('{encoded}') AS STRING) AS value");
    }

    public StageDirectory Publish(StageManifest manifest)
    {
        foreach (string part in manifest.Rows.Keys.Where(part => manifest.Rows[part] > 0 && PreparedParts.Names.Contains(part))) AddFiles(manifest, part);
        manifest = manifest with { WrittenAt = Path };
        WriteText(StageManifest.FileName, StageDirectory.ToText(manifest));
        return StageDirectory.Elsewhere(Path, manifest);
    }

    public void Dispose()
    {
        // Without a manifest it is no version; and there is no way to delete it through Spark.
    }

    // Lengths, so that a copy that was cut short is told; the hashes would need the bytes here. Files without rows hold nothing to miss.
    private void AddFiles(StageManifest manifest, string part)
    {
        foreach (IReadOnlyList<object?> row in engine.Query("SELECT _metadata.file_path, max(_metadata.file_size) "
            + $"FROM parquet.`{File(part).Replace("`", "``", StringComparison.Ordinal)}` GROUP BY _metadata.file_path"))
        {
            string file = Uri.UnescapeDataString((string)row[0]!);
            manifest.Files[file[(file.LastIndexOf($"/{part}/", StringComparison.Ordinal) + 1)..]] = new StageFile((long)row[1]!, "");
        }
    }
}
