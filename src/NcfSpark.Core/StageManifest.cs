using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NcfSpark.Core;

/// <summary>What a stage's directory says of itself, in manifest.json.</summary>
public sealed record StageManifest
{
    /// <summary>The layout of directories and manifests. Another number is refused: the stage has to be run again.</summary>
    public const int CurrentSchema = 1;

    public const string FileName = "manifest.json";

    public int Schema { get; init; } = CurrentSchema;

    /// <summary>The stage's name, which is the directory's: prepared, model, report, predictions.</summary>
    public required string Stage { get; init; }

    /// <summary>
    /// Names the result before it is there: a hash of the stage, the schema, what it is made from, and the settings that shape it. Stages are
    /// deterministic, so equal fingerprints mean equal content.
    /// </summary>
    public required string Fingerprint { get; init; }

    /// <summary>Fingerprints of what the stage read: {"input": …} or {"prepared": …, "model": …}.</summary>
    public required SortedDictionary<string, string> MadeFrom { get; init; }

    /// <summary>The sections of the configuration that the stage used, whole, with every value resolved.</summary>
    public required SortedDictionary<string, JsonNode> Configuration { get; init; }

    public required long Seed { get; init; }

    /// <summary>Row counts by name, such as {"users": 610, "train": 94736}; what was dropped, too, by reason.</summary>
    public required SortedDictionary<string, long> Rows { get; init; }

    /// <summary>
    /// What a reader should know of how the stage understood its input: sentences by subject, such as {"times": "Column t is read as milliseconds since
    /// 1970 …"}, or that a list matched nothing.
    /// </summary>
    public SortedDictionary<string, string> Notes { get; init; } = [];

    /// <summary>
    /// Where Spark wrote the files; null where this program did. A name is a version in the bucket in which the run lives
    /// (<see cref="StageDirectory.Version"/>); a path with a scheme is one that Spark writes, and the directory here a copy of it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WrittenAt { get; init; }

    /// <summary>Every other file of the directory by its path there. Filled in when the directory is published.</summary>
    public SortedDictionary<string, StageFile> Files { get; init; } = [];

    /// <summary>The fingerprint that a stage's result will have.</summary>
    public static string FingerprintOf(string stage, SortedDictionary<string, string> madeFrom, SortedDictionary<string, JsonNode> resultSettings)
    {
        string text = JsonSerializer.Serialize(new { Schema = CurrentSchema, stage, madeFrom, resultSettings });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}

/// <summary>What a stage says of its result when it ends.</summary>
/// <param name="Rows">Row counts by name.</param>
public sealed record StageCounts(SortedDictionary<string, long> Rows)
{
    /// <inheritdoc cref="StageManifest.Notes"/>
    public SortedDictionary<string, string> Notes { get; init; } = [];
}

/// <summary>A file of a stage's directory.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its hash, in hexadecimal; empty where it was written elsewhere, by Spark, and its bytes were never here.</param>
public sealed record StageFile(long Bytes, string Sha256);
