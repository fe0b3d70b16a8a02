using FsCheck;
using FsCheck.Xunit;

namespace NcfSpark.Core.Tests;

/// <summary>Rows laid to their places as they are read are those that a sort of all of them gives, whoever wrote them in whatever order.</summary>
public sealed class TrainRowsTests : IDisposable
{
    private const int Users = 9;
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Property(MaxTest = 30)]
    public void TheyAreTheRowsOfAllFilesByUserTimeItemAndLabel(int seed, NonNegativeInt count, PositiveInt rowsOfGroup)
    {
        RandomStream stream = RandomStream.Named(seed, "train rows");
        (int User, long Time, int Item, int Label)[] rows = [.. Enumerable.Range(0, 1 + count.Get).Select(row => (
            (int)stream.Below(4 * row, Users), stream.Below((4 * row) + 1, 4), (int)stream.Below((4 * row) + 2, 6), (int)stream.Below((4 * row) + 3, 2)))];
        string path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        foreach ((int shard, (int User, long Time, int Item, int Label)[] own)
            in rows.GroupBy(row => row.User % 3).Select(group => (group.Key, group.ToArray())))
        {
            using var file = ParquetFile.Create(Path.Combine(path, $"shard={shard}", "part.parquet"),
                ("user_index", typeof(int)), ("item_index", typeof(int)), ("label", typeof(int)), ("timestamp", typeof(long)));
            foreach ((int User, long Time, int Item, int Label)[] group in own.Chunk(rowsOfGroup.Get))
            {
                file.WriteGroup(Array.ConvertAll(group, row => row.User), Array.ConvertAll(group, row => row.Item), Array.ConvertAll(group, row => row.Label),
                    Array.ConvertAll(group, row => row.Time));
            }
        }

        (InteractionRows read, int[] labels) = TrainRows.Read([path], weighted: false);
        Assert.Equal(rows.Order(), Enumerable.Range(0, read.Count).Select(row => (read.Users[row], read.Timestamps[row], read.Items[row], labels[row])));
    }
}
