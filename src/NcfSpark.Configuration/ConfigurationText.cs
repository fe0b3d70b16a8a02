using System.Text;

namespace NcfSpark.Configuration;

/// <summary>Writes a configuration file: settings with their reasons as comments, section by section.</summary>
public static class ConfigurationText
{
    private const int Width = 120;

    /// <param name="remarks">What stands above all, as comments; a line is wrapped where it is too long.</param>
    /// <param name="settings">The settings, in any order; "" for one without a reason.</param>
    public static string Of(IEnumerable<string> remarks, IEnumerable<ChosenSetting> settings)
    {
        var text = new StringBuilder();
        foreach (string remark in remarks) Comment(text, remark);
        ILookup<SettingKey, ChosenSetting> byKey = settings.ToLookup(setting => SettingKey.Find(setting.Name)!);
        (SettingKey Key, ChosenSetting Setting)[] ordered = [.. SettingKey.All.Where(byKey.Contains).Select(key => (key, byKey[key].Last()))];
        return text.Append("{\n").Append(Group(ordered, depth: 0)).Append("}\n").ToString();
    }

    // The settings and groups of a group, each on a line of its own; a group of one setting is one line.
    private static string Group(IReadOnlyList<(SettingKey Key, ChosenSetting Setting)> settings, int depth)
    {
        string indent = new(' ', 2 * (depth + 1));
        var parts = settings.GroupBy(one => one.Key.Name.Split(':')[depth]).ToList();
        return string.Concat(parts.Select((part, place) =>
        {
            string comma = place < parts.Count - 1 ? "," : "";
            (SettingKey Key, ChosenSetting Setting)[] inside = [.. part];
            if (inside.Length > 1) return $"{indent}\"{part.Key}\": {{\n{Group(inside, depth + 1)}{indent}}}{comma}\n";
            (SettingKey key, ChosenSetting setting) = inside[0];
            IEnumerable<string> names = key.Name.Split(':').Skip(depth + 1).Reverse();
            string value = names.Aggregate(SettingValue.Show(setting.Value), (inner, name) => $"{{ \"{name}\": {inner} }}");
            return $"{indent}\"{part.Key}\": {value}{comma}{(setting.Reason.Length > 0 ? $" // {setting.Reason}" : "")}\n";
        }));
    }

    private static void Comment(StringBuilder text, string remark)
    {
        var line = new StringBuilder();
        foreach (string word in remark.ReplaceLineEndings(" ").Split(' '))
        {
            if (line.Length > 0 && line.Length + word.Length + 4 > Width)
            {
                text.Append("// ").Append(line).Append('\n');
                line.Clear().Append("        ");
            }
            else if (line.Length > 0)
            {
                line.Append(' ');
            }

            line.Append(word);
        }

        text.Append("// ").Append(line).Append('\n');
    }
}
