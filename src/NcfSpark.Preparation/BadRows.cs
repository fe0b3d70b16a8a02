using System.Globalization;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Finds the rows that cannot be used again, with the lines they stand on, to show them and to keep them aside: always
/// the first in the order of files and lines.
/// </summary>
internal static class BadRows
{
    // Lines that do not fit are found by Rejected.
    private static readonly RowProblem[] ToldElsewhere = [RowProblem.None, RowProblem.BelowMinRating, RowProblem.OtherEvent, RowProblem.LineDoesNotFit];

    /// <summary>The first bad rows of a source in the order of its files and lines, at most <paramref name="limit"/> of them.</summary>
    public static List<BadRow> Find(ISqlEngine engine, InputOptions input, InputSource source, IdTypes ids, TimeReading times, long limit)
    {
        limit = Math.Min(limit, int.MaxValue); // Spark's LIMIT is an INT
        List<BadRow> rows = [.. Rejected(engine, source, limit),
            .. Unusable(engine, input, source, ids, times, $"NOT IN ({string.Join(", ", ToldElsewhere.Select(problem => (int)problem))})", limit)];
        var place = source.Files.Paths.Select((path, index) => (path, index)).ToDictionary(pair => pair.path, pair => pair.index);
        return [.. rows.OrderBy(row => place.GetValueOrDefault(row.File)).ThenBy(row => row.Line ?? long.MaxValue).Take((int)Math.Min(limit, Array.MaxLength))
            .Select(source.ForMessage)];
    }

    /// <summary>
    /// The first row by which a column of ids is one of texts. On Spark, where the order costs a reading of all rows, it is one of the first.
    /// </summary>
    public static BadRow? FirstText(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, RowProblem text, Reading reading)
    {
        IdTypes ids = text == RowProblem.UserIsText ? reading.Ids with { UserIsText = false } : reading.Ids with { ItemIsText = false };
        return sources.SelectMany(source => Unusable(engine, input, source, ids, reading.Times, $"= {(int)text}", limit: 1,
            anyOrder: engine.Dialect.PlaceInFile.Count > 0).Select(source.ForMessage)).FirstOrDefault();
    }

    private static IEnumerable<BadRow> Rejected(ISqlEngine engine, InputSource source, long limit)
    {
        if (source.Csv is null) return [];
        (string select, string order) = InOrder(engine);
        List<BadRow> rows = [.. engine.QueryInOrder(
            $"SELECT ncf_file, line, text, reason FROM (SELECT *{select} FROM {source.View}_rejected) ORDER BY ncf_file, line{order} LIMIT {limit}")
            .Select(
            row => new BadRow(PathOf(source, row[0]), (long?)row[1], ReasonOf(source, (string?)row[3] ?? "", TextOf(row)), TextOf(row)))];
        static string TextOf(IReadOnlyList<object?> row) => ((string?)row[2] ?? "").TrimStart('\n'); // DuckDB has blank lines before it
        return source.HasLines && rows.Exists(row => row.Line is null) ? RejectedLines.Find(rows, source.Csv) : rows;
    }

    // Columns that say where a row stands in its file, and what to order by after the file.
    private static (string Select, string Order) InOrder(ISqlEngine engine) =>
        (string.Concat(engine.Dialect.PlaceInFile.Select(column => $", {column.Sql} AS {column.Name}")),
            string.Concat(engine.Dialect.PlaceInFile.Select(column => $", {column.Name}")));

