using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>Says what is wrong with a key that names no setting, and which was probably meant.</summary>
public static class UnknownSetting
{
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Train:Where"] = "Train:Placement",
        ["Train:GmfOptimizer"] = "Train:Embeddings:Optimizer",
        ["Train:GmfLearningRate"] = "Train:Embeddings:LearningRate",
        ["Train:GmfRegularization"] = "Train:Embeddings:Regularization",
        ["Train:GmfWeightDecay"] = "Train:Embeddings:WeightDecay",
        ["Train:ServerAddress"] = "Train:Server:Address",
        ["Train:ServerReachedAt"] = "Train:Server:ReachedAt",
        ["Model:HistoryLength"] = "Model:History:Length",
        ["Model:HistoryDecay"] = "Model:History:Decay",
        ["Model:HistoryFactor"] = "Model:History:Factor",
        ["Model:UserMlpWidth"] = "Model:UserMlp:Width",
        ["Model:UserMlpLags"] = "Model:UserMlp:Lags",
        ["Model:UserMlpRhythm"] = "Model:UserMlp:TemporalFeatures",
        ["Model:UserMlpDropout"] = "Model:UserMlp:Dropout",
        ["Train:Wire"] = "Train:Server:WirePrecision",
        ["Train:OuterStep"] = "Train:Server:OuterOptimizer",
    };

    private static readonly Dictionary<string, string> Gone = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Spark:PreparedPath"] = "executors read prepared/ where the run is, in a bucket (--run s3://…) or on storage that they share",
    };

    /// <summary>The fault, or null where its section is unknown and that was said already.</summary>
    public static string? Describe(string key, HashSet<string> unknownSections)
    {
        string[] parts = key.Split(':');
        string? section = SettingKey.Sections.FirstOrDefault(name => string.Equals(name, parts[0], StringComparison.OrdinalIgnoreCase));
        if (section is null) return unknownSections.Add(parts[0]) ? $"{parts[0]} is no section; {MeantSection(parts)}" : null;
        if (parts.Length == 1)
        {
            return $"{section} is a section: it holds settings, {{ \"{SettingKey.Of(section).First().NameInSection}\": … }}, and is no setting itself";
        }

        if (Renamed.TryGetValue(key, out string? name)) return $"{key} is called {name} now";
        if (Gone.TryGetValue(key, out string? instead)) return $"{key} is gone, leave it out: {instead}";
        return SettingKey.Under(key).FirstOrDefault() is { } first
            ? $"{key} is a group of settings, such as {first}, and is no setting itself"
            : $"{key} is no setting; {MeantSetting(section, key[(section.Length + 1)..])}";
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
        string? meant = NearestName.Of(name, SettingKey.Of(section).Select(key => key.NameInSection));
        string? elsewhere = SettingKey.All.FirstOrDefault(key => SameLetters(key.Property.Name, name.Split(':')[^1]))?.Name;
        return (meant, elsewhere) switch
        {
            (null, null) => $"{section} has {string.Join(", ", SettingKey.Of(section).Select(key => key.NameInSection))}",
            (null, _) => $"did you mean {elsewhere}?",
            _ => $"did you mean {section}:{meant}?",
        };
    }

    private static bool SameLetters(string one, string other) => string.Equals(Letters(one), Letters(other), StringComparison.OrdinalIgnoreCase);

    private static string Letters(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit));
}
