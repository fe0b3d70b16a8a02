using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Parquet;
using Parquet.Schema;

namespace NcfSpark.Core;

/// <summary>
/// Columns of a Parquet file, or of all the Parquet files below a folder, a row group at a time: for what need not be in memory at once.
/// The files come in the order of their paths, as in <see cref="ParquetColumns"/>.
/// </summary>
public static class ParquetGroups
{
    private const long LargeGroup = 4 << 20; // Spark writes groups of 128 MB

    /// <summary>Columns without missing values, as arrays of their types: int[], long[], double[].</summary>
    /// <exception cref="InvalidInputException">A file is no Parquet file, lacks a column, or has another type or a missing value in it.</exception>
    public static IEnumerable<Array[]> Read(string path, params (string Name, Type Type)[] columns) =>
        Read(path, (group, schema, rows) => ReadColumns(group, schema, rows, columns));

    /// <summary>Columns of strings, whole numbers, fractions or times, as text; "" for a missing value.</summary>
    /// <inheritdoc cref="Read(string, ValueTuple{string, Type}[])"/>
    public static IEnumerable<string[][]> ReadAsText(string path, params string[] columns) => Read(
        path,
        (group, schema, rows) => Array.ConvertAll(columns, column => AsText(group, ParquetColumns.Field(schema, column), rows)));

    /// <summary>The same with several threads: each group is handed to one of them, in no order.</summary>
    /// <param name="path">The file, or the folder.</param>
    /// <param name="threads">At most so many groups are in memory; of those with more than 4 million rows one.</param>
    /// <param name="use">Called with the columns of a group.</param>
    /// <inheritdoc cref="Read(string, ValueTuple{string, Type}[])"/>
    public static void ForEach(string path, int threads, Action<Array[]> use, params (string Name, Type Type)[] columns)
    {
        object largeGroup = new();
        try
        {
            Parallel.ForEach(
                Partitioner.Create(ParquetColumns.FilesIn(path).SelectMany(
                    file => GroupSizes(file).Select((rows, group) => (File: file, Group: group, Rows: rows))), EnumerablePartitionerOptions.NoBuffering),
                new ParallelOptions { MaxDegreeOfParallelism = threads },
                at =>
                {
                    bool large = at.Rows > LargeGroup;
                    if (large) Monitor.Enter(largeGroup);
                    try
                    {
                        use(ReadGroup(at.File, at.Group, columns));
                    }
                    finally
                    {
                        if (large) Monitor.Exit(largeGroup);
                    }
                });
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    /// <summary>How many rows each group of a file has.</summary>
    /// <exception cref="InvalidInputException">It is no Parquet file.</exception>
    public static IReadOnlyList<long> GroupSizes(string file) =>
        ParquetColumns.WithReader(file, reader => Enumerable.Range(0, reader.RowGroupCount).Select(group =>
    {
        using ParquetRowGroupReader open = reader.OpenRowGroupReader(group);
        return open.RowCount;
    }).ToArray());

    private static Array[] ReadGroup(string file, int group, (string Name, Type Type)[] columns) => ParquetColumns.WithReader(file, reader =>
    {
        using ParquetRowGroupReader open = reader.OpenRowGroupReader(group);
        return ReadColumns(open, reader.Schema, checked((int)open.RowCount), columns);
    });

    private static Array[] ReadColumns(ParquetRowGroupReader group, ParquetSchema schema, int rows, (string Name, Type Type)[] columns) =>
        Array.ConvertAll(columns, column => (Array)(column.Type == typeof(long)
        ? ParquetColumns.ReadNumbers<long>(group, ParquetColumns.Field(schema, column.Name), rows, column.Name)
        : column.Type == typeof(double) ? ParquetColumns.ReadNumbers<double>(group, ParquetColumns.Field(schema, column.Name), rows, column.Name)
        : ParquetColumns.ReadNumbers<int>(group, ParquetColumns.Field(schema, column.Name), rows, column.Name)));

    private static IEnumerable<T> Read<T>(string path, Func<ParquetRowGroupReader, ParquetSchema, int, T> readGroup)
    {
        foreach (string file in ParquetColumns.FilesIn(path))
        {
            using FileStream stream = ParquetColumns.Guarded(file, () => File.OpenRead(file));
            ParquetReader reader = ParquetColumns.Guarded(file, () => ParquetReader.CreateAsync(stream).GetAwaiter().GetResult());
            try
            {
                for (int g = 0; g < reader.RowGroupCount; g++)
                {
                    int number = g;
                    yield return ParquetColumns.Guarded(file, () =>
                    {
                        using ParquetRowGroupReader group = reader.OpenRowGroupReader(number);
                        return readGroup(group, reader.Schema, checked((int)group.RowCount));
                    });
                }
            }
            finally
            {
                reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        }
    }

    private static string[] AsText(ParquetRowGroupReader group, DataField field, int rows)
    {
        Type type = Nullable.GetUnderlyingType(field.ClrType) ?? field.ClrType;
        if (type == typeof(long)) return Values<long>(group, field, rows);
        if (type == typeof(int)) return Values<int>(group, field, rows);
        if (type == typeof(double)) return Values<double>(group, field, rows);
        if (type == typeof(float)) return Values<float>(group, field, rows);
        if (type == typeof(DateTime)) return Values<DateTime>(group, field, rows);
        var texts = new string?[rows];
        group.ReadAsync(field, texts.AsMemory()).AsTask().GetAwaiter().GetResult();
        return Array.ConvertAll(texts, text => text ?? "");
    }

    private static string[] Values<T>(ParquetRowGroupReader group, DataField field, int rows)
        where T : unmanaged, IFormattable
    {
        string? format = typeof(T) == typeof(DateTime) ? "s" : null;
        if (!field.IsNullable)
        {
            return Array.ConvertAll(ParquetColumns.ReadNumbers<T>(group, field, rows, field.Name),
                value => value.ToString(format, CultureInfo.InvariantCulture));
        }

        var optional = new T?[rows];
        group.ReadAsync<T>(field, optional.AsMemory()).AsTask().GetAwaiter().GetResult();
        return Array.ConvertAll(optional, value => value?.ToString(format, CultureInfo.InvariantCulture) ?? "");
    }
}
