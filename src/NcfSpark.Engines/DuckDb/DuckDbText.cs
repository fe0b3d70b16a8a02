namespace NcfSpark.Engines.DuckDb;

/// <summary>Texts and paths as they stand in DuckDB's statements.</summary>
internal static class DuckDbText
{
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>
    /// A file to read, and no other: read_csv and read_parquet take * ? [ for a pattern, which a class of that one letter means as a letter. A backslash before such a letter is beyond what a pattern
    /// can say (<see cref="CanName"/>).
    /// </summary>
    public static string File(string path) => Literal(string.Concat(path.Select(c => c is '*' or '?' or '[' ? $"[{c}]" : c.ToString())));

    /// <summary>Files to read, as a list.</summary>
    public static string Files(IEnumerable<string> paths) => $"[{string.Join(", ", paths.Select(File))}]";

    /// <summary>Whether <see cref="File"/> means exactly this path.</summary>
    public static bool CanName(string path) => !path.Contains('\\', StringComparison.Ordinal) || path.AsSpan().IndexOfAny("*?[") < 0;
}
