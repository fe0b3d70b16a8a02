using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>
/// Files of JSON lines beside the log: an object a line, its columns by name; "user.id" is one within another. Numbers
/// stand as they are written.
/// </summary>
internal static class ListJson
{
    /// <exception cref="InvalidInputException">A line is no object, or has no text or number where one is wanted; or the first has not the columns.</exception>
    public static IEnumerable<(long Line, string[] Fields)> Read(string file, ListColumn[] columns)
    {
        using StreamReader reader = CsvRecords.Open(file);
        bool first = true;
        for (long line = 1; reader.ReadLine() is { } text; line++)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            string[] fields = FieldsOf(text, $"{file}, line {line}", columns, first);
            first = false;
            yield return (line, fields);
        }
    }

    private static string[] FieldsOf(string text, string place, ListColumn[] columns, bool first)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidInputException($"{place}: it is no JSON object. JSON lines are wanted, an object on each line.");
            }

            if (first && Array.Exists(columns, column => JsonLines.ValueOf(row, column.Name) is null))
            {
                string[] names = [.. row.EnumerateObject().Select(property => property.Name)];
                throw new InvalidInputException(
                    ListLayout.MissingColumns(place,
                        [.. names, .. columns.Where(column => JsonLines.ValueOf(row, column.Name) is not null).Select(column => column.Name)], columns,
                        $"there are {string.Join(", ", names.Select(name => ShownText.Of(name)))}", ""));
            }

            return Array.ConvertAll(columns, column => JsonLines.ValueOf(row, column.Name) is not { } value ? "" : value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Number => value.GetRawText(),
                JsonValueKind.Null => "",
                JsonValueKind.Array when column.Kind == ListColumnKind.Many =>
                    string.Concat(value.EnumerateArray().Select(one => $"{one}{ParquetSlices.ValueEnd}")),
                JsonValueKind kind => throw new InvalidInputException($"{place}, column {column.Name}: there is a JSON {kind.ToString().ToLowerInvariant()}, "
                    + $"and no text or number. Mend it, or set {column.Setting}."),
            });
        }
        catch (FieldTwiceException cause)
        {
            throw new InvalidInputException($"{place}: {cause.Message}.", cause);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw new InvalidInputException(
                $"{place}: it is no JSON object on one line ('{ShownText.Of(text, 60)}'). JSON lines are wanted, an object on each line.", cause);
        }
    }
}
