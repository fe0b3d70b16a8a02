using Apache.Arrow;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>Arrow's columns as rows of long, double, string, bool or null.</summary>
internal static class SparkRows
{
    public static void Append(RecordBatch batch, List<IReadOnlyList<object?>> rows)
    {
        Func<int, object?>[] columns = [.. Enumerable.Range(0, batch.ColumnCount).Select(c => Reader(batch.Column(c), batch.Schema.GetFieldByIndex(c).Name))];
        rows.EnsureCapacity(rows.Count + batch.Length);
        for (int r = 0; r < batch.Length; r++)
        {
            var row = new object?[columns.Length];
            for (int c = 0; c < columns.Length; c++) row[c] = columns[c](r);
            rows.Add(row);
        }
    }

    private static Func<int, object?> Reader(IArrowArray column, string name) => column switch
    {
        Int64Array values => i => values.GetValue(i),
        Int32Array values => i => (long?)values.GetValue(i),
        Int16Array values => i => (long?)values.GetValue(i),
        Int8Array values => i => (long?)values.GetValue(i),
        DoubleArray values => i => values.GetValue(i),
        FloatArray values => i => (double?)values.GetValue(i),
        Decimal128Array values => i => values.IsNull(i) ? null : decimal.ToDouble(values.GetValue(i)!.Value),
        BooleanArray values => i => values.GetValue(i),
        StringArray values => i => values.GetString(i),
        LargeStringArray values => i => values.GetString(i),
        NullArray => _ => null,
        _ => throw new NotSupportedException($"Column {name} is of type {column.Data.DataType.Name}. Cast it to STRING or a number in the query."),
    };
}
