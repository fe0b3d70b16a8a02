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
        text.Append("{\n");
        ILookup<SettingKey, ChosenSetting> byKey = settings.ToLookup(setting => SettingKey.Find(setting.Name)!);
        var lines = SettingKey.All.Where(byKey.Contains).ToList();
        string[] open = [];
        foreach (SettingKey key in lines)
        {
            ChosenSetting setting = byKey[key].Last();
            string[] groups = key.Name.Split(':')[..^1];
            int common = open.Zip(groups).TakeWhile(pair => pair.First == pair.Second).Count();
            for (int level = open.Length; level > common; level--) text.Append(' ', 2 * level).Append("},\n");
            for (int level = common; level < groups.Length; level++) text.Append(' ', 2 * (level + 1)).Append($"\"{groups[level]}\": {{\n");
            open = groups;
            text.Append(' ', 2 * (groups.Length + 1))
                .Append($"\"{key.Property.Name}\": {SettingValue.Show(setting.Value)},{(setting.Reason.Length > 0 ? $" // {setting.Reason}" : "")}\n");
        }

        for (int level = open.Length; level > 0; level--) text.Append(' ', 2 * level).Append(level == 1 ? "}\n" : "},\n");
        return text.Append("}\n").ToString();
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
