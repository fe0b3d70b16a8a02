namespace NcfSpark.Engines.SparkConnect;

/// <summary>Spark SQL, 3.5 and newer, in a session whose time zone is UTC (<see cref="SessionSettings"/>).</summary>
public sealed class SparkDialect : SqlDialect
{
    /// <summary>
    /// What a session is set to before its first statement, so that 3.5 and 4.x, and every cluster's defaults, give the
    /// same: whole numbers without checks of each sum and product, UTC, ${…} in a text left alone, and CSV lines judged
    /// by all of their columns.
    /// </summary>
    internal static IReadOnlyDictionary<string, string> SessionSettings { get; } = new Dictionary<string, string>
    {
        // The checks for overflow take a quarter of the time in which negatives are drawn. PortableHash stays below
        // 2^63, and a cast that may fail is a TRY_CAST.
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

    /// <summary>
    /// Without dictionaries, train is written in four fifths of the time and is no larger: its users and labels come in
    /// runs, and its items and timestamps are too many.
    /// </summary>
    internal static IReadOnlyDictionary<string, string> WriteOptions { get; } = new Dictionary<string, string>
    {
        ["compression"] = "zstd",
        ["parquet.enable.dictionary"] = "false",
    };

    /// <summary>
    /// The file that a row comes from: local ones as a path, others as a URI. Spark says file:///a%20b; url_decode
    /// alone would take + for a blank.
    /// </summary>
    internal static string FileName => "url_decode(replace(regexp_replace(input_file_name(), '^file:/+', '/'), '+', '%2B'))";

    // Spark's own trim knows one blank, and is quicker: text of single bytes has no other.
    public override string Trimmed(string text) =>
        $"CASE WHEN length({text}) = octet_length({text}) THEN trim({text}) ELSE trim(BOTH '{Blanks}' FROM {text}) END";

    public override string IntegerQuotient(string dividend, string divisor) => $"(({dividend}) div ({divisor}))";

    public override string Quoted(string name) => $"`{name.Replace("`", "``")}`";

    public override string TextOf(string binary) => $"CAST({binary} AS STRING)";

    // What is no UTF-8 comes back from a text as other bytes.
    public override string IsUtf8(string binary) => $"(encode(CAST({binary} AS STRING), 'UTF-8') = {binary})";

    // \z and not $, which in Java also matches before a last line break.
    public override string Matches(string text, string pattern) => $"({text} RLIKE r'^(?:{pattern})\\z')";

    public override string EpochMicroseconds(string timestamp) => $"unix_micros(CAST({timestamp} AS TIMESTAMP))";

    public override string EpochNanoseconds(string timestamp) => $"({EpochMicroseconds(timestamp)} * 1000)";

    public override string Literal(string text) => Quote(text);

    // A large file is read in blocks, each by one task; the number of a row grows within its task.
    public override IReadOnlyList<(string Sql, string Name)> PlaceInFile =>
        [("input_file_block_start()", "ncf_block"), ("monotonically_increasing_id()", "ncf_place")];

    // Numbers in an array are sorted by Java's own sort, without objects; rows by Spark's, which takes several times as long.
    public override bool KeepsLists => true;

    internal static string Quote(string text) => $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'";

    /// <summary>What the values of a column are, by its type as DESCRIBE names it.</summary>
    internal static SqlColumnKind KindOf(string type) => type switch
    {
        "tinyint" or "smallint" or "int" or "bigint" => SqlColumnKind.WholeNumber,
        "float" or "double" => SqlColumnKind.Floating,
        "timestamp" or "timestamp_ntz" or "date" => SqlColumnKind.Timestamp,
        "boolean" => SqlColumnKind.Boolean,
        "binary" => SqlColumnKind.Binary,
        _ when type.StartsWith("struct<", StringComparison.Ordinal) || type.StartsWith("array<", StringComparison.Ordinal)
            || type.StartsWith("map<", StringComparison.Ordinal) => SqlColumnKind.Nested,
        _ => SqlColumnKind.Text,
    };
}
