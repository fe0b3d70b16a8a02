using Parquet;
using Parquet.Schema;

namespace NcfSpark.Core;

/// <summary>Whole columns of a Parquet file, or of all the Parquet files below a folder (in the order of their paths, which Spark and DuckDB number).</summary>
public static class ParquetColumns
{
    /// <summary>A column without missing values, of a number type.</summary>
    /// <exception cref="InvalidInputException">A file is no Parquet file, lacks the column, or has another type or a missing value in it.</exception>
    public static T[] Read<T>(string path, string column)
        where T : unmanaged => Read(path, column, (group, field, rows) => ReadNumbers<T>(group, field, rows, column));

    /// <summary>A column of strings without missing values.</summary>
    /// <inheritdoc cref="Read{T}(string, string)"/>
    public static string[] ReadStrings(string path, string column) => Read(path, column, (group, field, rows) =>
    {
        var values = new string?[rows];
        group.ReadAsync(field, values.AsMemory()).AsTask().GetAwaiter().GetResult();
        return Array.ConvertAll(values, value => value ?? throw new InvalidDataException($"column {column} has a missing value"));
    });

    /// <summary>A column of strings or whole numbers without missing values, as text.</summary>
    /// <inheritdoc cref="Read{T}(string, string)"/>
    public static string[] ReadAsText(string path, string column)
    {
        Type type = TypeOf(path, column);
        return type == typeof(long) ? Array.ConvertAll(Read<long>(path, column), value => value.ToString())
            : type == typeof(int) ? Array.ConvertAll(Read<int>(path, column), value => value.ToString())
            : ReadStrings(path, column);
    }

    /// <summary>Whether a column holds strings. The first file's schema decides.</summary>
    public static bool IsString(string path, string column) => IsString(TypeOf(path, column));

    /// <summary>Whether there is a column of this name. The first file's schema decides.</summary>
    public static bool Has(string path, string column) => SchemaOf(path, schema => schema.DataFields.Any(field => field.Name == column));

    /// <summary>How many rows the Parquet files below a folder hold, by their footers; 0 where there is none.</summary>
    /// <exception cref="InvalidInputException">A file is no Parquet file.</exception>
    public static long RowsIn(string directory) =>
        Directory.GetFiles(directory, "*.parquet", SearchOption.AllDirectories).Sum(file => WithReader(file, reader => reader.Metadata!.NumRows));

    /// <summary>Whether a column holds whole numbers. The first file's schema decides.</summary>
    public static bool IsWholeNumber(string path, string column) =>
        TypeOf(path, column) is var type && (Nullable.GetUnderlyingType(type) ?? type) is var plain && (plain == typeof(long) || plain == typeof(int));

    private static bool IsString(Type type) => type == typeof(ReadOnlyMemory<char>); // what Parquet.Net calls a string column

    private static Type TypeOf(string path, string column) => SchemaOf(path, schema => Field(schema, column).ClrType);

    private static T SchemaOf<T>(string path, Func<ParquetSchema, T> read)
    {
        string file = FilesIn(path)[0];
        return Guarded(file, () =>
        {
            using FileStream stream = File.OpenRead(file);
            return read(ParquetReader.ReadSchemaAsync(stream).GetAwaiter().GetResult());
        });
    }

    private static T[] Read<T>(string path, string column, Func<ParquetRowGroupReader, DataField, int, T[]> readGroup)
    {
        var parts = new List<T[]>();
        foreach (string file in FilesIn(path))
        {
            WithReader(file, reader =>
            {
                DataField field = Field(reader.Schema, column);
                for (int g = 0; g < reader.RowGroupCount; g++)
                {
                    using ParquetRowGroupReader group = reader.OpenRowGroupReader(g);
                    parts.Add(readGroup(group, field, checked((int)group.RowCount)));
                }

                return true;
            });
        }

        if (parts.Count == 1) return parts[0];
        var all = new T[parts.Sum(part => (long)part.Length)];
        long offset = 0;
        foreach (T[] part in parts)
        {
            part.CopyTo(all, offset);
            offset += part.Length;
        }

        return all;
    }

    // Engines write columns that may be null even where no value is; Parquet.Net reads those only into T?[].
    internal static T[] ReadNumbers<T>(ParquetRowGroupReader group, DataField field, int rows, string column)
        where T : unmanaged
    {
        var values = new T[rows];
        if (!field.IsNullable)
        {
            group.ReadAsync<T>(field, values.AsMemory()).AsTask().GetAwaiter().GetResult();
            return values;
        }

        var optional = new T?[rows];
        group.ReadAsync<T>(field, optional.AsMemory()).AsTask().GetAwaiter().GetResult();
        for (int row = 0; row < rows; row++) values[row] = optional[row] ?? throw new InvalidDataException($"column {column} has a missing value in row {row}");
        return values;
    }

    /// <summary>The file, or the Parquet files below a folder in the order of their paths.</summary>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public static string[] FilesIn(string path)
    {
        if (File.Exists(path)) return [path];
        string[] files = Directory.Exists(path) ? Directory.GetFiles(path, "*.parquet", SearchOption.AllDirectories) : [];
        Array.Sort(files, StringComparer.Ordinal);
        return files.Length > 0 ? files : throw new InvalidInputException($"{path}: there is no Parquet file.");
    }

    internal static DataField Field(ParquetSchema schema, string column) =>
        Array.Find(schema.GetDataFields(), field => field.Name == column)
        ?? throw new InvalidDataException($"there is no column {column}; there are {string.Join(", ", schema.GetDataFields().Select(field => field.Name))}");

    internal static T WithReader<T>(string file, Func<ParquetReader, T> use) => Guarded(file, () =>
    {
        using FileStream stream = File.OpenRead(file);
        ParquetReader reader = ParquetReader.CreateAsync(stream).GetAwaiter().GetResult();
        try
        {
            return use(reader);
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    });

    internal static T Guarded<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception cause) when (cause is not InvalidInputException)
        {
            throw new InvalidInputException($"{file}: cannot be read as Parquet: {cause.Message}", cause);
        }
    }
}
