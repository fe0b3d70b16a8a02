using System.Buffers.Binary;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

public sealed class TableBlockTests
{
    [Property]
    public void BlocksGiveBackTheRows(int seed, bool half)
    {
        RandomStream chance = RandomStream.Named(seed, "rows");
        Weight[] shared = [new("a", 500, 3), new("b", 4, 1), new("c", 1, 7)];
        TableRows[] tables = [.. shared.Select((weight, t) =>
        {
            int[] rows = [.. Enumerable.Range(0, weight.Rows).Where(row => chance.Unit(t * 1000 + row) < .5)];
            return new TableRows(
                rows, [.. Enumerable.Range(0, rows.Length * weight.Columns).Select(i => half ? (float)(Half)chance.Normal(i) : (float)chance.Normal(i))]);
        })];
        var reader = new TableBlock.Reader(shared, half);
        foreach (byte[] block in TableBlock.Encode(tables, shared, half)) reader.Add(block);
        foreach ((TableRows expected, TableRows actual) in tables.Zip(reader.Tables()))
        {
            Assert.Equal(expected.Rows, actual.Rows);
            Assert.Equal(expected.Values, actual.Values);
        }
    }

    [Fact]
    public void NoBlockIsLargerThanAMegabyteHoweverManyRows()
    {
        Weight[] shared = [new("a", 20_000, 64)];
        var all = new TableRows([.. Enumerable.Range(0, 20_000)], [.. shared[0].Values]);
        byte[][] blocks = [.. TableBlock.Encode([all], shared, half: false)];
        Assert.Equal(5, blocks.Length);
        Assert.All(blocks, block => Assert.InRange(block.Length, 1, 1 << 20));
        Assert.Equal(20_000 * (4 + 64 * 4) + 5 * 8, blocks.Sum(block => block.Length));
        Assert.Equal(all.Bytes(half: false) + 5 * 8, blocks.Sum(block => block.Length));
    }

    [Fact]
    public void MoreRowsThanThereAreAreRefused()
    {
        Weight[] shared = [new("a", 3, 2)];
        byte[] block = TableBlock.Encode([new TableRows([0, 1], [1, 2, 3, 4])], shared, half: false).Single();
        var reader = new TableBlock.Reader(shared, half: false);
        reader.Add(block);
        Assert.Contains("Blocks of a hold 4 rows, where it has 3",
            Assert.Throws<RequestRejectedException>(() => reader.Add(block)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 1, 12, "of weight 2; the model shares 1")]
    [InlineData(-1, 1, 12, "of weight -1")]
    [InlineData(0, 2, 12, "20 bytes for 2 rows of 2")]
    [InlineData(0, -1, 12, "for -1 rows")]
    [InlineData(0, 1_000_000_000, 12, "for 1,000,000,000 rows")]
    public void AMalformedBlockIsRefused(int table, int count, int body, string message)
    {
        byte[] block = new byte[8 + body];
        BinaryPrimitives.WriteInt32LittleEndian(block, table);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), count);
        Assert.Contains(message, Assert.Throws<RequestRejectedException>(() => new TableBlock.Reader([new Weight("a", 3, 2)], half: false).Add(block)).Message,
            StringComparison.Ordinal);
    }
}
