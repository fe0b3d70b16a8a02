using System.Text.Json;

namespace NcfSpark.Configuration;

/// <summary>A value that somebody gave for a setting, right or wrong.</summary>
/// <param name="Key">"Section:Key" as it was written; without a colon where a section should stand but something else does.</param>
/// <param name="Value">The whole value: a list is one value, never its elements. From the environment and the command line it is text.</param>
/// <param name="Origin">Where it stands, such as "conf/mine.json, line 12".</param>
public sealed record GivenSetting(string Key, JsonElement Value, string Origin)
{
    public static GivenSetting FromText(string key, string text, string origin) =>
        new(key, JsonSerializer.SerializeToElement(text), origin);
}
