using DuckDB.NET.Data;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Engines.Tests.DuckDb;

public sealed class ParquetSlicesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark it's ").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void SlicesOfOneLargeGroupAreItsRowsInTheirOrder()
    {
        string file = Path.Combine(folder, "pairs.parquet");
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "COPY (SELECT CAST(hash(i) % 1000 AS BIGINT) - 500 AS \"user\", CAST(i AS INT) AS small, CASE WHEN i % 7 > 0 THEN 'ä' || i END "
            + $"AS \"an item\" FROM range(20000) AS t(i)) TO '{file.Replace("'", "''")}' (FORMAT parquet, ROW_GROUP_SIZE 20000)";
        command.ExecuteNonQuery();
        Assert.Equal([20_000L], ParquetGroups.GroupSizes(file));
        string[] columns = ["user", "an item", "small"];
        string[][] whole = Assert.Single(ParquetGroups.ReadAsText(file, columns));
        (string, string)[] typed = [("user", "BIGINT"), ("an item", "VARCHAR"), ("small", "INTEGER")];
        Assert.Equal([typed[0], typed[2], typed[1]], ParquetSlices.Columns(file));
        Array[][] slices = [.. ParquetSlices.Read(file, typed, numbers: false, 3000)];
        Assert.Equal([3000, 3000, 3000, 3000, 3000, 3000, 2000], slices.Select(slice => slice[0].Length));
        for (int c = 0; c < columns.Length; c++) Assert.Equal(whole[c], slices.SelectMany(slice => (string[])slice[c]));

        Array[][] numbers = [.. ParquetSlices.Read(file, typed, numbers: true, 5000)];
        Assert.Equal([5000, 5000, 5000, 5000], numbers.Select(slice => slice[1].Length));
        Assert.Equal(whole[0], numbers.SelectMany(slice => (long[])slice[0]).Select(number => $"{number}"));
        Assert.Equal(whole[1], numbers.SelectMany(slice => (string[])slice[1]));
        Assert.Equal(whole[2], numbers.SelectMany(slice => (long[])slice[2]).Select(number => $"{number}"));
        Assert.Null(ParquetSlices.FirstMissing(file, "small"));
        Assert.Equal(0, ParquetSlices.FirstMissing(file, "an item"));
    }
}
