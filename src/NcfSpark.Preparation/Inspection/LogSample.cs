using System.Text.Json;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>A column of a sample.</summary>
/// <param name="Name">Its name, or its number from 1 where the file has no line of names: what a setting would say.</param>
/// <param name="Values">Its values as text, row by row; "" where there is none.</param>
/// <param name="Type">Its type, of Parquet; else null.</param>
internal sealed record SampledColumn(string Name, IReadOnlyList<string> Values, string? Type = null)
{
    /// <summary>Whether folders name it, as in date=2026-01-01: a sample has the value of one of them.</summary>
    public bool IsFolder { get; init; }
}

/// <summary>The first rows of a log, and how its first file is laid out as far as they tell.</summary>
/// <param name="Delimiter">Of CSV: the text between two columns.</param>
/// <param name="Quote">Of CSV: what a field may be quoted by; "" where quotes are letters like all others.</param>
/// <param name="Header">Of CSV: whether the first line names the columns.</param>
internal sealed record LogSample(InputFormat Format, string Delimiter, string Quote, bool Header, IReadOnlyList<SampledColumn> Columns)
{
    private const int MostRows = 2000;

    /// <summary>What else there is to say of the layout, where two readings are possible.</summary>
    public IReadOnlyList<string> Doubts { get; init; } = [];

    public int Rows => Columns[0].Values.Count;

    /// <exception cref="InvalidInputException">The file has no rows, or is none that can be read.</exception>
    public static LogSample Read(InputFiles files)
    {
        string file = files.Paths[0];
        LogSample inFile = files.Format switch
        {
            InputFormat.Parquet => OfParquet(file),
            InputFormat.Json => OfJson(file),
            _ => OfText(file),
        };
        // Folders such as date=2026-01-01 are columns, too.
        IEnumerable<SampledColumn> folders = Partitions.Names(files.Paths).Except(inFile.Columns.Select(column => column.Name))
            .Select(name => new SampledColumn(name, [.. Enumerable.Repeat(Partitions.ValueOf(file, name) ?? "", inFile.Rows)]) { IsFolder = true });
        return inFile with { Columns = [.. inFile.Columns, .. folders] };
    }

    private static LogSample OfParquet(string file)
    {
        IReadOnlyList<(string Name, string Type)> columns = ParquetSlices.Columns(file);
        // What is nested has no text that a column of ids or times could hold.
        (string Name, string Type)[] plain = [.. columns.Where(column => !column.Type.Contains('(', StringComparison.Ordinal) && !column.Type.EndsWith(']'))];
        if (plain.Length == 0)
        {
            throw new InvalidInputException(
                $"{file} has no column of numbers, texts or times; there are {string.Join(", ", columns.Select(column => ShownText.Of(column.Name)))}.");
        }

        Array[] part = ParquetSlices.Read(file, plain, numbers: false, MostRows).FirstOrDefault()
            ?? throw new InvalidInputException($"{file} has no rows. Check what wrote it, or name another file.");
        return new LogSample(InputFormat.Parquet, ",", "\"", true,
            [.. plain.Select((column, place) => new SampledColumn(column.Name, (string[])part[place], column.Type))]);
    }

    private static LogSample OfJson(string file)
    {
        var names = new List<string>();
        var rows = new List<Dictionary<string, string>>();
        using StreamReader reader = CsvRecords.Open(file);
        while (rows.Count < MostRows && reader.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var row = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach ((string name, string value) in FieldsOf(line)) row.TryAdd(name, value);
            names.AddRange(row.Keys.Except(names).ToArray());
            rows.Add(row);
        }

        if (names.Count == 0)
        {
            throw new InvalidInputException(
                $"{file}: no line of the first {rows.Count:N0} is a JSON object with a text or number in it. JSON lines are wanted, an object on each line.");
        }

        return new LogSample(InputFormat.Json, ",", "\"", true,
            [.. names.Select(name => new SampledColumn(name, [.. rows.Select(row => row.GetValueOrDefault(name, ""))]))]);
    }

