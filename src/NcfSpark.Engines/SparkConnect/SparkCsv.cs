using System.Globalization;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// CSV on Spark: the files are read with one more column, in which Spark leaves the lines that do not fit; two views part the lines that fit from those.
/// A line break within quotes is not supported, since it would keep a file from being read by more than one task: such lines are rejected.
/// </summary>
internal static class SparkCsv
{
    private const string Rejected = "ncf_rejected";

    public static IReadOnlyDictionary<string, string> Options(CsvLayout layout) => new Dictionary<string, string>
    {
        ["sep"] = layout.Delimiter,
        ["header"] = layout.Header ? "true" : "false",
        ["quote"] = layout.Quote,
        ["escape"] = layout.Quote,
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
        // Bytes that are no UTF-8 arrive as U+FFFD.
        string notUtf8 = $"({string.Join(" OR ", Columns(layout).Select(column => $"coalesce(contains({column}, '\uFFFD'), false)"))})";
        string reason = $"CASE WHEN {notUtf8} THEN 'is not UTF-8' ELSE 'has not {layout.Columns} columns, or its quotes do not match' END";
        yield return $"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {columns}, {SparkDialect.FileName} AS ncf_file, "
            + $"{Rejected} IS NULL AND NOT {notUtf8} AS ncf_fits FROM {raw}";
        yield return $"""
            CREATE OR REPLACE TEMP VIEW {view}_rejected AS
            SELECT {SparkDialect.FileName} AS ncf_file, CAST(NULL AS BIGINT) AS line,
                coalesce({Rejected}, concat_ws({SparkDialect.Quote(layout.Delimiter)}, {columns})) AS text, {reason} AS reason
            FROM {raw} WHERE {Rejected} IS NOT NULL OR {notUtf8}
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
            + "is_valid_utf8(value) AND NOT contains(value, '\uFFFD')";
        string known = names is null ? fits : $"CASE WHEN value = {SparkDialect.Quote(names)} THEN CAST(NULL AS BOOLEAN) ELSE {fits} END";
        return $"SELECT {string.Join(", ", Enumerable.Range(1, layout.Columns).Select(number => $"{Column(number)} AS c{number}"))}, {known} AS ncf_fits "
            + $"FROM {lines} WHERE value <> ''";
    }

    private static IEnumerable<string> Columns(CsvLayout layout) => Enumerable.Range(1, layout.Columns).Select(column => $"c{column}");
}
