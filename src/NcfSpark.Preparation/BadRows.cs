using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>Finds the rows that cannot be used again, with the lines they stand on, to show them and to keep them aside.</summary>
internal static class BadRows
{
    // Lines that do not fit are found by Rejected.
    private static readonly string[] ToldElsewhere = [$"{(int)RowProblem.None}", $"{(int)RowProblem.BelowMinRating}", $"{(int)RowProblem.LineDoesNotFit}"];

    private const int Sought = 1000;

    /// <summary>The first bad rows of a source in the order of its files and lines, at most <paramref name="limit"/> of them.</summary>
    public static List<BadRow> Find(ISqlEngine engine, InputOptions input, InputSource source, IdTypes ids, long limit)
    {
        limit = Math.Min(limit, int.MaxValue); // Spark's LIMIT is an INT
        List<BadRow> rows = [.. Rejected(engine, source, limit), .. Unusable(engine, input, source, ids, limit)];
        var place = source.Files.Paths.Select((path, index) => (path, index)).ToDictionary(pair => pair.path, pair => pair.index);
        return [.. rows.OrderBy(row => place.GetValueOrDefault(row.File)).ThenBy(row => row.Line ?? long.MaxValue).ThenBy(row => row.Text, StringComparer.Ordinal).Take((int)Math.Min(limit, Array.MaxLength))];
    }

    private static IEnumerable<BadRow> Rejected(ISqlEngine engine, InputSource source, long limit)
    {
        if (source.Csv is null) return [];
        List<BadRow> rows = [.. engine.Query($"SELECT ncf_file, line, text, reason FROM {source.View}_rejected ORDER BY ncf_file, line LIMIT {limit}")
            .Select(row => new BadRow(PathOf(source, row[0]), (long?)row[1], ReasonOf((string?)row[3] ?? "", source.Csv), (string?)row[2] ?? ""))];
        return source.HasLines && rows.Exists(row => row.Line is null) ? RejectedLines.Find(rows, source.Csv) : rows;
    }

    private static List<BadRow> Unusable(ISqlEngine engine, InputOptions input, InputSource source, IdTypes ids, long limit)
    {
        string[] raw = [.. source.Columns.All.Select((column, place) => $"{column.Sql} AS raw{place}")];
        string[] texts = [.. source.Columns.All.Select((_, place) => $"coalesce(CAST(raw{place} AS STRING), '')")];
        string log = new LogSql(engine.Dialect, input, source.Columns, source.Csv is not null).Query($"(SELECT *, {string.Join(", ", raw)} FROM {source.View})", ids, string.Concat(raw.Select((_, place) => $", raw{place}")) + ", ncf_file");
        // Which of many come first in the file is known only after looking for them there, so more are sought than are shown.
        // Equal rows have equal problems, so one of each is enough to know them again in a CSV file.
        string which = source.Csv is null ? "" : "DISTINCT ";
        var found = engine.Query($"SELECT {which}ncf_file, problem, {string.Join(", ", texts)} FROM ({log}) WHERE problem NOT IN ({string.Join(", ", ToldElsewhere)}) LIMIT {Math.Max(limit, Sought)}")
            .Select(row => (File: PathOf(source, row[0]), Problem: (RowProblem)(long)row[1]!, Fields: row.Skip(2).Select(field => (string)field!).ToArray()))
            .ToList();

        return !source.HasLines
            ? [.. found.Select(row => (row.File, row.Problem, Fields: InOneSpelling(source, row.Fields))).Select(row => new BadRow(row.File, null, Reason(input, source.Columns, row.Problem, row.Fields), string.Join(", ", row.Fields)))]
            : [.. found.GroupBy(row => row.File).SelectMany(file => WithLines(input, source, file.Key, file.ToDictionary(row => Key(row.Fields), row => row.Problem)).Take((int)Math.Min(limit, Array.MaxLength)))];
    }

    // Of floating-point columns, DuckDB writes nan and Spark NaN.
    private static string[] InOneSpelling(InputSource source, string[] fields) =>
        [.. source.Columns.All.Select((column, place) => column.Kind == SqlColumnKind.Floating && fields[place] == "NaN" ? "nan" : fields[place])];

