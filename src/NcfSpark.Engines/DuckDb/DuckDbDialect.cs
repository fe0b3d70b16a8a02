namespace NcfSpark.Engines.DuckDb;

internal sealed class DuckDbDialect : SqlDialect
{
    public override string Trimmed(string text) => $"trim({text})";

    public override string IntegerQuotient(string dividend, string divisor) => $"(({dividend}) // ({divisor}))";

    public override string Quoted(string name) => $"\"{name.Replace("\"", "\"\"")}\"";

    public override string TextOf(string binary) => $"decode({binary})";

    public override string IsUtf8(string binary) => $"(TRY(decode({binary})) IS NOT NULL)";

    public override string Matches(string text, string pattern) => $"regexp_full_match({text}, '{pattern}')";

    public override string EpochMicroseconds(string timestamp) => $"epoch_us({timestamp})";

    public override string EpochNanoseconds(string timestamp) => $"epoch_ns({timestamp})";

    public override string Literal(string text) => DuckDbText.Literal(text);

    // An ASOF join finds the last gap at or below each place in less than half of a running count's time. Equal gaps become one, the last.
    public override string UnmarkedAt(string rows, Func<string, string, string> points, string marks, string key, string carried, long mostMarks) =>
        $"""
        SELECT p.{key}, p.{carried}, CAST(p.place + coalesce(m.ordinal, 0) AS INT) AS number
        FROM ({points($"({rows})", $"{key}, {carried}")}) p ASOF LEFT JOIN (
            SELECT {key}, CAST(mark - ordinal + 1 AS INT) AS gap, max(ordinal) AS ordinal
            FROM (SELECT {key}, mark, CAST(row_number() OVER (PARTITION BY {key} ORDER BY mark) AS INT) AS ordinal FROM ({marks})) GROUP BY {key}, gap) m
        ON p.{key} = m.{key} AND p.place >= m.gap
        """;
}

/// <summary>Texts and paths as they stand in DuckDB's statements.</summary>
internal static class DuckDbText
{
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>
    /// A file to read, and no other: read_csv and read_parquet take * ? [ for a pattern, which a class of that one
    /// letter means as a letter. A backslash before such a letter is beyond what a pattern can say.
    /// </summary>
    public static string File(string path) => Literal(string.Concat(path.Select(c => c is '*' or '?' or '[' ? $"[{c}]" : c.ToString())));

    /// <summary>Files to read, as a list.</summary>
    public static string Files(IEnumerable<string> paths) => $"[{string.Join(", ", paths.Select(File))}]";
}
