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
    public static IEnumerable<string[][]> ReadAsText(string file, IReadOnlyList<string> columns, int rows)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "SET threads = 1"; // more would decode ahead
        command.ExecuteNonQuery();
        command.CommandText = $"SELECT {string.Join(", ", columns.Select(column => $"coalesce(CAST({Quoted(column)} AS VARCHAR), '')"))} FROM read_parquet('{file.Replace("'", "''", StringComparison.Ordinal)}')";
        command.UseStreamingMode = true;
        using DuckDBDataReader reader = Guarded(command.ExecuteReader);
        List<string>[] slice = [.. columns.Select(_ => new List<string>(rows))];
        while (Guarded(reader.Read))
        {
            for (int c = 0; c < slice.Length; c++) slice[c].Add(reader.GetString(c));
            if (slice[0].Count < rows) continue;
            yield return Array.ConvertAll(slice, column => column.ToArray());
            foreach (List<string> column in slice) column.Clear();
        }

        if (slice[0].Count > 0) yield return Array.ConvertAll(slice, column => column.ToArray());
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
