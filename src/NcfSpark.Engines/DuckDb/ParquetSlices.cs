using DuckDB.NET.Data;

namespace NcfSpark.Engines.DuckDb;

/// <summary>
/// A Parquet file in slices of its rows, in their order. DuckDB decodes page by page, so memory does not grow with the
/// file's row groups; Parquet.Net would hold one whole.
/// </summary>
public static class ParquetSlices
{
    /// <summary>The columns of a file, each with its type in DuckDB's words, such as BIGINT or STRUCT(a INTEGER).</summary>
    /// <exception cref="SqlEngineException">It cannot be read.</exception>
    public static IReadOnlyList<(string Name, string Type)> Columns(string file)
    {
        using DuckDBConnection connection = Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"DESCRIBE SELECT * FROM {Rows(file)}";
        return Guarded(() =>
        {
            using DuckDBDataReader reader = command.ExecuteReader();
            var columns = new List<(string, string)>();
            while (reader.Read()) columns.Add((reader.GetString(0), reader.GetString(1)));
            return columns;
        });
    }

    /// <summary>Whether a type is that of whole numbers that BIGINT holds.</summary>
    public static bool IsWholeNumber(string type) => DuckDbEngine.KindOf(type) == SqlColumnKind.WholeNumber;

    /// <summary>
    /// Columns as arrays: of long where <paramref name="numbers"/> is set and the column holds whole numbers (without
    /// missing values, see <see cref="FirstMissing"/>), else of string, "" for a missing value. A number without a
    /// fraction is written without one, whatever its type. Bytes are text in UTF-8; where they are none, the text is
    /// U+FFFD.
    /// </summary>
    /// <param name="numbers">Whether whole numbers are to be numbers.</param>
    /// <param name="rows">Rows of a slice; the last has fewer.</param>
    /// <exception cref="SqlEngineException">It cannot be read.</exception>
    public static IEnumerable<Array[]> Read(string file, IReadOnlyList<(string Name, string Type)> columns, bool numbers, int rows)
    {
        using DuckDBConnection connection = Open();
        using DuckDBCommand command = connection.CreateCommand();
        bool[] asNumbers = [.. columns.Select(column => numbers && IsWholeNumber(column.Type))];
        IEnumerable<string> values = columns.Select((column, c) => asNumbers[c]
            ? $"CAST({Quoted(column.Name)} AS BIGINT)"
            : $"coalesce({Text(Quoted(column.Name), column.Type)}, '')");
        command.CommandText = $"SELECT {string.Join(", ", values)} FROM {Rows(file)}";
        command.UseStreamingMode = true;
        using DuckDBDataReader reader = Guarded(command.ExecuteReader);
        while (Next(reader, asNumbers, rows) is [{ Length: > 0 }, ..] slice) yield return slice;
    }

    /// <summary>The first row (from 0) without a value in a column; null where each has one.</summary>
    /// <exception cref="SqlEngineException">It cannot be read.</exception>
    public static long? FirstMissing(string file, string column)
    {
        using DuckDBConnection connection = Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT min(file_row_number) FROM read_parquet({DuckDbText.File(file)}, file_row_number = true, hive_partitioning = false) "
            + $"WHERE {Quoted(column)} IS NULL";
        return Guarded(command.ExecuteScalar) as long?;
    }

    /// <summary>A type of list whose values are wanted as one text, with <see cref="ValueEnd"/> behind each.</summary>
    public const string List = "list";

    /// <summary>Stands behind each value of a list that is read as one text.</summary>
    public const char ValueEnd = '\u001f';

    // 2^53: from there on a DOUBLE no longer tells neighbouring whole numbers apart.
    private static string Text(string column, string type) => type switch
    {
        List => $"array_to_string({column}, chr(31)) || chr(31)",
        "BLOB" => $"CASE WHEN {column} IS NOT NULL THEN coalesce(TRY(decode({column})), chr(65533)) END",
        "FLOAT" or "DOUBLE" => $"CASE WHEN abs({column}) < 9007199254740992 AND floor({column}) = {column} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) "
            + $"ELSE CAST({column} AS VARCHAR) END",
        _ => $"CAST({column} AS VARCHAR)",
    };

    // Empty at the end.
    private static Array[] Next(DuckDBDataReader reader, bool[] asNumbers, int rows) => Guarded(() =>
    {
        long[]?[] numbers = Array.ConvertAll(asNumbers, asNumber => asNumber ? new long[rows] : null);
        string[]?[] texts = Array.ConvertAll(asNumbers, asNumber => asNumber ? null : new string[rows]);
        int read = 0;
        for (; read < rows && reader.Read(); read++)
        {
            for (int c = 0; c < numbers.Length; c++)
            {
                if (numbers[c] is { } column) column[read] = reader.GetInt64(c);
                else texts[c]![read] = reader.GetString(c);
            }
        }

        return numbers.Select((column, c) => column is null ? (Array)texts[c]![..read] : column[..read]).ToArray();
    });

    private static DuckDBConnection Open()
    {
        var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        // More threads would decode ahead; a moment's text must not depend on where the machine stands.
        command.CommandText = "SET threads = 1; SET TimeZone = 'UTC'";
        command.ExecuteNonQuery();
        return connection;
    }

    private static string Rows(string file) => $"read_parquet({DuckDbText.File(file)}, hive_partitioning = false)";

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DuckDBException cause)
        {
            throw new SqlEngineException(cause.Message, cause);
        }
    }
}
