using System.Collections;

namespace NcfSpark.Configuration;

/// <summary>
/// Settings from the environment: NCFSPARK_Train__Epochs=5 is Train:Epochs. Other variables that begin with NCFSPARK_ are not settings,
/// unless they look like one that was misspelt: a section and one underscore.
/// </summary>
internal static class SettingsEnvironment
{
    private const string Prefix = "NCFSPARK_", Separator = "__";

    public static IEnumerable<GivenSetting> Read(IDictionary variables)
    {
        foreach (string name in variables.Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) continue;
            string key = name[Prefix.Length..], text = (string?)variables[name] ?? "";
            if (key.Contains(Separator, StringComparison.Ordinal))
            {
                yield return GivenSetting.FromText(key.Replace(Separator, ":", StringComparison.Ordinal), text, $"environment variable {name}");
            }
            else if (SettingKey.Sections.Any(section => key.StartsWith(section + "_", StringComparison.OrdinalIgnoreCase)))
            {
                yield return GivenSetting.FromText(key, text, $"environment variable {name}; two underscores stand between section and key");
            }
        }
    }
}
