namespace NcfSpark.Engines.SparkConnect;

/// <summary>Spark SQL, 3.5 and newer, in a session whose time zone is UTC (<see cref="SessionSettings"/>).</summary>
public sealed class SparkDialect : SqlDialect
{
    /// <summary>
    /// What a session is set to before its first statement, so that 3.5 and 4.x, and every cluster's defaults, give the same: ANSI arithmetic
    /// (overflow and bad casts fail), UTC, ${…} in a text left alone, and CSV lines judged by all of their columns.
    /// </summary>
    internal static IReadOnlyDictionary<string, string> SessionSettings { get; } = new Dictionary<string, string>
    {
        ["spark.sql.ansi.enabled"] = "true",
        ["spark.sql.session.timeZone"] = "UTC",
        ["spark.sql.variable.substitute"] = "false",
        ["spark.sql.csv.parser.columnPruning.enabled"] = "false",
        ["spark.sql.parser.escapedStringLiterals"] = "false",
    };

    /// <summary>Parquet files are found in all directories below, and no columns are made of directory names.</summary>
    internal static IReadOnlyDictionary<string, string> ParquetOptions { get; } = new Dictionary<string, string> { ["recursiveFileLookup"] = "true" };

    /// <summary>The file that a row comes from: local ones as a path, others as a URI. Spark says file:///a%20b; url_decode alone would take + for a blank.</summary>
    internal static string FileName => "url_decode(replace(regexp_replace(input_file_name(), '^file:/+', '/'), '+', '%2B'))";

    public override string IntegerQuotient(string dividend, string divisor) => $"(({dividend}) div ({divisor}))";

    public override string Quoted(string name) => $"`{name.Replace("`", "``")}`";

    // \z and not $, which in Java also matches before a last line break.
    public override string Matches(string text, string pattern) => $"({text} RLIKE r'^(?:{pattern})\\z')";

    public override string EpochMicroseconds(string timestamp) => $"unix_micros(CAST({timestamp} AS TIMESTAMP))";

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
