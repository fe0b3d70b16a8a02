using System.Text;
using System.Text.Json;
using NcfSpark.Configuration;

namespace NcfSpark.Tuning;

/// <summary>
/// A configuration file with some other values: its text, with comments, in which each value that differs is replaced. A setting that the file lacks is
/// added at the start of its section.
/// </summary>
internal static class TunedConfiguration
{
    /// <param name="path">A configuration file that can be read.</param>
    /// <param name="configuration">What the new text is to say.</param>
    /// <param name="remark">What stands above it, as comments, line by line.</param>
    public static string Text(string path, NcfSparkConfiguration configuration, IEnumerable<string> remark)
    {
        byte[] text = File.ReadAllBytes(path).AsSpan() is var bytes && bytes.StartsWith(Encoding.UTF8.Preamble)
            ? bytes[Encoding.UTF8.Preamble.Length..].ToArray()
            : bytes.ToArray();
        var changes = new List<(int Start, int End, string Text)>();
        List<SettingKey> missing = [.. SettingKey.All.Where(key => !Same(key.ValueIn(new NcfSparkConfiguration()), key.ValueIn(configuration)))];
        var heads = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase); // by section: where its first setting may stand
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        reader.Read();
        int head = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string section = reader.GetString()!;
            reader.Read();
            heads[section] = (int)reader.BytesConsumed;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                SettingKey key = SettingKey.Find($"{section}:{reader.GetString()}")!;
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                JsonElement value = JsonElement.ParseValue(ref reader);
                missing.Remove(key);
                object now = key.ValueIn(configuration);
                if (!Same(SettingValue.Convert(value, key.Property.PropertyType, out _), now)) changes.Add((start, (int)reader.BytesConsumed, Shown(now)));
            }
        }

        foreach (IGrouping<string, SettingKey> section in missing.GroupBy(key => key.Section.Name))
        {
            // A comma too many is welcome.
            string settings = string.Concat(section.Select(key => $"\n    \"{key.Property.Name}\": {Shown(key.ValueIn(configuration))},"));
            changes.Add(heads.TryGetValue(section.Key, out int place) ? (place, place, settings) : (head, head, $"\n  \"{section.Key}\": {{{settings}\n  }},"));
        }

        var result = new StringBuilder(string.Concat(remark.Select(line => $"// {line}\n")));
        int copied = 0;
        foreach ((int start, int end, string put) in changes.OrderBy(change => change.Start))
        {
            result.Append(Encoding.UTF8.GetString(text.AsSpan(copied..start))).Append(put);
            copied = end;
        }

        return result.Append(Encoding.UTF8.GetString(text.AsSpan(copied..))).ToString();
    }

    private static bool Same(object? one, object? other) => SettingValue.Show(one) == SettingValue.Show(other);

    private static string Shown(object value) =>
        SettingValue.Show(value).Replace(",", ", ", StringComparison.Ordinal) is var spaced && value is Array ? spaced : SettingValue.Show(value);
}
