using System.Text.RegularExpressions;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation;

/// <summary>
/// Files that stand beside the log and hold ids: lists of users and items, pairs to score, items' titles. They are
/// found once, so that what is hashed is what is read; each is CSV of any usual layout, JSON lines or Parquet, whatever
/// the log is; and their ids are made by the rule of the log's (<see cref="IdText"/>).
/// </summary>
public sealed partial class ListFiles
{
    private const int RowsOfPart = 1 << 16;
    private const int NumbersOfPart = 1 << 19; // 4 MB a column

    private readonly InputOptions input;
    private readonly InputFiles files;

    private ListFiles(InputOptions input, InputFiles files) => (this.input, this.files) = (input, files);

    /// <summary>The files, absolute, in the order in which they are read.</summary>
    public IReadOnlyList<string> Paths => files.Paths;

    /// <summary>The one file, or what the setting says where there are several: for messages.</summary>
    public string Name => files.Name;

    /// <summary>The setting that names them, for messages.</summary>
    public string Setting => files.Setting;

    /// <summary>What the files hold.</summary>
    public InputFormat Format => files.Format;

    /// <param name="input">How the log is laid out: a file beside it may be, too.</param>
    /// <param name="path">A file, folder or glob.</param>
    /// <exception cref="InvalidInputException">There is no such file, or none that could hold rows.</exception>
    public static ListFiles Find(InputOptions input, string path, string setting) => new(input, InputFiles.Find(path, InputFormat.Auto, setting));

