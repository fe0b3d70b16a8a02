using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>How a text file beside the log is laid out, found by its first line: it need not be laid out as the log is.</summary>
/// <param name="Delimiter">What stands between two columns.</param>
/// <param name="Header">Whether the first line names the columns.</param>
/// <param name="Count">How many columns a line has.</param>
/// <param name="Places">Where the wanted columns stand, from 0.</param>
internal sealed record ListLayout(string Delimiter, bool Header, int Count, int[] Places)
{
    public static readonly string[] UsualDelimiters = [",", "\t", ";", "|", "::"];

    /// <summary>The delimiter, for messages.</summary>
    public string ShownDelimiter => Shown(Delimiter);

    /// <summary>
    /// Of the log's delimiter and the usual ones the first under which the line has all wanted names. Columns that are
    /// numbers, and no names of that line, are counted from 1 in a file without a line of names.
    /// </summary>
    /// <exception cref="InvalidInputException">No delimiter gives the columns.</exception>
    public static ListLayout Find(InputOptions input, string file, ListColumn[] columns)
    {
        (string Delimiter, List<string> Fields)[] readings = 
        [
            .. UsualDelimiters.Prepend(input.Delimiter).Distinct()
                .Where(delimiter => input.Quote.Length == 0 || !delimiter.Contains(input.Quote, StringComparison.Ordinal))
                .Select(delimiter => (delimiter, CsvHeader.FirstRecord(file, delimiter, input.Quote))),
        ];
        foreach ((string delimiter, List<string> fields) in readings)
        {
            if (Array.TrueForAll(columns, column => fields.Contains(column.Name)))
            {
                return new ListLayout(delimiter, true, fields.Count, Array.ConvertAll(columns, column => PlaceOf(file, fields, column)));
            }
        }

        (string Delimiter, List<string> Fields) best = readings.MaxBy(reading => reading.Fields.Count); // of equals the first
        if (!Array.TrueForAll(columns, column => NumberOf(column) > 0)) throw Missing(file, best.Delimiter, best.Fields, columns);
        int most = columns.Max(NumberOf);
        (string Delimiter, List<string> Fields) chosen = most > 1 ? Array.Find(readings, reading => reading.Fields.Count >= most) : FirstColumnOf(readings);
        return chosen.Fields is null
            ? throw new InvalidInputException($"{file}, line 1: there is no column {most}; "
                + $"there {(best.Fields.Count == 1 ? "is 1" : $"are {best.Fields.Count}")}{SplitAt(best.Delimiter, best.Fields)}. "
                + $"Set {string.Join(" and ", columns.Where(column => NumberOf(column) > best.Fields.Count).Select(column => column.Setting))}.")
            : new ListLayout(chosen.Delimiter, false, chosen.Fields.Count, Array.ConvertAll(columns, column => NumberOf(column) - 1));
    }

    private static int NumberOf(ListColumn column) => int.TryParse(column.Name, out int number) ? number : 0;

    // An id may hold a comma or a bar, but hardly a tab: where the log's delimiter does not split the line, the line is one id.
    private static (string Delimiter, List<string> Fields) FirstColumnOf((string Delimiter, List<string> Fields)[] readings) =>
        readings[0].Fields.Count == 1 && Array.Find(readings, reading => reading.Delimiter == "\t") is { Fields.Count: > 1 } tabs ? tabs : readings[0];

    private static int PlaceOf(string file, List<string> fields, ListColumn column)
    {
        int[] places = [.. Enumerable.Range(0, fields.Count).Where(place => fields[place] == column.Name)];
        return places.Length == 1
            ? places[0]
            : throw new InvalidInputException($"{file}, line 1: the column {ShownText.Of(column.Name)} is there {places.Length} times (columns "
                + $"{string.Join(" and ", places.Select(place => place + 1))}). Rename all but one, or name another in {column.Setting}.");
    }

    private static InvalidInputException Missing(string file, string delimiter, List<string> fields, ListColumn[] columns)
    {
        string there = $"there {(fields.Count == 1 ? "is" : "are")} "
            + $"{string.Join(", ", fields.Select(field => ShownText.Of(field)))}{SplitAt(delimiter, fields)}";
        string unnamed = fields.TrueForAll(field => double.TryParse(field, out _))
            ? " The line looks like data; if the file has no line of names, give columns by number, from 1."
            : "";
        return new InvalidInputException(MissingColumns($"{file}, line 1", fields, columns, there, unnamed));
    }

    /// <summary>One message for all columns that are not there.</summary>
    public static string MissingColumns(string where, IReadOnlyList<string> names, ListColumn[] columns, string there, string unnamed)
    {
        ListColumn[] missing = Array.FindAll(columns, column => !names.Contains(column.Name));
        string[] meant = [.. missing.Select(column => (column.Name, Nearest: NearestName.Of(column.Name, names))).Where(pair => pair.Nearest is not null)
            .Select(pair => missing.Length == 1 ? ShownText.Of(pair.Nearest!) : $"{ShownText.Of(pair.Nearest!)} for {ShownText.Of(pair.Name)}")];
        string nearest = meant.Length == 0 ? "" : $" Did you mean {string.Join(" and ", meant)}?";
        return $"{where}: there is no column {string.Join(" and no column ", missing.Select(column => ShownText.Of(column.Name)))}; "
            + $"{there}.{nearest}{unnamed} Set {string.Join(" and ", missing.Select(column => column.Setting))}.";
    }

    private static string SplitAt(string delimiter, List<string> fields) => fields.Count == 1 ? "" : $" (split at \"{Shown(delimiter)}\")";

    private static string Shown(string delimiter) => delimiter == "\t" ? "\\t" : delimiter;
}

/// <summary>A column of a file beside the log.</summary>
/// <param name="Setting">The setting that names it, for messages.</param>
/// <param name="Name">Its name, or its number from 1 where the file has no line of names.</param>
public sealed record ListColumn(string Setting, string Name, ListColumnKind Kind = ListColumnKind.Id);

/// <summary>What stands in a column of a file beside the log. All of them are trimmed.</summary>
public enum ListColumnKind
{
    /// <summary>Ids, as in the log: each row has one, on one line.</summary>
    Id,

    /// <summary>What may be missing: empty, or a text that says that there is no value. It gives "".</summary>
    Value,

    /// <summary>As <see cref="Value"/>; where the file has a list, its values with <see cref="ParquetSlices.ValueEnd"/> behind each.</summary>
    Many,

    /// <summary>Words for people, such as a title: as they stand, even "null".</summary>
    Words,
}
