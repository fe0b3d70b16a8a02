namespace NcfSpark.Engines.SparkConnect;

/// <summary>Spark SQL, 3.5 and newer, in a session whose time zone is UTC (<see cref="SessionSettings"/>).</summary>
public sealed class SparkDialect : SqlDialect
{
    /// <summary>
    /// What a session is set to before its first statement, so that 3.5 and 4.x, and every cluster's defaults, give the same: whole numbers without checks of each
    /// sum and product, UTC, ${…} in a text left alone, and CSV lines judged by all of their columns.
    /// </summary>
    internal static IReadOnlyDictionary<string, string> SessionSettings { get; } = new Dictionary<string, string>
    {
        // The checks for overflow take a quarter of the time in which negatives are drawn. PortableHash stays below 2^63, and a cast that may fail is a TRY_CAST.
        ["spark.sql.ansi.enabled"] = "false",
        ["spark.sql.session.timeZone"] = "UTC",
        ["spark.sql.variable.substitute"] = "false",
        ["spark.sql.csv.parser.columnPruning.enabled"] = "false",
        ["spark.sql.parser.escapedStringLiterals"] = "false",
        // Packing cached columns takes as long as reading the CSV file; what does not fit memory goes to disk.
        ["spark.sql.inMemoryColumnarStorage.compressed"] = "false",
        // A task that writes a few directories keeps a file open in each, rather than sort all rows by directory first. Beyond as many it sorts.
        ["spark.sql.maxConcurrentOutputFileWriters"] = "16",
    };

    /// <summary>Files are found in all directories below, and no columns are made of directory names.</summary>
    internal static IReadOnlyDictionary<string, string> FolderOptions { get; } = new Dictionary<string, string> { ["recursiveFileLookup"] = "true" };

    /// <summary>Without dictionaries, train is written in four fifths of the time and is no larger: its users and labels come in runs, and its items and timestamps are too many.</summary>
    internal static IReadOnlyDictionary<string, string> WriteOptions { get; } = new Dictionary<string, string> { ["compression"] = "zstd", ["parquet.enable.dictionary"] = "false" };

    /// <summary>The file that a row comes from: local ones as a path, others as a URI. Spark says file:///a%20b; url_decode alone would take + for a blank.</summary>
    internal static string FileName => "url_decode(replace(regexp_replace(input_file_name(), '^file:/+', '/'), '+', '%2B'))";

    public override string IntegerQuotient(string dividend, string divisor) => $"(({dividend}) div ({divisor}))";

    public override string Quoted(string name) => $"`{name.Replace("`", "``")}`";

    // \z and not $, which in Java also matches before a last line break.
    public override string Matches(string text, string pattern) => $"({text} RLIKE r'^(?:{pattern})\\z')";

    public override string EpochMicroseconds(string timestamp) => $"unix_micros(CAST({timestamp} AS TIMESTAMP))";

    public override string GatheredBy(string key) => $"/*+ REPARTITION({key}) */ ";

    // A key's rows become an array, which Java sorts in half the time of Spark's sort of rows. Falling columns are kept with the other sign.
    public override string Placed(string rows, string key, IReadOnlyList<string> falling, IReadOnlyList<string> rising, string? summed = null)
    {
        string fields = string.Join(", ", [.. falling.Select(column => $"-{column} AS {column}"), .. rising]);
        string sum = summed is null ? "" : $", CAST(sum({summed}) AS BIGINT) AS summed";
        string ordered = $"SELECT {key}, sort_array(collect_list(struct({fields}))) AS ordered{sum} FROM ({rows}) GROUP BY {key}";
        string columns = string.Join(", ", [.. falling.Select(column => $"-row.{column} AS {column}"), .. rising.Select(column => $"row.{column} AS {column}")]);
        string kept = $"total{(summed is null ? "" : ", summed")}";
        return $"SELECT {key}, {columns}, position + 1 AS place, {kept} FROM (SELECT {key}, size(ordered) AS {kept}, posexplode(ordered) AS (position, row) FROM ({ordered}))";
    }

    // Marks become an array a key, points a binary search in it. So points are neither sorted nor moved where rows are gathered by the key already, and a key
    // with 100,000 points is no more work than as many keys with one. Rows find their marks before they become points, of which there are more. Each halving is
    // a query around a query, as in the hash: Spark makes one loop of them.
    public override string UnmarkedAt(string rows, Func<string, string, string> points, string marks, string key, string carried, long mostMarks)
    {
        string kept = $"{key}, {carried}, place, marks, marked";
        string marked = $"""
            SELECT /*+ SHUFFLE_HASH(m) */ r.*, m.marks, size(m.marks) AS marked
            FROM ({rows}) r LEFT JOIN (SELECT {key}, sort_array(collect_list(mark)) AS marks FROM ({marks}) GROUP BY {key}) m ON r.{key} = m.{key}
            """;
        string search = $"SELECT {kept}, CAST(0 AS INT) AS below FROM ({points($"({marked})", $"{key}, {carried}, marks, marked")})";
        long step = 1;
        while (2 * step <= mostMarks) step *= 2;
        for (; step > 0; step /= 2)
        {
            // The first marks of a key, as many as have their gap (the mark less the marks before it) at or below the place. What is below so far is a multiple of twice the step.
            string further = $"(below | {step})", last = $"(below | {step - 1})";
            search = $"SELECT {kept}, CASE WHEN {further} <= marked AND get(marks, {last}) <= place + {last} THEN {further} ELSE below END AS below FROM ({search})";
        }

        return $"SELECT {key}, {carried}, place + below AS number FROM ({search})";
    }

    internal static string Literal(string text) => $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'";

    /// <summary>What the values of a column are, by its type as DESCRIBE names it.</summary>
    internal static SqlColumnKind KindOf(string type) => type switch
    {
        "tinyint" or "smallint" or "int" or "bigint" => SqlColumnKind.WholeNumber,
        "float" or "double" => SqlColumnKind.Floating,
        "timestamp" or "timestamp_ntz" or "date" => SqlColumnKind.Timestamp,
        _ => SqlColumnKind.Text,
    };
}
