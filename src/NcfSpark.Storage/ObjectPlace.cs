using System.Diagnostics.CodeAnalysis;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>
/// A place in object storage: an object, or all objects whose keys begin with the key and a slash. s3://bucket/key and s3a://bucket/key, which is how Hadoop
/// and Spark spell it, are the same place.
/// </summary>
/// <param name="Bucket">Name of the bucket.</param>
/// <param name="Key">Without a slash at either end; "" is the whole bucket.</param>
public sealed record ObjectPlace(string Bucket, string Key)
{
    private static readonly string[] schemes = ["s3://", "s3a://"];

    /// <summary>How Spark names it.</summary>
    public string ForSpark => $"s3a://{Bucket}/{Key}";

    /// <summary>What every key below it begins with.</summary>
    public string Prefix => Key.Length == 0 ? "" : $"{Key}/";

    /// <summary>Whether a text begins as such a place does, so that it is one or a misspelt one, and no path of this machine.</summary>
    public static bool IsMeant(string text) => schemes.Any(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <param name="wrong">What is wrong with it, as a clause without a full stop; null where nothing is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ObjectPlace? place, [NotNullWhen(false)] out string? wrong)
    {
        place = null;
        string? scheme = Array.Find(schemes, scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));
        string[] parts = scheme is null ? [] : text[scheme.Length..].Split('/', 2);
        string key = parts.Length == 2 ? parts[1].Trim('/') : "";
        wrong = scheme is null ? "it does not begin with s3:// or s3a://"
            : parts[0].Contains('@', StringComparison.Ordinal) || parts[0].Contains(':', StringComparison.Ordinal)
                ? "it has credentials or a port before the first slash, where only the bucket belongs (credentials: AWS_ACCESS_KEY_ID and "
                    + "AWS_SECRET_ACCESS_KEY in the environment; the server: Storage:S3Endpoint)"
            : !IsBucket(parts[0]) ? $"\"{ShownText.Of(parts[0])}\" is no name of a bucket (3 to 63 letters, digits, dots, hyphens, underscores)"
            : key.Any(char.IsControl) ? "its key has control characters"
            : key.Split('/') is var names && key.Length > 0 && Array.Exists(names, name => name is "" or "." or "..")
                ? "its key has an empty part, \".\" or \"..\" between slashes"
            : null;
        if (wrong is null) place = new ObjectPlace(parts[0], key);
        return wrong is null;
    }

    /// <param name="what">What names it, such as "--run" or "Input:Path", for the message.</param>
    /// <exception cref="InvalidInputException">It is no such place.</exception>
    public static ObjectPlace Parse(string text, string what) => TryParse(text, out ObjectPlace? place, out string? wrong)
        ? place
        : throw new InvalidInputException($"{what} {Shown(text)} is no place in object storage: {wrong}. Write s3://BUCKET/KEY. Nothing was changed.");

    /// <summary>A place below this one.</summary>
    /// <param name="path">Names with slashes between.</param>
    public ObjectPlace At(string path) => this with { Key = Prefix + path.Trim('/') };

    public override string ToString() => Key.Length == 0 ? $"s3://{Bucket}" : $"s3://{Bucket}/{Key}";

    // Never what stands before an @: it may be a secret.
    private static string Shown(string text) => ShownText.Of(text.LastIndexOf('@') is var at and >= 0 ? $"s3://…{text[at..]}" : text);

    private static bool IsBucket(string name) =>
        name.Length is >= 3 and <= 63 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_')
            && char.IsAsciiLetterOrDigit(name[0]) && !name.Contains("..", StringComparison.Ordinal);
}
