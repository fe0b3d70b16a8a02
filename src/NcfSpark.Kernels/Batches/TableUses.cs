namespace NcfSpark.Kernels;

/// <summary>Which rows of a table the rows of a batch use, each with the slots that do.</summary>
internal sealed class TableUses(int tableRows)
{
    private readonly int[] next = new int[tableRows];

    /// <summary>The rows that are used, rising.</summary>
    public int[] Rows { get; } = new int[tableRows];

    public int Touched { get; private set; }

    /// <summary>Where the uses of each row start, and behind the last one where they end.</summary>
    public int[] Starts { get; } = new int[tableRows + 1];

    /// <summary>The uses of each row, by rising slot.</summary>
    public TableUse[] Uses { get; private set; } = [];

    public void Set(InteractionMatrix matrix, ReadOnlySpan<int> slots)
    {
        Array.Clear(next);
        foreach (int row in slots)
        {
            for (int entry = matrix.Starts[row]; entry < matrix.Starts[row + 1]; entry++) next[matrix.Columns[entry]]++;
        }

        Touched = 0;
        for (int row = 0; row < tableRows; row++)
        {
            if (next[row] > 0) Rows[Touched++] = row;
            Starts[row + 1] = Starts[row] + next[row];
            next[row] = Starts[row];
        }

        if (Uses.Length < Starts[tableRows]) Uses = new TableUse[Starts[tableRows] + Starts[tableRows] / 4];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            for (int entry = matrix.Starts[slots[slot]]; entry < matrix.Starts[slots[slot] + 1]; entry++)
            {
                Uses[next[matrix.Columns[entry]]++] = new(slot, matrix.Values[entry]);
            }
        }
    }
}

/// <summary>A row of the batch that uses a row of the table, and by how much.</summary>
internal readonly record struct TableUse(int Slot, float Value);
