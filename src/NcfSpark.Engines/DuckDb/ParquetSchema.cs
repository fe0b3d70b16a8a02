using DuckDB.NET.Data;

namespace NcfSpark.Engines.DuckDb;

/// <summary>
/// What the footers of Parquet files say of their columns, read by DuckDB whatever the engine is: an engine that is
/// given files of several types casts them in its own way, or not at all.
/// </summary>
/// <param name="Files">Files with equal columns.</param>
/// <param name="Columns">Their columns, with types in DuckDB's words.</param>
public sealed record ParquetSchema(IReadOnlyList<string> Files, IReadOnlyList<(string Name, string Type)> Columns)
{
    /// <summary>The schemas of files, in the order of the first file of each.</summary>
    /// <exception cref="SqlEngineException">A file cannot be read. The message names it.</exception>
    public static IReadOnlyList<ParquetSchema> Of(IReadOnlyList<string> files)
    {
        using DuckDBConnection connection = new("Data Source=:memory:");
        connection.Open();
        var described = new Dictionary<string, List<string>>();
        foreach (string file in files)
        {
            string[] rows = Rows(connection, file, "SELECT concat_ws(chr(31), name, type, type_length, num_children, converted_type, scale, precision, "
                + $"logical_type) FROM parquet_schema({DuckDbText.File(file)}) OFFSET 1", 1);
            string key = string.Join('\n', rows);
            if (described.TryGetValue(key, out List<string>? same)) same.Add(file);
            else described[key] = [file];
        }

        return [.. described.Values.Select(
            same => new ParquetSchema(same,
                [.. Rows(connection, same[0], $"DESCRIBE SELECT * FROM read_parquet({DuckDbText.File(same[0])}, hive_partitioning = false)", 2).Chunk(2)
                    .Select(row => (row[0], row[1]))]))];
    }

    /// <summary>The type of a field within a column of type STRUCT; null where there is none.</summary>
    public string? TypeOf(IReadOnlyList<string> path)
    {
        using DuckDBConnection connection = new("Data Source=:memory:");
        connection.Open();
        string field = string.Join('.', path.Select(part => $"\"{part.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
        try
        {
            return Rows(connection, Files[0], $"DESCRIBE SELECT {field} FROM read_parquet({DuckDbText.File(Files[0])}, hive_partitioning = false)", 2)[1];
        }
        catch (SqlEngineException)
        {
            return null;
        }
    }

    private static string[] Rows(DuckDBConnection connection, string file, string query, int columns)
    {
        try
        {
            using DuckDBCommand command = connection.CreateCommand();
            command.CommandText = query;
            using DuckDBDataReader reader = command.ExecuteReader();
            var values = new List<string>();
            while (reader.Read())
            {
                for (int c = 0; c < columns; c++) values.Add(reader.GetString(c));
            }

            return [.. values];
        }
        catch (DuckDBException cause)
        {
            throw new SqlEngineException($"{file}: {cause.Message}", cause);
        }
    }
}
