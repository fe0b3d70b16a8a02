using NcfSpark.Data;

namespace NcfSpark.Configuration;

/// <summary>Says what is wrong with a key that names no setting, and which was probably meant.</summary>
public static class UnknownSetting
{
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Train:Where"] = "Train:Placement",
        ["Train:Wire"] = "Train:WirePrecision",
        ["Train:OuterStep"] = "Train:OuterOptimizer",
    };

    /// <summary>The fault, or null where its section is unknown and that was said already.</summary>
    public static string? Describe(string key, HashSet<string> unknownSections)
    {
        string[] parts = key.Split(':');
        string? section = SettingKey.Sections.FirstOrDefault(name => string.Equals(name, parts[0], StringComparison.OrdinalIgnoreCase));
        if (section is null) return unknownSections.Add(parts[0]) ? $"{parts[0]} is no section; {MeantSection(parts)}" : null;
        if (parts.Length == 1)
        {
            return $"{section} is a section: it holds settings, {{ \"{SettingKey.Of(section).First().Property.Name}\": … }}, and is no setting itself";
        }

        return Renamed.TryGetValue(key, out string? name) ? $"{key} is called {name} now" : $"{key} is no setting; {MeantSetting(section, parts[^1])}";
    }

    private static string MeantSection(string[] parts)
    {
        // "Epochs" where a section should stand, or Train_Epochs for Train:Epochs
        string? inSection = parts.Length > 1
            ? null
            : SettingKey.All.FirstOrDefault(key => SameLetters(key.Property.Name, parts[0]) || SameLetters(key.Name, parts[0]))?.Name;
        string? meant = inSection ?? NearestName.Of(parts[0], SettingKey.Sections);
        return meant is null ? $"there are {string.Join(", ", SettingKey.Sections)}" : $"did you mean {meant}?";
    }

    // In its own section by spelling, else in any other section by its very name.
    private static string MeantSetting(string section, string name)
    {
        string? meant = NearestName.Of(name, SettingKey.Of(section).Select(key => key.Property.Name));
        string? elsewhere = SettingKey.All.FirstOrDefault(key => SameLetters(key.Property.Name, name))?.Name;
        return (meant, elsewhere) switch
        {
            (null, null) => $"{section} has {string.Join(", ", SettingKey.Of(section).Select(key => key.Property.Name))}",
            (null, _) => $"did you mean {elsewhere}?",
            _ => $"did you mean {section}:{meant}?",
        };
    }

    private static bool SameLetters(string one, string other) => string.Equals(Letters(one), Letters(other), StringComparison.OrdinalIgnoreCase);

    private static string Letters(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit));
}