    private static IEnumerable<BadRow> WithLines(InputOptions input, InputSource source, string file, Dictionary<string, RowProblem> problems)
    {
        CsvLayout layout = source.Csv!;
        int[] places = [.. source.Columns.All.Select(column => int.Parse(column.Sql.AsSpan(1)) - 1)];
        foreach ((long line, List<string> fields) in CsvRecords.Read(file, layout.Delimiter, layout.Quote).Skip(layout.Header ? 1 : 0))
        {
            if (fields.Count != layout.Columns) continue; // told by the engine
            string[] used = Array.ConvertAll(places, place => fields[place]);
            if (!problems.TryGetValue(Key(used), out RowProblem problem)) continue;
            string reason = Reason(input, source.Columns, problem, used);
            if (line == 1 && problem == RowProblem.TimestampIsNoNumber) reason += " (if line 1 names the columns, set Input:Header to true and give columns by name)";
            yield return new BadRow(file, line, reason, string.Join(layout.Delimiter, fields));
        }
    }

    private static string Reason(InputOptions input, InputColumns columns, RowProblem problem, string[] fields)
    {
        string User() => $"column {columns.User.Name} holds '{fields[0]}'";
        string Item() => $"column {columns.Item.Name} holds '{fields[1]}'";
        string Time() => $"column {columns.Timestamp.Name} holds '{fields[2]}'";
        string Missing(InputColumn column, string field) => field.Trim().Length == 0 ? $"column {column.Name} is empty" : $"column {column.Name} holds '{field}', which says that there is no value";
        const string NotWhole = "which is no whole number that the column's floating-point type holds exactly (below 2^53)";
        const string Beyond = "which is a whole number beyond 64 bits";
        return problem switch
        {
            RowProblem.NoUser => Missing(columns.User, fields[0]),
            RowProblem.NoItem => Missing(columns.Item, fields[1]),
            RowProblem.NoTimestamp => Missing(columns.Timestamp, fields[2]),
            RowProblem.TimestampIsNoNumber => $"{Time()}, which is no number of {input.TimestampUnit} since 1970",
            RowProblem.TimestampIsNegative => $"{Time()}, which lies before 1970",
            RowProblem.TimestampIsTooLate => $"{Time()}, which lies after the year 2100 as {input.TimestampUnit}{InFinerUnit(input, fields[2])}",
            RowProblem.RatingIsNoNumber => fields[3].Trim().Length == 0 ? $"column {columns.Rating!.Name} is empty" : $"column {columns.Rating!.Name} holds '{fields[3]}', which is no number",
            RowProblem.UserIsNotWhole => $"{User()}, {NotWhole}",
            RowProblem.ItemIsNotWhole => $"{Item()}, {NotWhole}",
            RowProblem.UserIsText => $"{User()}",
            RowProblem.ItemIsText => $"{Item()}",
            RowProblem.UserIsBeyond64Bits => $"{User()}, {Beyond}",
            RowProblem.ItemIsBeyond64Bits => $"{Item()}, {Beyond}",
            _ => throw new InvalidOperationException($"{problem} is not bad."),
        };
    }

    // A single value in a finer unit than the rest; a whole column of them is told by InteractionLog.
    private static string InFinerUnit(InputOptions input, string text)
    {
        string[] units = ["seconds", "milliseconds", "microseconds"];
        double ticksPerSecond = 1;
        foreach (string unit in units)
        {
            if (Array.IndexOf(units, unit) > Array.IndexOf(units, input.TimestampUnit) && double.TryParse(text, out double ticks) && ticks / ticksPerSecond <= LogSql.LastSecond)
            {
                return $"; as {unit} it is {DateTimeOffset.FromUnixTimeSeconds((long)(ticks / ticksPerSecond)):yyyy-MM-dd}";
            }

            ticksPerSecond *= 1000;
        }

        return "";
    }

    internal static string ReasonOf(string engineReason, CsvLayout layout)
    {
        if (engineReason.Contains("utf-8", StringComparison.OrdinalIgnoreCase)) return "it is not valid UTF-8: save the file as UTF-8";
        if (engineReason.Contains("number of columns", StringComparison.OrdinalIgnoreCase)) return $"it does not have the {layout.Columns} columns of the first line ({engineReason})";
        if (engineReason.Contains("quote", StringComparison.OrdinalIgnoreCase)) return $"a quoted field does not end, or goes on after its closing quote: close it, and double it where a quote is meant ({engineReason})";
        return engineReason;
    }

    private static string Key(string[] fields) => string.Join('\u001f', fields);

    private static string PathOf(InputSource source, object? engineName)
    {
        string name = (string)engineName!;
        if (name.Length == 0) return source.Files.Name; // a table has no files to name
        return source.Files.Paths.FirstOrDefault(path => name == path || name.EndsWith(path, StringComparison.Ordinal)) ?? name; // Spark says file:///…
    }
}
