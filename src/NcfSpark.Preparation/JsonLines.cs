using System.Text;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>
/// JSON lines: an object on each line. Neither engine tells lines that are none, nor keeps the digits of every number,
/// so the fields that are used are copied into a file with a line for each line, which both read alike; there, a line
/// that is no such object stands as it is, with too few columns.
/// </summary>
internal static class JsonLines
{
    /// <summary>
    /// What stands between two fields of the copy: DEL. A field that holds it, or a line break, is none that anybody meant.
    /// Up to U+0020 an engine would take a line without a value for a blank one.
    /// </summary>
    public const string Delimiter = "\u007f";

    private const int LongestKept = 100_000;
    private const int ObjectsLookedAt = 100;

    /// <summary>What was found in the files.</summary>
    /// <param name="Files">Copies in the scratch folder that hold the sought fields only; each names its original for messages.</param>
    /// <param name="Found">Those of the sought fields that some object has.</param>
    /// <param name="Names">The fields of the first objects, for messages. None where no line is an object.</param>
    public sealed record Result(InputFiles Files, IReadOnlySet<string> Found, IReadOnlyList<string> Names);

    /// <param name="files">JSON lines, plain or compressed.</param>
    /// <param name="fields">The fields that become columns; "user.id" is one within another, where there is none of that whole name.</param>
    /// <exception cref="InvalidInputException">A file is JSON, but no JSON lines.</exception>
    public static Result Copy(InputFiles files, IReadOnlyList<string> fields, ScratchFolder scratch)
    {
        var found = new HashSet<string>[files.Paths.Count];
        var names = new List<string>[files.Paths.Count];
        InputFiles copies = StagedFiles.CopyEach(files, scratch, (path, copy, index) => (found[index], names[index]) = Copy(path, copy, fields));
        return new Result(copies, found.SelectMany(each => each).ToHashSet(),
            [.. names.SelectMany(each => each).Distinct()]);
    }

    /// <summary>Why a line of the copy is no row.</summary>
    public static string ReasonOf(string line, IReadOnlyList<string> fields)
    {
        if (line.Contains(CsvRecords.NoUtf8)) return "it is not valid UTF-8: save the file as UTF-8";
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return $"it is a JSON {document.RootElement.ValueKind.ToString().ToLowerInvariant()} and no object";
            }

            foreach (string field in fields)
            {
                if (ValueOf(document.RootElement, field) is not { } value) continue;
                if (value.ValueKind == JsonValueKind.Object) return $"column {field} holds an object: name a field within it, such as {field}.id";
                if (value.ValueKind == JsonValueKind.Array) return $"column {field} holds an array, and no text or number";
                if (TextOf(value) is null) return $"column {field} holds a line break or another mark that is no letter";
            }
        }
        catch (FieldTwiceException cause)
        {
            return cause.Message;
        }
        catch (InvalidOperationException)
        {
            return "a text in it has half of a letter (a surrogate such as \\ud800 without its other half)";
        }
        catch (JsonException cause)
        {
            return $"it is no JSON object on one line ({cause.Message.Split(" LineNumber:")[0].Split(". Path:")[0].TrimEnd('.')})";
        }

        return "it is no JSON object on one line";
    }

    private static (HashSet<string> Found, List<string> Names) Copy(string path, string copy, IReadOnlyList<string> fields)
    {
        var found = new HashSet<string>();
        var names = new List<string>();
        using StreamReader reader = CsvRecords.OpenExactly(path);
        using var writer = new StreamWriter(
            copy, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16) { NewLine = "\n" };
        int objects = 0;
        bool first = true;
        while (reader.ReadLine() is { } line)
        {
            ReadOnlySpan<char> text = line.AsSpan().Trim();
            if (text.IsEmpty)
            {
                writer.WriteLine();
                continue;
            }

            if (first) RefuseOtherJson(path, text);
            first = false;
            string? row = line.Contains(CsvRecords.NoUtf8) ? null : Row(line, fields, found, objects < ObjectsLookedAt ? names : null);
            if (row is not null) objects++;
            writer.WriteLine(row ?? Kept(line));
        }

        return (found, names);
    }

    private static void RefuseOtherJson(string path, ReadOnlySpan<char> firstLine)
    {
        string file = Path.GetFileName(path);
        if (firstLine[0] == '[')
        {
            throw new InvalidInputException(
                $"{path} is a JSON array; JSON lines are wanted, an object on each line. It is converted by: jq -c '.[]' {file} > lines.jsonl");
        }

        if (firstLine is "{")
        {
            throw new InvalidInputException(
                $"{path} has JSON objects over several lines; JSON lines are wanted, an object on each line. It is converted by: jq -c . {file} > lines.jsonl");
        }
    }

    // The fields of an object; null where the line is none that can be used.
    private static string? Row(string line, IReadOnlyList<string> fields, HashSet<string> found, List<string>? names)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return null;
            names?.AddRange(document.RootElement.EnumerateObject().SelectMany(property =>
                property.Value.ValueKind == JsonValueKind.Object
                    ? property.Value.EnumerateObject().Select(inner => $"{property.Name}.{inner.Name}")
                    : [property.Name]));
            string?[] texts = new string?[fields.Count];
            for (int f = 0; f < texts.Length; f++)
            {
                if (ValueOf(document.RootElement, fields[f]) is not { } value)
                {
                    texts[f] = "";
                    continue;
                }

                found.Add(fields[f]);
                if ((texts[f] = TextOf(value)) is null) return null;
            }

            return string.Join(Delimiter, texts);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            return null; // InvalidOperationException: a text with half of a letter, such as "\ud800"
        }
    }

    /// <summary>A field by its name; "user.id" is one within another, where there is none of that whole name.</summary>
    /// <exception cref="FieldTwiceException">It is there twice.</exception>
    public static JsonElement? ValueOf(JsonElement parent, string field)
    {
        if (OwnValueOf(parent, field) is { } value) return value;
        for (int dot = field.LastIndexOf('.'); dot > 0; dot = field.LastIndexOf('.', dot - 1))
        {
            if (OwnValueOf(parent, field[..dot]) is { ValueKind: JsonValueKind.Object } inner && ValueOf(inner, field[(dot + 1)..]) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    // Some readers take the first of two, others the last.
    private static JsonElement? OwnValueOf(JsonElement parent, string name)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in parent.EnumerateObject())
        {
            if (!property.NameEquals(name)) continue;
            if (found is not null) throw new FieldTwiceException(name);
            found = property.Value;
        }

        return found;
    }

    // As it stands: the digits of a number are not touched. Null for what is no text.
    private static string? TextOf(JsonElement value)
    {
        string? text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Null => "",
            _ => null,
        };
        return text is null || text.AsSpan().IndexOfAny("\u0000\u007f\r\n\ufffd") >= 0 ? null : text;
    }

    /// <summary>A line as a copy can hold it.</summary>
    public static string Kept(string line) =>
        (line.Length > LongestKept ? line[..LongestKept] : line).Replace(Delimiter, " ", StringComparison.Ordinal).Replace('\0', ' ');
}

/// <summary>A field that is used is there twice in an object.</summary>
internal sealed class FieldTwiceException(string name) : JsonException($"field {name} is there twice, and nothing says which counts: write it once");