    private static IEnumerable<(string Name, string Value)> FieldsOf(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? [.. FieldsOf(document.RootElement, "")] : [];
        }
        catch (JsonException)
        {
            return []; // what reads the whole log says where
        }
    }

    private static IEnumerable<(string Name, string Value)> FieldsOf(JsonElement parent, string prefix) =>
        parent.EnumerateObject().SelectMany(field => field.Value.ValueKind switch
    {
        JsonValueKind.Object => FieldsOf(field.Value, $"{prefix}{field.Name}."),
        JsonValueKind.Array => [],
        _ => [($"{prefix}{field.Name}", field.Value.ToString())],
    });

    private static LogSample OfText(string file)
    {
        (string delimiter, string quote, List<List<string>> records) = ListLayout.UsualDelimiters
            .Select(delimiter => Split(file, delimiter))
            .MaxBy(reading => (Agreeing(reading.Records), reading.Delimiter.Length, reading.Records.Count == 0 ? 0 : Width(reading.Records)));
        if (records.Count == 0)
        {
            throw new InvalidInputException($"{file} is empty: it has no line that says anything. Check what wrote it, or name another file.");
        }

        int width = Width(records);
        if (width < 2)
        {
            throw new InvalidInputException(
                $"{file}: its lines are one column, whether split at a comma, a tab, \";\", \"|\" or \"::\" (the first: '{ShownText.Of(records[0][0])}'). "
                + "A log has a user and an item on each line.");
        }

        bool header = HasNames(records, width, out string? doubt);
        List<string>[] rows = [.. records.Skip(header ? 1 : 0).Where(record => record.Count == width)];
        if (rows.Length == 0) throw new InvalidInputException($"{file} has a line of names and no rows. Check what wrote it, or name another file.");
        return new LogSample(InputFormat.Csv, delimiter, quote, header,
            [.. Enumerable.Range(0, width).Select(
                c => new SampledColumn(header ? IdText.Trim(records[0][c]) : $"{c + 1}", [.. rows.Select(row => row[c].Trim())]))])
        {
            Doubts = doubt is null ? [] : [doubt],
        };
    }

    // Where a quote does not end, or ends within a field, quotes are letters: in most files with tabs they are. So they are where a quoted field would
    // go over lines that, quotes being letters, all have the same columns.
    private static (string Delimiter, string Quote, List<List<string>> Records) Split(string file, string delimiter)
    {
        try
        {
            List<List<string>> quoted = Take(CsvRecords.ReadStrictly(file, delimiter, "\""));
            return quoted.Exists(record => record.Exists(field => field.Contains('\n', StringComparison.Ordinal)))
                && Take(CsvRecords.Read(file, delimiter, "")) is var plain && Agreeing(plain) == 100
                ? (delimiter, "", plain)
                : (delimiter, "\"", quoted);
        }
        catch (InvalidInputException)
        {
            return (delimiter, "", Take(CsvRecords.Read(file, delimiter, "")));
        }

        static List<List<string>> Take(IEnumerable<(long Line, List<string> Fields)> records) =>
            [.. records.Take(MostRows + 1).Select(record => record.Fields)];
    }

    // The share of lines that have as many columns as most have, in hundredths; 0 where these are one column.
    private static int Agreeing(List<List<string>> records) =>
        records.Count == 0 || Width(records) == 1 ? 0 : 100 * records.Count(record => record.Count == Width(records)) / records.Count;

    private static int Width(List<List<string>> records) => records.GroupBy(record => record.Count).MaxBy(group => (group.Count(), group.Key))!.Key;

    // The first line names the columns where it has a word over a column of numbers or times. Where all is words, it does if its words are known names.
    private static bool HasNames(List<List<string>> records, int width, out string? doubt)
    {
        doubt = null;
        List<string> first = records[0];
        if (first.Count != width || first.Exists(field => string.IsNullOrWhiteSpace(field))) return false;
        List<string>[] others = [.. records.Skip(1).Where(record => record.Count == width)];
        if (first.Exists(ValueShapes.IsNumberOrTime)) return false;
        if (Enumerable.Range(0, width).Any(c => others.Length > 0 && others.Count(record => ValueShapes.IsNumberOrTime(record[c])) >= 0.9 * others.Length))
        {
            return true;
        }

        if (first.Exists(name => ColumnNames.RoleOf(name) is not null)) return true;
        doubt = $"No column is of numbers or times, so nothing tells whether line 1 ({string.Join(", ", first.Select(field => ShownText.Of(field)))}) names "
            + "the columns: it is taken for a row. "
            + "If it does, set Input:Header to true and give the columns by name.";
        return false;
    }
}