    private static List<BadRow> Unusable(
        ISqlEngine engine, InputOptions input, InputSource source, IdTypes ids, TimeReading times, string problems, long limit, bool anyOrder = false)
    {
        string[] raw = [.. source.Columns.All.Select((column, place) => $"{column.Sql} AS raw{place}")];
        string[] texts = [.. source.Columns.All.Select((_, place) => $"coalesce(CAST(raw{place} AS STRING), '')")];
        (string select, string order) = InOrder(engine);
        string log = new LogSql(engine.Dialect, input, source.Columns, source.Csv is not null)
            .Query($"(SELECT *, {string.Join(", ", raw)}{select} FROM {source.View})", ids, times,
            string.Concat(raw.Select((_, place) => $", raw{place}")) + $", ncf_file{order}");
        string bad = $"FROM ({log}) WHERE problem {problems}", columns = $"ncf_file, problem, {string.Join(", ", texts)}";
        IEnumerable<IReadOnlyList<object?>> rows = anyOrder ? engine.Query($"SELECT {columns} {bad} LIMIT {limit}")
            : order.Length > 0 ? engine.QueryInOrder($"SELECT {columns} {bad} ORDER BY ncf_file{order} LIMIT {limit}")
            : limit == int.MaxValue || source.Files.Paths.Count == 1 ? engine.QueryInOrder($"SELECT {columns} {bad} LIMIT {limit}")
            : FileByFile().Take((int)limit);
        var found = rows.Select(
            row => (File: PathOf(source, row[0]), Problem: (RowProblem)(long)row[1]!, Fields: row.Skip(2).Select(field => (string)field!).ToArray()))
            .ToList();

        // Equal rows have equal problems, so one of each is enough to know them again in a CSV file.
        return !source.HasLines
            ? [.. found.Select(row => (row.File, row.Problem, Fields: InOneSpelling(source, row.Fields)))
                .Select(row => new BadRow(row.File, null, Reason(input, source.Columns, times, row.Problem, row.Fields), string.Join(", ", row.Fields)))]
            : [.. found.GroupBy(row => row.File)
                .SelectMany(file => WithLines(input, source, times, file.Key, file.DistinctBy(row => Key(row.Fields))
                    .ToDictionary(row => Key(row.Fields), row => row.Problem)).Take((int)Math.Min(limit, Array.MaxLength)))];

        // Within a file, rows come in their order, but files are read side by side. Mostly the first has enough.
        IEnumerable<IReadOnlyList<object?>> FileByFile()
        {
            IReadOnlyList<IReadOnlyList<object?>> Of(string file) =>
                engine.QueryInOrder($"SELECT {columns} {bad} AND ncf_file = {engine.Dialect.Literal(file)} LIMIT {limit}");
            string first = source.Files.Paths[0];
            IReadOnlyList<IReadOnlyList<object?>> ofFirst = Of(first);
            return ofFirst.Count == limit
                ? ofFirst
                : [.. ofFirst, .. engine.Query($"SELECT DISTINCT ncf_file {bad} ORDER BY ncf_file LIMIT {limit}").Select(row => (string)row[0]!)
                    .Where(file => file != first).SelectMany(Of)];
        }
    }

    // Of floating-point columns, DuckDB writes nan and Spark NaN.
    private static string[] InOneSpelling(InputSource source, string[] fields) =>
        [.. source.Columns.All.Select((column, place) => column.Kind == SqlColumnKind.Floating && fields[place] == "NaN" ? "nan" : fields[place])];

    private static IEnumerable<BadRow> WithLines(
        InputOptions input, InputSource source, TimeReading times, string file, Dictionary<string, RowProblem> problems)
    {
        CsvLayout layout = source.Csv!;
        int[] places = [.. source.Columns.All.Select(column => int.Parse(column.Sql.AsSpan(1)) - 1)];
        foreach ((long line, List<string> fields) in CsvRecords.Read(file, layout.Delimiter, layout.Quote).Skip(layout.Header ? 1 : 0))
        {
            if (!CsvRecords.Fit(fields, layout.Columns)) continue; // told by the engine
            string[] used = Array.ConvertAll(places, place => source.Field(file, fields, place));
            if (!problems.TryGetValue(Key(used), out RowProblem problem)) continue;
            string reason = Reason(input, source.Columns, times, problem, used);
            if (line == 1 && problem == RowProblem.TimestampIsNoNumber)
            {
                reason += " (if line 1 names the columns, set Input:Header to true and give columns by name)";
            }

            yield return new BadRow(file, line, reason, string.Join(layout.Delimiter, fields));
        }
    }

