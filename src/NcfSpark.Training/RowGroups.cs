namespace NcfSpark.Training;

/// <summary>
/// Which samples of a batch touch which row of a table: a linked list for each distinct row, in the order of the samples, without sorting.
/// Example: rows {7, 2, 7} give Distinct {2, 7}… in some order, First[7] = 0, Next[0] = 2, Next[2] = -1.
/// </summary>
/// <param name="rowCount">Rows of the table.</param>
/// <param name="capacity">Samples of the largest batch.</param>
internal sealed class RowGroups(int rowCount, int capacity)
{
    private readonly int[] first = Filled(rowCount);
    private readonly int[] next = new int[capacity];
    private readonly int[] distinct = new int[capacity];

    /// <summary>How many distinct rows the batch touches.</summary>
    public int DistinctCount { get; private set; }

    /// <summary>Groups the samples' rows; those that are -1 touch none.</summary>
    public void Group(ReadOnlySpan<int> rows)
    {
        for (int d = 0; d < DistinctCount; d++) first[distinct[d]] = -1;
        DistinctCount = 0;
        for (int b = rows.Length - 1; b >= 0; b--) // backwards, so that each list comes out in the order of the samples
        {
            if (rows[b] < 0) continue;
            ref int head = ref first[rows[b]];
            if (head < 0) distinct[DistinctCount++] = rows[b];
            (next[b], head) = (head, b);
        }
    }

    /// <summary>The d-th distinct row.</summary>
    public int Row(int d) => distinct[d];

    /// <summary>The first sample that touches a row of the batch.</summary>
    public int FirstSample(int row) => first[row];

    /// <summary>The next sample that touches the same row, or -1.</summary>
    public int NextSample(int sample) => next[sample];

    private static int[] Filled(int count)
    {
        int[] values = new int[count];
        Array.Fill(values, -1);
        return values;
    }
}
