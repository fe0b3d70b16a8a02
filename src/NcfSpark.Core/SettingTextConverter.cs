using System.Text.Json;
using System.Text.Json.Serialization;

namespace NcfSpark.Core;

/// <summary>
/// Writes and reads an enumeration as settings spell it, in lower case with hyphens ("popularity-untouched"), in manifests and
/// wherever else options are JSON.
/// </summary>
public sealed class SettingTextConverter<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;

/// <summary>The text of an enumeration's value, as settings spell it.</summary>
public static class SettingText
{
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");
}

/// <summary>
/// Marks a setting that is a separator or a character, which may be one that no shell or file shows: a backslash in it
/// begins an escape ("\t"), from wherever it is given. Other texts (paths, patterns) keep their backslashes.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EscapesAttribute : Attribute;
