using System.Text.Json;
using System.Text.Json.Serialization;

namespace NcfSpark.Data;

/// <summary>
/// Writes and reads an enumeration as settings spell it, in lower case with hyphens ("popularity-untouched"), in manifests and
/// wherever else options are JSON.
/// </summary>
public sealed class SettingTextConverter<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;