    private static string Reason(InputOptions input, InputColumns columns, TimeReading times, RowProblem problem, string[] fields)
    {
        InputColumn[] all = [.. columns.All];
        string Field(InputColumn? column) => fields[Array.IndexOf(all, column)];
        string Holds(InputColumn? column) => $"column {column!.Name} holds '{ShownText.Of(Field(column))}'";
        string Missing(InputColumn? column) =>
            Field(column).Trim().Length == 0 ? $"column {column!.Name} is empty" : $"{Holds(column)}, which says that there is no value";
        bool IsMissing(InputColumn? column) => Field(column).Trim() is { } field && (field.Length == 0 || input.NullValues.Contains(field));
        const string NotWhole = "which is no whole number that the column's floating-point type holds exactly (below 2^53)";
        const string Beyond = "which is a whole number beyond 64 bits";
        const string Text = "which is no plain whole number (Input:IdType is \"number\")";
        return problem switch
        {
            RowProblem.NoUser => Missing(columns.User),
            RowProblem.NoItem => Missing(columns.Item),
            RowProblem.NoTimestamp => Missing(columns.Timestamp),
            RowProblem.TimestampIsNoNumber => $"{Holds(columns.Timestamp)}, which is {TimeForms.NoneOf(
                times.Recognised && IsLikeADate(Field(columns.Timestamp).Trim()) ? TimeForm.Iso : times.Form)}",
            RowProblem.TimestampIsNegative => $"{Holds(columns.Timestamp)}, which lies before 1970",
            RowProblem.TimestampIsTooLate => $"{Holds(columns.Timestamp)}, "
                + $"which lies after the year 2100 as {TimeForms.UnitOf(times.Form)}{InOtherForms(input, times, Field(columns.Timestamp))}",
            RowProblem.TimestampIsOfAnotherForm when times.Form == TimeForm.Order =>
                $"{Holds(columns.Timestamp)}, while most rows hold small numbers{InOtherForms(input, times, Field(columns.Timestamp))}",
            RowProblem.TimestampIsOfAnotherForm =>
                $"{Holds(columns.Timestamp)}, which lies before 1980 as {TimeForms.UnitOf(times.Form)}{InOtherForms(input, times, Field(columns.Timestamp))}",
            RowProblem.RatingIsNoNumber => IsMissing(columns.Rating) ? Missing(columns.Rating) : $"{Holds(columns.Rating)}, which is no number",
            RowProblem.WeightIsNoNumber =>
                IsMissing(columns.Weight) ? Missing(columns.Weight) : $"{Holds(columns.Weight)}, which is no number between -1e9 and 1e9",
            RowProblem.UserIsNotWhole => $"{Holds(columns.User)}, {NotWhole}",
            RowProblem.ItemIsNotWhole => $"{Holds(columns.Item)}, {NotWhole}",
            RowProblem.UserIsText => $"{Holds(columns.User)}{(input.IdType == IdType.Number ? $", {Text}" : "")}",
            RowProblem.ItemIsText => $"{Holds(columns.Item)}{(input.IdType == IdType.Number ? $", {Text}" : "")}",
            RowProblem.UserIsBeyond64Bits => $"{Holds(columns.User)}, {Beyond}",
            RowProblem.ItemIsBeyond64Bits => $"{Holds(columns.Item)}, {Beyond}",
            RowProblem.UserHasNoLetter => $"{Holds(columns.User)}, {NoLetter(Field(columns.User))}",
            RowProblem.ItemHasNoLetter => $"{Holds(columns.Item)}, {NoLetter(Field(columns.Item))}",
            _ => throw new InvalidOperationException($"{problem} is not bad."),
        };
    }

    /// <summary>Why a text that holds a letter of <see cref="RowProblem.UserHasNoLetter"/>, or DEL, can be no id.</summary>
    internal static string NoLetter(string id) =>
        id.AsSpan().ContainsAny('\n', '\r') ? "in which there is a line break: if quotes are letters like others in this file, set Input:Quote to \"\"; "
            + "else take the line break out"
        : id.Contains('\0', StringComparison.Ordinal) ? "in which there is a zero byte: check what wrote the file"
        : id.Contains('\u007f', StringComparison.Ordinal) ? "in which there is a control character (DEL): check what wrote the file"
        : "in which U+FFFD stands for letters that were lost when the file was converted: write the file again, as UTF-8";

    private static bool IsLikeADate(string text) => text.Length >= 8 && text[4] == '-' && text[..4].All(char.IsAsciiDigit); // 2026-13-45

    // What a single value is in the forms that the rest does not have; a whole column of them is told by LogReader.
    private static string InOtherForms(InputOptions input, TimeReading times, string text)
    {
        if (!double.TryParse(text.Trim().Replace(input.DecimalSeparator, ".", StringComparison.Ordinal), NumberStyles.Float,
            CultureInfo.InvariantCulture, out double number))
        {
            return "";
        }

        IEnumerable<string> others = TimeForms.Units.Where(unit => unit.Form != times.Form && TimeForms.Likely(unit.Form, number) is not null)
            .Select(unit => $"; as {unit.Unit} it is {TimeForms.Likely(unit.Form, number):yyyy-MM-dd}");
        return string.Concat(others);
    }

    private static string ReasonOf(InputSource source, string engineReason, string text) =>
        source.IsJson ? JsonLines.ReasonOf(text, [.. source.Columns.All.Select(column => column.Name)])
        : source.IsCopy && CsvCopy.Split(text) is { } told ? told.Reason
        : ReasonOf(engineReason, text, source.Csv!);

    internal static string ReasonOf(string engineReason, string line, CsvLayout layout)
    {
        if (engineReason.Contains("utf-8", StringComparison.OrdinalIgnoreCase)) return "it is not valid UTF-8: save the file as UTF-8";
        if (engineReason.Contains("number of columns", StringComparison.OrdinalIgnoreCase))
        {
            // DuckDB counts no further than one too many.
            int found = CsvRecords.Read(new StringReader(line), layout.Delimiter, layout.Quote).FirstOrDefault().Fields?.Count ?? 0;
            return $"it does not have the {layout.Columns} columns of the first line (it has {found})";
        }

        if (engineReason.Contains("quote", StringComparison.OrdinalIgnoreCase))
        {
            return "a quoted field does not end, or goes on after its closing quote: close it, and double it where a quote is meant; "
                + $"if quotes are letters like others in this file, set Input:Quote to \"\" ({engineReason})";
        }

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

/// <summary>A row that cannot be used.</summary>
/// <param name="File">The file it stands in.</param>
/// <param name="Line">Its line from 1, or null where none can be told (Parquet).</param>
/// <param name="Reason">What is wrong, naming the column where it is one.</param>
internal sealed record BadRow(string File, long? Line, string Reason, string Text)
{
    public override string ToString() => $"{File}{(Line is null ? "" : $", line {Line}")}: {Reason}";
}
