using FsCheck;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

public sealed unsafe class BatchRowsTests
{
    [Fact]
    public void TheDocumentedExample()
    {
        using var rows = new BatchRows(100);
        Assert.Equal([3, 64, 70], Taken(rows, [3, 70, 64]));
    }

    [Property]
    public void TakenRowsAreThoseMarkedOnceEachAndRising(PositiveInt rowCount, PositiveInt size, int seed)
    {
        int table = 1 + rowCount.Get * 997 % 20_000;
        int[] marked = [.. Enumerable.Range(0, size.Get * 31 % 500).Select(b => Numbers.Below(b, seed, table)), table - 1];
        using var rows = new BatchRows(table);
        for (int batch = 0; batch < 2; batch++) Assert.Equal(marked.Distinct().Order(), Taken(rows, marked)); // no mark is left for the second
    }

    private static int[] Taken(BatchRows rows, int[] marked)
    {
        foreach (int row in marked) rows.Mark(row);
        int[] taken = new int[marked.Length];
        fixed (int* first = taken) return taken[..rows.Take(first)];
    }
}
