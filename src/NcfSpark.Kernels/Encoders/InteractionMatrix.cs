namespace NcfSpark.Kernels;

/// <summary>
/// The interaction matrix Y, of each row its entries that are not 0, by rising column: of users the items with their ratings or,
/// transposed, of items the users.
/// Example: a user who rated item 4 with 5 and item 1 with 3, and one who rated item 1 with 2, are
/// Starts 0 2 3, Columns 1 4 1, Values 3 5 2.
/// </summary>
public sealed class InteractionMatrix
{
    private readonly Lazy<InteractionMatrix> transposed;

    private InteractionMatrix(int columnCount, int[] starts, int[] columns, float[] values)
    {
        (ColumnCount, Starts, Columns, Values) = (columnCount, starts, columns, values);
        transposed = new(Transpose);
    }

    public int RowCount => Starts.Length - 1;

    public int ColumnCount { get; }

    /// <summary>Where each row's entries start, and behind the last one where they end.</summary>
    public int[] Starts { get; }

    public int[] Columns { get; }

    public float[] Values { get; }

    /// <summary>The same matrix by column.</summary>
    public InteractionMatrix Transposed => transposed.Value;

    /// <summary>The matrix of entries in any order, each row and column at most once.</summary>
    public static InteractionMatrix Of(int rowCount, int columnCount, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        int[] starts = StartsOf(rows, rowCount), next = [.. starts], sortedColumns = new int[rows.Length];
        float[] sortedValues = new float[rows.Length];
        for (int entry = 0; entry < rows.Length; entry++)
        {
            int place = next[rows[entry]]++;
            (sortedColumns[place], sortedValues[place]) = (columns[entry], values[entry]);
        }

        return new InteractionMatrix(columnCount, starts, sortedColumns, sortedValues).Transpose().Transpose(); // which sorts the columns of each row
    }

    /// <summary>An entry; 0 where there is none.</summary>
    public float At(int row, int column)
    {
        int place = Array.BinarySearch(Columns, Starts[row], Starts[row + 1] - Starts[row], column);
        return place < 0 ? 0 : Values[place];
    }

    private InteractionMatrix Transpose()
    {
        int[] starts = StartsOf(Columns, ColumnCount), next = [.. starts], rows = new int[Columns.Length];
        float[] values = new float[Columns.Length];
        for (int row = 0; row < RowCount; row++)
        {
            for (int entry = Starts[row]; entry < Starts[row + 1]; entry++)
            {
                int place = next[Columns[entry]]++;
                (rows[place], values[place]) = (row, Values[entry]);
            }
        }

        return new InteractionMatrix(RowCount, starts, rows, values);
    }

    private static int[] StartsOf(ReadOnlySpan<int> numbers, int count)
    {
        int[] starts = new int[count + 1];
        foreach (int number in numbers) starts[number + 1]++;
        for (int number = 0; number < count; number++) starts[number + 1] += starts[number];
        return starts;
    }
}
