using FsCheck;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

public sealed unsafe class RowSortTests
{
    [Fact]
    public void TheDocumentedExample() => Assert.Equal([(3, 1), (3, 3), (64, 2), (70, 0)], Sorted([70, 3, 64, 3], 1000));

    [Property(MaxTest = 300)]
    public void SortsByRowAndThenBySample(PositiveInt size, int seed, byte bits)
    {
        int rowCount = Math.Max((int)Math.Min(1L << bits % 32, int.MaxValue) - (seed & 1), 1); // powers of two, and one below
        int count = size.Get * 37 % 3000;
        int[] rows = [.. Enumerable.Range(0, count).Select(b => b % 5 == 0 ? rowCount - 1 : Numbers.Below(b, seed, rowCount))];
        Assert.Equal(rows.Select((row, sample) => (row, sample)).Order(), Sorted(rows, rowCount));
    }

    private static (int Row, int Sample)[] Sorted(int[] rows, int rowCount)
    {
        using var sort = new RowSort(rowCount, rows.Length);
        fixed (int* start = rows)
        {
            sort.Sort(start, rows.Length); // a sort leaves no trace for the next
            ulong* keys = sort.Sort(start, rows.Length);
            Assert.Equal(RowSort.End, keys[rows.Length]);
            return [.. Enumerable.Range(0, rows.Length).Select(b => (RowSort.Row(keys[b]), RowSort.Sample(keys[b])))];
        }
    }
}
