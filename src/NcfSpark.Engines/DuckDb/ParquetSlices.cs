using DuckDB.NET.Data;

namespace NcfSpark.Engines.DuckDb;

/// <summary>A Parquet file in slices of its rows, in their order. DuckDB decodes page by page, so memory does not grow with the file's row groups; Parquet.Net would hold one whole.</summary>
public static class ParquetSlices
{
    /// <summary>Columns of strings or whole numbers, as text; "" for a missing value.</summary>
    /// <param name="file">The file.</param>
    /// <param name="columns">Their names.</param>
    /// <param name="rows">Rows of a slice; the last has fewer.</param>
    /// <exception cref="SqlEngineException">It cannot be read.</exception>
    public static IEnumerable<string[][]> ReadAsText(string file, IReadOnlyList<string> columns, int rows) => Read(file, columns, column => $"coalesce(CAST({Quoted(column)} AS VARCHAR), '')", (reader, c) => reader.GetString(c), rows);

    /// <summary>Columns of whole numbers without missing values.</summary>
    /// <inheritdoc cref="ReadAsText"/>
    public static IEnumerable<long[][]> ReadNumbers(string file, IReadOnlyList<string> columns, int rows) => Read(file, columns, column => $"CAST({Quoted(column)} AS BIGINT)", (reader, c) => reader.GetInt64(c), rows);

    /// <summary>The first row (from 0) without a value in a column; null where each has one.</summary>
    /// <exception cref="SqlEngineException">It cannot be read.</exception>
    public static long? FirstMissing(string file, string column)
    {
        using DuckDBConnection connection = Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT min(file_row_number) FROM read_parquet({DuckDbText.File(file)}, file_row_number = true) WHERE {Quoted(column)} IS NULL";
        return Guarded(command.ExecuteScalar) as long?;
    }

    private static IEnumerable<T[][]> Read<T>(string file, IReadOnlyList<string> columns, Func<string, string> expression, Func<DuckDBDataReader, int, T> value, int rows)
    {
        using DuckDBConnection connection = Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {string.Join(", ", columns.Select(expression))} FROM read_parquet({DuckDbText.File(file)})";
        command.UseStreamingMode = true;
        using DuckDBDataReader reader = Guarded(command.ExecuteReader);
        while (Next(reader, columns.Count, value, rows) is [{ Length: > 0 }, ..] slice) yield return slice;
    }

    // Empty at the end.
    private static T[][] Next<T>(DuckDBDataReader reader, int columns, Func<DuckDBDataReader, int, T> value, int rows) => Guarded(() =>
    {
        T[][] slice = [.. Enumerable.Range(0, columns).Select(_ => new T[rows])];
        int read = 0;
        for (; read < rows && reader.Read(); read++)
        {
            for (int c = 0; c < columns; c++) slice[c][read] = value(reader, c);
        }

        return read == rows ? slice : Array.ConvertAll(slice, column => column[..read]);
    });

    private static DuckDBConnection Open()
    {
        var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "SET threads = 1"; // more would decode ahead
        command.ExecuteNonQuery();
        return connection;
    }

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
