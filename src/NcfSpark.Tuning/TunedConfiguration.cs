using System.Text;
using System.Text.Json;
using NcfSpark.Configuration;

namespace NcfSpark.Tuning;

/// <summary>
/// A configuration file with some other values: its text, with comments, in which each value that differs is replaced. A setting that the file lacks is
/// added at the start of its section.
/// </summary>
public static class TunedConfiguration
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
        var heads = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase); // by section or group: where its first setting may stand
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        reader.Read();
        Walk("", ref reader);
        foreach (IGrouping<string, SettingKey> there in missing.GroupBy(key => Prefixes(key.Name).Last(heads.ContainsKey)))
        {
            changes.Add((heads[there.Key], heads[there.Key], Added(there, there.Key)));
        }

        var result = new StringBuilder(string.Concat(remark.Select(line => $"// {line}\n")));
        int copied = 0;
        foreach ((int start, int end, string put) in changes.OrderBy(change => change.Start))
        {
            result.Append(Encoding.UTF8.GetString(text.AsSpan(copied..start))).Append(put);
            copied = end;
        }

        return result.Append(Encoding.UTF8.GetString(text.AsSpan(copied..))).ToString();

        // Settings of a group as they are added to it, those of groups within in objects of their own. A comma too many is welcome.
        string Added(IEnumerable<SettingKey> keys, string group) => string.Concat(keys.GroupBy(
            key => Prefixes(key.Name).First(prefix => prefix.Length > group.Length)).Select(inner =>
        {
            string indent = $"\n{new string(' ', 2 * inner.Key.Split(':').Length)}", name = inner.Key.Split(':')[^1];
            return SettingKey.Find(inner.Key) is { } key
                ? $"{indent}\"{name}\": {Shown(key.ValueIn(configuration))},"
                : $"{indent}\"{name}\": {{{Added(inner, inner.Key)}{indent}}},";
        }));

        // Through the object of a group, "" being the whole file, of which the brace was read.
        void Walk(string group, ref Utf8JsonReader at)
        {
            heads[group] = (int)at.BytesConsumed;
            while (at.Read() && at.TokenType == JsonTokenType.PropertyName)
            {
                string name = group.Length == 0 ? at.GetString()! : $"{group}:{at.GetString()}";
                at.Read();
                if (SettingKey.Find(name) is not { } key)
                {
                    Walk(name, ref at);
                    continue;
                }

                int start = (int)at.TokenStartIndex;
                JsonElement value = JsonElement.ParseValue(ref at);
                missing.Remove(key);
                object? now = key.ValueIn(configuration);
                if (!Same(SettingValue.Convert(value, key.Property.PropertyType, out _), now)) changes.Add((start, (int)at.BytesConsumed, Shown(now)));
            }
        }
    }

    // "", "Train", "Train:Server", "Train:Server:Address".
    private static IEnumerable<string> Prefixes(string name)
    {
        string[] parts = name.Split(':');
        return Enumerable.Range(0, parts.Length + 1).Select(count => string.Join(':', parts[..count]));
    }

    private static bool Same(object? one, object? other) => SettingValue.Show(one) == SettingValue.Show(other);

    private static string Shown(object? value) =>
        SettingValue.Show(value).Replace(",", ", ", StringComparison.Ordinal) is var spaced && value is Array ? spaced : SettingValue.Show(value);
}
