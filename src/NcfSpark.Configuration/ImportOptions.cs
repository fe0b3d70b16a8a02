using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>Section Import: vectors of users and items that another tool trained. They become the model, and nothing is trained.</summary>
public sealed record ImportOptions : IValidatableObject
{
    /// <summary>
    /// The users' vectors: a Parquet file or folder with a row for each user (Spark ALS writes `userFactors`), a .safetensors file, or a
    /// .npz file as implicit saves. "" (default): the model is trained here.
    /// </summary>
    public string UsersPath { get; init; } = "";

    /// <summary>The items' vectors, of the same kind and length. It may be the same .safetensors or .npz file.</summary>
    public string ItemsPath { get; init; } = "";

    /// <summary>
    /// What the files' ids are. "log" (default): ids as in the log. "index": user_index and item_index of prepared/, for a tool that was
    /// trained on prepared/train; files without ids, whose row r is index r, need it.
    /// </summary>
    public ImportedIds Ids { get; init; } = ImportedIds.Log;

    /// <summary>Column of the ids in Parquet.</summary>
    public string IdColumn { get; init; } = "id";

    /// <summary>Column of the vectors in Parquet, lists of numbers.</summary>
    public string VectorColumn { get; init; } = "features";

    /// <summary>Column of biases in Parquet, a number added to the scores of the user or item. "" (default): there are none.</summary>
    public string BiasColumn { get; init; } = "";

    /// <summary>
    /// Whether users and items of the prepared data may be missing in the files, and the files may hold others. Users without a vector
    /// then get the popularity list; items without one stand at the end of every list. false (default): that stops the verb.
    /// </summary>
    public bool AllowMissing { get; init; }

    /// <summary>Whether the model is imported.</summary>
    public bool IsSet => UsersPath.Length > 0;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (UsersPath.Length > 0 && ItemsPath.Length == 0) yield return new("is not set, but Import:UsersPath is: both are needed", [nameof(ItemsPath)]);
        if (UsersPath.Length == 0 && ItemsPath.Length > 0) yield return new("is not set, but Import:ItemsPath is: both are needed", [nameof(UsersPath)]);
    }
}

/// <summary>What ids in imported files are (<see cref="ImportOptions.Ids"/>).</summary>
[JsonConverter(typeof(SettingTextConverter<ImportedIds>))]
public enum ImportedIds
{
    Log,
    Index,
}
