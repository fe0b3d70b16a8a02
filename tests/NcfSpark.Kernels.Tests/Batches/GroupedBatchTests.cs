using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

public sealed unsafe class GroupedBatchTests
{
    [Fact]
    public void TheDocumentedExample()
    {
        using GroupedBatch batch = Group([9, 4, 9, 4], [2, 1, 1, 3]);
        Assert.Equal([4, 4, 9, 9], new Span<int>(batch.Users, 4).ToArray());
        Assert.Equal([1, 3, 2, 1], new Span<int>(batch.Items, 4).ToArray());
        Assert.Equal([1, 3, 0, 2], new Span<int>(batch.Places, 4).ToArray());
        Assert.Equal([GradientRouting.AddToNextSample, GradientRouting.UpdateInTile, GradientRouting.AddToNextSample, GradientRouting.UpdateInTile],
            new Span<GradientRouting>(batch.UserRouting, 4).ToArray());
        Assert.Equal([GradientRouting.UpdateAfterTiles, GradientRouting.UpdateInTile, GradientRouting.UpdateInTile, GradientRouting.UpdateAfterTiles],
            new Span<GradientRouting>(batch.ItemRouting, 4).ToArray());
        Assert.Equal([0, 3], Samples(batch.DeferredItems)[1]);
    }

    [Fact]
    public void ChunksShareOutAllTilesAndAreSmallInTheMiddle()
    {
        Assert.Equal([0, 7, 12, 15, 16, 17, 20, 25, 32], Enumerable.Range(0, 9).Select(chunk => GroupedBatch.TileStart(chunk, 8, 32)));
        for (int tiles = 1; tiles < 3000; tiles++)
        {
            int chunks = GroupedBatch.ChunksOf(tiles);
            Assert.Equal((0, tiles), (GroupedBatch.TileStart(0, chunks, tiles), GroupedBatch.TileStart(chunks, chunks, tiles)));
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                Assert.True(GroupedBatch.TileStart(chunk, chunks, tiles) < GroupedBatch.TileStart(chunk + 1, chunks, tiles));
            }
        }
    }

    [Property(MaxTest = 200)]
    public void EachDistinctRowIsUpdatedOnceByAllOfItsSamples(PositiveInt size, PositiveInt users, PositiveInt items, int seed)
    {
        int count = 1 + size.Get * 53 % 2000, userCount = 1 + users.Get % 300, itemCount = 1 + items.Get * 3 % 300;
        int[] rawUsers = [.. Enumerable.Range(0, count).Select(b => Numbers.Below(b, seed, userCount))];
        int[] rawItems = [.. Enumerable.Range(0, count).Select(b => Numbers.Below(b, seed + 1, itemCount))];
        using GroupedBatch batch = Group(rawUsers, rawItems);
        int[] places = new Span<int>(batch.Places, count).ToArray();
        Assert.Equal(Enumerable.Range(0, count), places.Order());
        for (int b = 0; b < count; b++)
        {
            Assert.Equal((rawUsers[places[b]], rawItems[places[b]], (float)places[b]), (batch.Users[b], batch.Items[b], batch.Labels[b]));
        }

        Assert.Equal(rawUsers.Order(), new Span<int>(batch.Users, count).ToArray());
        int[] deferredItems = new Span<int>(batch.DeferredItems.Rows, batch.DeferredItems.Count).ToArray();
        Assert.Equal(deferredItems.Order(), deferredItems);

        // Updates in tiles: a run of samples that add to the next, up to one that updates, all in one chunk.
        var updated = new Dictionary<int, List<int>>(Samples(batch.DeferredUsers));
        var run = new List<int>();
        for (int b = 0; b < count; b++)
        {
            if (batch.UserRouting[b] == GradientRouting.UpdateAfterTiles) continue;
            run.Add(b);
            if (batch.UserRouting[b] == GradientRouting.AddToNextSample) continue;
            Assert.Equal(ChunkOf(batch, run[0]), ChunkOf(batch, b));
            updated.Add(batch.Users[b], run);
            run = [];
        }

        Assert.Empty(run);
        AssertAll(updated, rawUsers, places);

        updated = new Dictionary<int, List<int>>(Samples(batch.DeferredItems));
        for (int b = 0; b < count; b++)
        {
            if (batch.ItemRouting[b] == GradientRouting.UpdateInTile) updated.Add(batch.Items[b], [b]);
        }

        AssertAll(updated, rawItems, places);
    }

    private static void AssertAll(Dictionary<int, List<int>> updated, int[] rows, int[] places)
    {
        Assert.Equal(rows.Distinct().Order(), updated.Keys.Order());
        foreach ((int row, List<int> samples) in updated)
        {
            Assert.Equal(samples.Order(), samples);
            Assert.Equal(Enumerable.Range(0, rows.Length).Where(b => rows[places[b]] == row), samples);
        }
    }

    private static int ChunkOf(GroupedBatch batch, int sample) =>
        Enumerable.Range(0, batch.Chunks).Last(chunk => batch.TileStart(chunk) * Tile.Samples <= sample);

    private static Dictionary<int, List<int>> Samples(DeferredRows rows) => Enumerable.Range(0, rows.Count).ToDictionary(d => rows.Rows[d], d =>
    {
        var samples = new List<int>();
        for (int b = rows.First[d]; b >= 0; b = rows.Next[b]) samples.Add(b);
        return samples;
    });

    private static GroupedBatch Group(int[] users, int[] items)
    {
        using var raw = new RawBatch(users.Length) { Count = users.Length };
        for (int b = 0; b < users.Length; b++) (raw.Users[b], raw.Items[b], raw.Labels[b], raw.Weights[b]) = (users[b], items[b], b, 1);
        using var userSort = new RowSort(users.Max() + 1, users.Length);
        using var itemSort = new RowSort(items.Max() + 1, items.Length);
        var batch = new GroupedBatch(users.Length);
        batch.Group(raw, userSort, itemSort);
        return batch;
    }
}
