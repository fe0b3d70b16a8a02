using System.Text;
using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Cluster;

namespace NcfSpark.Jobs.Tests.Cluster;

public sealed class TaskRowsTests
{
    [Fact]
    public void RowsAreGatheredByUser()
    {
        var rows = Of("7\t-1\t0\n7\t2\t-100\n7\t5\t300\n8\t-1\t0\n11\t-1\t0\n11\t0\t9\n");
        TaskUsers first = rows.NextUsers(2)!, second = rows.NextUsers(2)!;
        Assert.Equal([7, 8], first.Users);
        Assert.Equal([2, 5], first.ItemsOf(7).ToArray());
        Assert.Equal([-100L, 300L], first.Rows.Timestamps);
        Assert.Empty(first.ItemsOf(8).ToArray());
        Assert.Equal([11], second.Users);
        Assert.Equal((0, 9L), (Assert.Single(second.Rows.Items), Assert.Single(second.Rows.Timestamps)));
        Assert.Null(rows.NextUsers(2));
        Assert.Null(Of("").NextUsers(1));
    }

    [Property]
    public bool WhatIsWrittenIsReadHoweverItArrives(PositiveInt usersAtOnce, PositiveInt bytesAtOnce, NonNegativeInt[] sizes)
    {
        var text = new StringBuilder();
        List<(int, int, long)> expected = [], found = [];
        for (int user = 0; user < sizes.Length; user++)
        {
            text.Append($"{user}\t-1\t0\n");
            for (int item = 0; item < sizes[user].Get % 20; item++)
            {
                text.Append($"{user}\t{item * 3}\t{item - 5L}\n");
                expected.Add((user, item * 3, item - 5L));
            }
        }

        var rows = new TaskRows(new Trickle(Encoding.UTF8.GetBytes(text.ToString()), bytesAtOnce.Get));
        int users = 0;
        while (rows.NextUsers(usersAtOnce.Get) is { } block)
        {
            users += block.Users.Length;
            for (int row = 0; row < block.Rows.Count; row++) found.Add((block.Rows.Users[row], block.Rows.Items[row], block.Rows.Timestamps[row]));
        }

        return users == sizes.Length && expected.SequenceEqual(found);
    }

    [Theory]
    [InlineData("7\t2\t100\n", "Line 1: user 7 was not begun")]
    [InlineData("7\t-1\t0\n6\t-1\t0\n", "Line 2: user 6 comes after 7")]
    [InlineData("7\t-1\t0\n7\t3\t0\n7\t3\t0\n", "Line 3: item 3 comes after 3")]
    [InlineData("7\t-1\t0\n7\t3\n", "Line 2 is not user, item and timestamp: 7\t3")]
    [InlineData("7\t-1\t0\n7\tNULL\t0\n", "Line 2 is not user, item and timestamp")]
    [InlineData("7\t-1\t0\t9\n", "Line 1 is not user, item and timestamp")]
    [InlineData("7\t-1\t0\n7\t3\t10", "Line 2 was cut short")]
    public void WhatIsNotInOrderIsRefusedByLine(string text, string says)
    {
        TaskRows rows = Of(text);
        Assert.StartsWith(says, Assert.Throws<InvalidDataException>(() => { while (rows.NextUsers(9) is not null) { } }).Message, StringComparison.Ordinal);
    }

    private static TaskRows Of(string text) => new(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    /// <summary>Gives a few bytes at a time, as a pipe may.</summary>
    private sealed class Trickle(byte[] bytes, int atOnce) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, atOnce));
    }
}
