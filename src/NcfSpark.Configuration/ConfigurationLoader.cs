using System.Collections;
using NcfSpark.Core;
using NcfSpark.Storage;

namespace NcfSpark.Configuration;

/// <summary>
/// Resolves the configuration of a run. A setting is taken from --set, else from the environment, else from the file, else it is its
/// default; a list is taken whole.
/// </summary>
public static class ConfigurationLoader
{
    /// <param name="path">The file; null for none, of a verb that reads no log.</param>
    /// <param name="assignments">What --set was given, such as "Train:Epochs=5". A later one wins over an earlier one.</param>
    /// <exception cref="InvalidInputException">Something is wrong in any of them. The message has a line for each fault.</exception>
    public static NcfSparkConfiguration Load(string? path, IEnumerable<string> assignments, IDictionary environment)
    {
        var problems = new List<string>();
        IReadOnlyList<GivenSetting> given =
        [
            .. path is null ? [] : SettingsFile.Read(path, problems),
            .. SettingsEnvironment.Read(environment),
            .. Assigned(assignments, problems),
        ];

        var configuration = new NcfSparkConfiguration();
        Dictionary<SettingKey, GivenSetting> last = Last(given, problems);
        var broken = new HashSet<SettingKey>();
        foreach ((SettingKey key, GivenSetting setting) in last)
        {
            object? value = SettingValue.Convert(setting.Value, key.Property.PropertyType, out string? problem);
            if (value is string text && key.HasEscapes) value = SettingEscapes.Read(text, out problem);
            if (problem is null)
            {
                key.SetIn(configuration, value);
                continue;
            }

            broken.Add(key);
            problems.Add($"{key}: {problem} ({setting.Origin})");
        }

        foreach ((SettingKey key, string problem) in ConfigurationCheck.Faults(configuration, broken))
        {
            if (path is null && !last.ContainsKey(key)) continue; // Input:Path must be set, but a verb that runs without a file reads no log
            problems.Add(last.TryGetValue(key, out GivenSetting? setting) ? $"{key}{problem} ({setting.Origin})" : $"{key}{problem}");
        }

        return problems.Count == 0 ? configuration : throw new InvalidInputException(Message(path, problems));
    }

    /// <summary>
    /// Section Storage of --set and the environment alone, by which a log is reached of which no configuration has been made yet.
    /// </summary>
    public static StorageOptions Storage(IEnumerable<string> assignments, IDictionary environment)
    {
        const string Section = nameof(NcfSparkConfiguration.Storage);
        var its = new Hashtable();
        foreach (DictionaryEntry variable in environment)
        {
            if ($"{variable.Key}".StartsWith($"NCFSPARK_{Section}__", StringComparison.OrdinalIgnoreCase)) its.Add(variable.Key, variable.Value);
        }

        return Load(null, assignments.Where(one => one.TrimStart().StartsWith($"{Section}:", StringComparison.OrdinalIgnoreCase)), its).Storage;
    }

    // The value that counts for each setting, in the order in which settings were first named.
    private static Dictionary<SettingKey, GivenSetting> Last(IEnumerable<GivenSetting> given, List<string> problems)
    {
        var last = new Dictionary<SettingKey, GivenSetting>();
        var unknownSections = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (GivenSetting setting in given)
        {
            if (SettingKey.Find(setting.Key) is { } key) last[key] = setting;
            else if (UnknownSetting.Describe(setting.Key, unknownSections) is { } problem) problems.Add($"{problem} ({setting.Origin})");
        }

        return last;
    }

    private static IEnumerable<GivenSetting> Assigned(IEnumerable<string> assignments, List<string> problems)
    {
        foreach (string assignment in assignments)
        {
            int equals = assignment.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) problems.Add($"--set {assignment} has no \"=\": write --set Section:Key=value, such as --set Train:Epochs=5.");
            else yield return GivenSetting.FromText(assignment[..equals].Trim(), assignment[(equals + 1)..], "--set");
        }
    }

    private static string Message(string? path, List<string> problems) => problems.Count == 1
        ? problems[0]
        : $"{(path is null ? "What was set has" : $"{path} and what was set beside it have")} {problems.Count} faults:\n"
            + string.Join('\n', problems.Select(problem => $"  {problem}"));
}
