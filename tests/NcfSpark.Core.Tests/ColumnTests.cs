using FsCheck;
using FsCheck.Xunit;
using Parquet;
using Parquet.Schema;

namespace NcfSpark.Core.Tests;

public sealed class ColumnTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void ColumnsOfAllFilesReadBackInTheOrderOfTheirPaths()
    {
        Write("b/part-1.parquet", [3, 4], ["ç", ""]);
        Write("a/part-0.parquet", [1, 2], ["x", "y,\"z\"\n"]);
        Assert.Equal([1L, 2, 3, 4], ParquetColumns.Read<long>(directory, "id"));
        Assert.Equal(["x", "y,\"z\"\n", "ç", ""], ParquetColumns.ReadStrings(directory, "name"));
        Assert.True(ParquetColumns.IsString(directory, "name"));
        Assert.False(ParquetColumns.IsString(directory, "id"));
    }

    [Fact]
    public async Task ColumnsThatMayBeNullAreReadAndAMissingValueIsSaid()
    {
        // Spark and DuckDB declare every column so.
        string path = Path.Combine(directory, "nullable.parquet");
        var fields = new[] { new DataField<int?>("whole"), new DataField<int?>("holed") };
        await using (FileStream stream = File.Create(path))
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream))
        using (ParquetRowGroupWriter group = writer.CreateRowGroup())
        {
            await group.WriteAsync<int>(fields[0], new int?[] { 1, 2 });
            await group.WriteAsync<int>(fields[1], new int?[] { 1, null });
        }

        Assert.Equal([1, 2], ParquetColumns.Read<int>(path, "whole"));
        Assert.Contains("column holed has a missing value in row 1",
            Assert.Throws<InvalidInputException>(() => ParquetColumns.Read<int>(path, "holed")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileCutShortOrWithoutTheColumnIsRefusedByName()
    {
        string path = Write("x.parquet", [1], ["x"]);
        Assert.Contains("there is no column nam; there are id, name",
            Assert.Throws<InvalidInputException>(() => ParquetColumns.ReadStrings(path, "nam")).Message, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        Assert.Contains("x.parquet", Assert.Throws<InvalidInputException>(() => ParquetColumns.Read<long>(path, "id")).Message, StringComparison.Ordinal);
        Assert.Contains("no Parquet file",
            Assert.Throws<InvalidInputException>(() => ParquetColumns.Read<long>(Path.Combine(directory, "none"), "id")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDocumentedExampleOfLists()
    {
        InteractionLists lists = InteractionLists.FromRows(3, [2, 0, 0], [3, 4, 1]);
        Assert.Equal([0, 2, 2, 3], lists.Offsets);
        Assert.Equal([4, 1, 3], lists.Items);
        Assert.Equal([1, 4], lists.Sorted()[0].ToArray());
        Assert.Equal([4, 1], lists[0].ToArray());
    }

    [Property(MaxTest = 200)]
    public bool ListsHoldEachRowOnceInItsOrder((byte User, int Item)[] rows)
    {
        InteractionLists lists = InteractionLists.FromRows(256, [.. rows.Select(row => (int)row.User)], [.. rows.Select(row => row.Item)]);
        return Enumerable.Range(0, 256).All(user => lists[user].ToArray().SequenceEqual(rows.Where(row => row.User == user).Select(row => row.Item)));
    }

    private string Write(string name, long[] ids, string[] names)
    {
        string path = Path.Combine(directory, name);
        using ParquetFile file = ParquetFile.Create(path, ("id", typeof(long)), ("name", typeof(string)));
        file.WriteGroup(ids, names);
        return path;
    }
}
