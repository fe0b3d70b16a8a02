using System.Globalization;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// CSV on Spark: the files are read with one more column, in which Spark leaves the lines that do not fit; two views part the lines that fit from those.
/// A line break within quotes is not supported, since it would keep a file from being read by more than one task: such lines are rejected.
/// </summary>
internal static class SparkCsv
{
    private const string Rejected = "ncf_rejected";

    // Spark reads a backslash in "sep" as the begin of an escape, and "" for "quote" as a zero byte, which a file may hold; U+FFFF is no letter.
    public static IReadOnlyDictionary<string, string> Options(CsvLayout layout) => new Dictionary<string, string>
    {
        ["sep"] = layout.Delimiter.Replace("\\", "\\\\", StringComparison.Ordinal),
        ["header"] = layout.Header ? "true" : "false",
        ["quote"] = QuoteOf(layout),
        ["escape"] = QuoteOf(layout),
        ["encoding"] = "UTF-8",
        ["mode"] = "PERMISSIVE",
        ["columnNameOfCorruptRecord"] = Rejected,
        ["recursiveFileLookup"] = "true", // and no columns made of directory names
    };

    public static string Schema(CsvLayout layout) => $"{string.Join(", ", Columns(layout).Select(column => $"{column} STRING"))}, {Rejected} STRING";

    /// <summary>The statements that make the views of <see cref="ISqlEngine.ReadCsv"/> over the raw one.</summary>
    public static IEnumerable<string> Views(string view, string raw, CsvLayout layout)
    {
        string columns = string.Join(", ", Columns(layout));
        // Bytes that are no UTF-8 arrive as U+FFFD. Where there are none, a line break, which no column holds: Spark wants one column to be asked for.
        string notUtf8 = layout.IsUtf8 ? "coalesce(contains(c1, chr(10)), false)"
            : $"({string.Join(" OR ", Columns(layout).Select(column => $"coalesce(contains({column}, '\uFFFD'), false)"))})";
        string reason = $"CASE WHEN {notUtf8} THEN 'is not UTF-8' ELSE 'has not {layout.Columns} columns, or its quotes do not match' END";
        yield return $"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {columns}, {SparkDialect.FileName} AS ncf_file, "
            + $"{Fits(layout)} AND NOT {notUtf8} AS ncf_fits FROM {raw}";
        yield return $"""
            CREATE OR REPLACE TEMP VIEW {view}_rejected AS
            SELECT {SparkDialect.FileName} AS ncf_file, CAST(NULL AS BIGINT) AS line,
                coalesce({Rejected}, concat_ws({SparkDialect.Quote(layout.Delimiter)}, {columns})) AS text, {reason} AS reason
            FROM {raw} WHERE NOT {Fits(layout)} OR {notUtf8}
            """;
    }

    /// <summary>
    /// A query of <see cref="ISqlEngine.TryReadPlainCsv"/> over lines (value STRING): with Spark's CSV parser a log
    /// takes twice as long to check. Null where lines cannot be parted so. Example, four columns: of "a,b,c,d" the head
    /// is "a,b,c" and the last "d", which with the comma between are as long as the line; of a line with another count
    /// of commas they are not.
    /// </summary>
    public static string? PlainQuery(string sparkVersion, string lines, CsvLayout layout, string? names)
    {
        bool knowsUtf8 = int.Parse(sparkVersion.Split('.')[0], CultureInfo.InvariantCulture) >= 4; // is_valid_utf8
        if (!knowsUtf8 || layout.Delimiter is not [< '\u0080'] || layout.Columns < 2) return null;
        string delimiter = SparkDialect.Quote(layout.Delimiter);
        string Head(int columns) => $"substring_index(value, {delimiter}, {columns})";
        string Column(int number) => number == 1 ? Head(1)
            : number == layout.Columns ? $"substring_index(value, {delimiter}, -1)"
            : $"substring_index({Head(number)}, {delimiter}, -1)";
        string fits = $"octet_length({Head(layout.Columns - 1)}) + 1 + octet_length({Column(layout.Columns)}) = "
            + $"octet_length(value){(layout.Quote.Length == 0 ? "" : $" AND NOT contains(value, {SparkDialect.Quote(layout.Quote)})")} AND "
            + $"{(layout.IsUtf8 ? "true" : "is_valid_utf8(value) AND NOT contains(value, '\uFFFD')")}";
        string known = names is null ? fits : $"CASE WHEN value = {SparkDialect.Quote(names)} THEN CAST(NULL AS BOOLEAN) ELSE {fits} END";
        return $"SELECT {string.Join(", ", Enumerable.Range(1, layout.Columns).Select(number => $"{Column(number)} AS c{number}"))}, {known} AS ncf_fits "
            + $"FROM {lines} WHERE value <> ''";
    }

    // Spark rejects a line with empty fields after the last column, of which DuckDB takes no notice. Example, 3 columns: "1,2,3,,"
    // has 4 delimiters, 2 more than it needs, and ends with those 2. Where there are quotes, Spark's own parser is asked about the line without them.
    private static string Fits(CsvLayout layout)
    {
        const int MostBesideQuotes = 4;
        string delimiter = SparkDialect.Quote(layout.Delimiter), quote = layout.Quote, options = string.Join(", ", Options(layout)
            .Where(option => option.Key is "sep" or "quote" or "escape" or "mode" or "columnNameOfCorruptRecord")
            .Select(option => $"'{option.Key}', {SparkDialect.Quote(option.Value)}"));
        string more = $"((length({Rejected}) - length(replace({Rejected}, {delimiter}, ''))) div {layout.Delimiter.Length} - {layout.Columns - 1})";
        string plain = $"({more} > 0 AND endswith({Rejected}, repeat({delimiter}, CAST({more} AS INT))))";
        string Without(string end) => $"(endswith({Rejected}, {SparkDialect.Quote(end)}) AND from_csv(left({Rejected}, length({Rejected}) - {end.Length}), "
            + $"'{Schema(layout)}', map({options})).{Rejected} IS NULL)";
        IEnumerable<string> ends = Enumerable.Range(1, MostBesideQuotes).Select(count => string.Concat(Enumerable.Repeat(layout.Delimiter, count)))
            .Append($"{layout.Delimiter}{quote}{quote}");
        string quoted = quote.Length == 0
            ? ""
            : $"WHEN contains({Rejected}, {SparkDialect.Quote(quote)}) THEN {string.Join(" OR ", ends.Select(Without))} ";
        return $"(CASE WHEN {Rejected} IS NULL THEN true {quoted}ELSE {plain} END)";
    }

    private static string QuoteOf(CsvLayout layout) => layout.Quote.Length == 0 ? "\uffff" : layout.Quote;

    private static IEnumerable<string> Columns(CsvLayout layout) => Enumerable.Range(1, layout.Columns).Select(column => $"c{column}");
}