    /// <summary>Whether the files have a column of this name, by the first of them. What else is wrong with that file is said when it is read.</summary>
    public bool Has(string name)
    {
        try
        {
            return Rows([new ListColumn(Setting, name, ListColumnKind.Value)], textOnly: true).Take(1).Count() >= 0;
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }

    /// <summary>Each column whole, row by row in the order of the files.</summary>
    /// <exception cref="InvalidInputException">A file is cut short, lacks a column, or has a row whose id is missing or
    /// no id; the message says where.</exception>
    public string[][] Read(params ListColumn[] columns)
    {
        List<Array[]> parts = [.. Rows(columns, textOnly: true).Select(part => part.Columns)];
        return [.. columns.Select((_, c) => parts.SelectMany(part => (string[])part[c]).ToArray())];
    }

    /// <summary>
    /// Ids in parts of some ten thousand rows, read as they are asked for: for files that may be large. A column of
    /// whole numbers of a Parquet file comes as an array of long, every other as one of string.
    /// </summary>
    /// <inheritdoc cref="Read"/>
    public IEnumerable<Array[]> Stream(params ListColumn[] columns) => Rows(columns, textOnly: false).Select(part => part.Columns);

    /// <summary>Where a row that was read (from 0) stands, such as "users.csv, line 3": for messages, since it reads the files again.</summary>
    public string PlaceOf(long row, params ListColumn[] columns)
    {
        foreach (ListRows rows in Rows(columns, textOnly: true))
        {
            if (row < rows.Columns[0].Length) return rows.Place((int)row);
            row -= rows.Columns[0].Length;
        }

        return Name; // it was changed meanwhile
    }

    private IEnumerable<ListRows> Rows(ListColumn[] columns, bool textOnly)
    {
        FileCheck.CheckWhole(files);
        return files.Paths.SelectMany(file => files.Format switch
        {
            InputFormat.Parquet => ReadParquet(file, columns, textOnly),
            InputFormat.Json => InParts(file, columns, ListJson.Read(file, columns)),
            _ => ReadText(file, columns),
        });
    }

    private IEnumerable<ListRows> ReadText(string file, ListColumn[] columns)
    {
        ListLayout layout = ListLayout.Find(input, file, columns);
        return InParts(file, columns, CsvRecords.ReadStrictly(file, layout.Delimiter, input.Quote).Skip(layout.Header ? 1 : 0)
            .Select(record => (record.Line, Wanted(file, layout, record.Line, record.Fields))));
    }

    private string[] Wanted(string file, ListLayout layout, long line, List<string> fields) => CsvRecords.Fit(fields, layout.Count)
        ? Array.ConvertAll(layout.Places, place => fields[place])
        : throw new InvalidInputException($"{file}, line {line}: there are {fields.Count} columns where the {(layout.Header ? "header" : "first line")} has "
            + $"{layout.Count}. A field that holds \"{layout.ShownDelimiter}\" must be "
            + $"quoted{(input.Quote.Length > 0 ? $" by {input.Quote}" : ", which Input:Quote says is not done")}.");

    private IEnumerable<ListRows> InParts(string file, ListColumn[] columns, IEnumerable<(long Line, string[] Fields)> records)
    {
        List<string>[] part = [.. columns.Select(_ => new List<string>())];
        var lines = new List<long>();
        ListRows Ended()
        {
            long[] places = [.. lines];
            var rows = new ListRows(row => $"{file}, line {places[row]}", Array.ConvertAll(part, column => column.ToArray()));
            foreach (List<string> column in part) column.Clear();
            lines.Clear();
            return rows;
        }

        foreach ((long line, string[] fields) in records)
        {
            for (int c = 0; c < columns.Length; c++)
            {
                part[c].Add(Made(fields[c], columns[c], out string? fault));
                if (fault is not null) throw Refused($"{file}, line {line}", columns[c], fault);
            }

            lines.Add(line);
            if (lines.Count == RowsOfPart) yield return Ended();
        }

        yield return Ended();
    }

    private IEnumerable<ListRows> ReadParquet(string file, ListColumn[] columns, bool textOnly)
    {
        string Row(long row) => $"{file}, row {row}, from 0";
        (string Name, string Type)[] typed = Typed(file, columns);
        // Where a number may mean no value, each is looked at.
        bool numbers = !textOnly && !Array.Exists(input.NullValues, text => double.TryParse(text, out double number) && double.IsFinite(number));
        bool IsNumber(int c) => numbers && columns[c].Kind == ListColumnKind.Id && ParquetSlices.IsWholeNumber(typed[c].Type);
        for (int c = 0; c < columns.Length; c++)
        {
            if (IsNumber(c) && Readable(file, () => ParquetSlices.FirstMissing(file, typed[c].Name)) is long row)
            {
                throw Refused(Row(row), columns[c], "it is empty");
            }
        }

        long before = 0;
        using IEnumerator<Array[]> parts = ParquetSlices.Read(file, typed, numbers, textOnly ? RowsOfPart : NumbersOfPart).GetEnumerator();
        while (Readable(file, parts.MoveNext))
        {
            (Array[] part, long first) = (parts.Current, before);
            for (int c = 0; c < columns.Length; c++)
            {
                if (part[c] is not string[] texts) continue;
                for (int row = 0; row < texts.Length; row++)
                {
                    texts[row] = Made(texts[row], columns[c], out string? fault);
                    if (columns[c].Kind == ListColumnKind.Id && typed[c].Type is "FLOAT" or "DOUBLE" && !WholeNumber.TryRead(texts[row], out _))
                    {
                        fault ??= $"it holds '{texts[row]}', which is no whole number";
                    }

                    if (fault is not null) throw Refused(Row(first + row), columns[c], fault);
                }
            }

            yield return new ListRows(row => Row(first + row), part);
            before += part[0].Length;
        }
    }

    private static (string Name, string Type)[] Typed(string file, ListColumn[] columns)
    {
        IReadOnlyList<(string Name, string Type)> there = Readable(file, () => ParquetSlices.Columns(file));
        string[] names = [.. there.Select(column => column.Name)];
        if (Array.Exists(columns, column => !names.Contains(column.Name)))
        {
            throw new InvalidInputException(
                ListLayout.MissingColumns(file, names, columns, $"there are {string.Join(", ", names.Select(name => ShownText.Of(name)))}", ""));
        }

        (string Name, string Type)[] typed = Array.ConvertAll(columns, column => there[Array.IndexOf(names, column.Name)]);
        if (Array.FindIndex(
            columns, column => column.Kind == ListColumnKind.Id && NoId().IsMatch(typed[Array.IndexOf(columns, column)].Type)) is >= 0 and int c)
        {
            throw new InvalidInputException($"{file}: the column {columns[c].Name} is of type {ShownText.Of(typed[c].Type)}, which is no id: "
                + $"ids are whole numbers or texts. Write it as one of them, or name another column in {columns[c].Setting}.");
        }

        return [.. typed.Select((column, c) => columns[c].Kind == ListColumnKind.Many && column.Type.EndsWith("[]", StringComparison.Ordinal)
            ? (column.Name, ParquetSlices.List)
            : column)];
    }

    private static T Readable<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqlEngineException cause) when (FileFailure.Of(cause) is null)
        {
            throw new InvalidInputException($"{file} cannot be read: {cause.Message.Trim()}\nCopy or write the file again if it is damaged.", cause);
        }
    }

    private string Made(string field, ListColumn column, out string? fault)
    {
        string text = IdText.Trim(field);
        bool nothing = column.Kind != ListColumnKind.Words && IdText.IsNothing(text, input);
        fault = column.Kind != ListColumnKind.Id ? null
            : text.Length == 0 ? "it is empty"
            : nothing ? $"it holds '{text}', which says that there is no value"
            : text.AsSpan().IndexOfAny('\n', '\r') >= 0 ? $"the id '{ShownText.Of(text)}' goes over more than one line; a quote may be missing there"
            : text.Contains('\0', StringComparison.Ordinal) ? $"the id '{ShownText.Of(text)}' holds a zero byte"
            : text.Contains('\ufffd') ? $"the id '{ShownText.Of(text)}' is not valid UTF-8"
            : null;
        return nothing ? "" : text;
    }

    private static InvalidInputException Refused(string place, ListColumn column, string fault) =>
        new($"{place}, column {column.Name}: {fault}. Mend the id, or take the row out.");

    [GeneratedRegex(@"^(BOOLEAN|STRUCT|MAP|UNION|INTERVAL|BIT)\b|\]$")]
    private static partial Regex NoId();

    /// <summary>Some rows of a file.</summary>
    /// <param name="Place">Where a row stands, such as "users.csv, line 3".</param>
    /// <param name="Columns">Arrays of string, or of long.</param>
    private sealed record ListRows(Func<int, string> Place, Array[] Columns);
}
