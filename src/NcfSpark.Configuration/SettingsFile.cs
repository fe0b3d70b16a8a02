using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>
/// Reads a configuration file: a JSON object of sections, each an object of settings and of groups of settings;
/// comments and trailing commas are welcome. Unlike Microsoft.Extensions.Configuration it knows the line of each value,
/// takes a list as one value (there, [16, 8] over [64, 32, 16, 8] becomes [16, 8, 16, 8]), and goes on after a setting
/// that is there twice, so that all faults are told at once.
/// </summary>
public static class SettingsFile
{
    /// <summary>The settings as written, in the file's order. Faults in single settings are added to <paramref name="problems"/>.</summary>
    /// <exception cref="InvalidInputException">The file is missing, cannot be read, or is not such JSON.</exception>
    public static IReadOnlyList<GivenSetting> Read(string path, List<string> problems)
    {
        byte[] bytes = ReadBytes(path);
        RefuseUnlessUtf8(path, bytes);
        try
        {
            return Read(path, bytes, problems);
        }
        catch (JsonException cause)
        {
            (long line, long column) = (cause.LineNumber ?? 0, cause.BytePositionInLine ?? 0);
            string what = cause.Message.Split(" LineNumber:")[0];
            throw new InvalidInputException($"{path}, line {line + 1}, column {CharacterColumn(bytes, line, column)}: this is not JSON. {what}", cause);
        }
        catch (InvalidOperationException cause) // an escape such as "\ud800", half a character
        {
            throw new InvalidInputException($"{path} holds text that is not Unicode: {cause.Message}", cause);
        }
    }

    private static void RefuseUnlessUtf8(string path, byte[] bytes)
    {
        int line = 1;
        foreach (Range range in bytes.AsSpan().Split((byte)'\n'))
        {
            if (!Utf8.IsValid(bytes.AsSpan(range))) throw new InvalidInputException($"{path}, line {line} is not UTF-8 text. Save the file as UTF-8.");
            line++;
        }
    }

    private static List<GivenSetting> Read(string path, byte[] bytes, List<string> problems)
    {
        var settings = new List<GivenSetting>();
        var linesBySetting = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new InvalidInputException($$"""{{path}} holds no sections. It should be an object such as { "Train": { "Epochs": 20 } }.""");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string section = reader.GetString()!;
            NoteTwice(section, ref reader);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                string origin = Origin(ref reader);
                settings.Add(new GivenSetting(section, JsonElement.ParseValue(ref reader), origin));
                continue;
            }

            ReadGroup(section, ref reader);
        }

        reader.Read(); // nothing but comments may follow: throws otherwise
        return settings;

        void ReadGroup(string group, ref Utf8JsonReader at)
        {
            while (at.Read() && at.TokenType == JsonTokenType.PropertyName)
            {
                string key = $"{group}:{at.GetString()}";
                NoteTwice(key, ref at);
                at.Read();
                if (at.TokenType == JsonTokenType.StartObject && SettingKey.Under(key).Any())
                {
                    ReadGroup(key, ref at);
                    continue;
                }

                string origin = Origin(ref at);
                if (at.TokenType == JsonTokenType.String) at.GetString(); // throws here rather than later where it is not Unicode
                settings.Add(new GivenSetting(key, JsonElement.ParseValue(ref at), origin));
            }
        }

        int Line(ref Utf8JsonReader at) => bytes.AsSpan(0, (int)at.TokenStartIndex).Count((byte)'\n') + 1;

        string Origin(ref Utf8JsonReader at) => $"{path}, line {Line(ref at)}";

        void NoteTwice(string key, ref Utf8JsonReader at)
        {
            int line = Line(ref at);
            if (linesBySetting.TryGetValue(key, out int before)) problems.Add($"{key} is there twice ({path}, lines {before} and {line}). Leave one.");
            linesBySetting[key] = line;
        }
    }

    private static byte[] ReadBytes(string path)
    {
        if (Directory.Exists(path)) throw new InvalidInputException($"{path} is a folder, not a configuration file.{Offer(path)}");
        if (!File.Exists(path)) throw new InvalidInputException($"{path} is not there.{Offer(Path.GetDirectoryName(path) ?? "")}");
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            if (bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[Encoding.UTF8.Preamble.Length..];
            return bytes.Length > 0 ? bytes : throw new InvalidInputException($"{path} is empty. Copy conf/ml-latest-small.json over it to begin with.");
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException)
        {
            throw new InvalidInputException($"{path} cannot be read: {cause.Message}", cause);
        }
    }

    /// <summary>The configurations that there are: beside the one that was asked for, else in conf/.</summary>
    public static string Offer(string folder)
    {
        foreach (string place in new[] { folder, "conf" })
        {
            string[] files = Directory.Exists(place) ? Directory.GetFiles(place, "*.json") : [];
            if (files.Length > 0) return $" There {(files.Length > 1 ? "are" : "is")} {string.Join(", ", files.Order(StringComparer.Ordinal))}.";
        }

        return " There are no configurations in conf/ of the current directory either: run this from the root of the repository, or give the whole path.";
    }

    // JsonException counts bytes; an editor counts characters.
    private static int CharacterColumn(byte[] bytes, long line, long column)
    {
        int start = 0;
        for (; line > 0; line--) start += Array.IndexOf(bytes, (byte)'\n', start) + 1 - start;
        return Encoding.UTF8.GetCharCount(bytes, start, (int)Math.Min(column, bytes.Length - start)) + 1;
    }
}

/// <summary>A value that somebody gave for a setting, right or wrong.</summary>
/// <param name="Key">"Section:Key" as it was written; without a colon where a section should stand but something else does.</param>
/// <param name="Value">The whole value: a list is one value, never its elements. From the environment and the command line it is text.</param>
/// <param name="Origin">Where it stands, such as "conf/mine.json, line 12".</param>
public sealed record GivenSetting(string Key, JsonElement Value, string Origin)
{
    public static GivenSetting FromText(string key, string text, string origin) =>
        new(key, JsonSerializer.SerializeToElement(text), origin);
}
