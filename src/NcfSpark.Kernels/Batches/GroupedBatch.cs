using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// A batch reordered so that the samples of each user are adjacent: a user's row is then read and updated once. Each
/// sample also has a routing for its two gradients (<see cref="GradientRouting"/>).
/// <para>
/// Users and deferred items are in ascending order. So neighbours are close to each other in memory. And a row has
/// about the same position in every batch; since threads claim from both ends, mostly the same thread handles it, and
/// finds it in its cache.
/// </para>
/// <para>
/// Example, one chunk, samples (user, item): (9, 2) (4, 1) (9, 1) (4, 3):
/// <code>
/// Users 4 4 9 9    Items 1 3 2 1    Places 1 3 0 2
/// UserRouting AddToNextSample UpdateInTile AddToNextSample UpdateInTile
/// ItemRouting UpdateAfterTiles UpdateInTile UpdateInTile UpdateAfterTiles
/// DeferredItems: row 1 of samples 0 and 3
/// </code>
/// A user whose samples fall into two chunks is deferred, too, since two threads may compute these chunks. Everything
/// here is a function of the batch alone.
/// </para>
/// </summary>
/// <param name="capacity">Samples, at most, in whole tiles.</param>
/// <param name="pools">Of a model with a user history.</param>
internal sealed unsafe class GroupedBatch(int capacity, GroupedPools? pools = null) : IDisposable
{
    private readonly AlignedArray<int> users = new(capacity), items = new(capacity), places = new(capacity);
    private readonly AlignedArray<float> labels = new(capacity), weights = new(capacity);
    private readonly AlignedArray<GradientRouting> userRouting = new(capacity), itemRouting = new(capacity);

    public int Count { get; private set; }

    public int Tiles { get; private set; }

    public int Chunks { get; private set; }

    public int* Users => users.Start;

    public int* Items => items.Start;

    public float* Labels => labels.Start;

    public float* Weights => weights.Start;

    /// <summary>Each sample's position in the batch as it was drawn.</summary>
    public int* Places => places.Start;

    public GradientRouting* UserRouting => userRouting.Start;

    public GradientRouting* ItemRouting => itemRouting.Start;

    public DeferredRows DeferredUsers { get; } = new(capacity);

    public DeferredRows DeferredItems { get; } = new(capacity);

    public GroupedPools? Pools => pools;

    /// <summary>
    /// Number of chunks. A chunk is a run of neighbouring tiles that one thread claims; it has a gradient of the dense
    /// block of its own, and these are added in the order of chunks. More chunks balance better and cost more to add,
    /// since half of what is added comes from another core's cache. The compromise is sqrt(2 tiles): 4 for the 8 tiles
    /// of a batch of 256, and 32 for the 512 of 16,384.
    /// </summary>
    public static int ChunksOf(int tiles) => (int)Math.Sqrt(2 * tiles);

    /// <summary>
    /// The first tile of a chunk. Threads claim chunks from both ends (<see cref="ClaimQueue"/>) and should finish
    /// together, so chunks get smaller towards the middle, by two tiles each: 8 tiles are chunks of 3, 1, 1 and 3; 32
    /// are chunks of 7, 5, 3, 1, 1, 3, 5 and 7.
    /// </summary>
    public static int TileStart(int chunk, int chunks, int tiles) => 2 * chunk <= chunks
        ? (int)(2L * tiles * chunk * (chunks - chunk) / ((long)chunks * chunks)) // of 7, 5, 3, 1 the first c make up c (8 - c)
        : tiles - TileStart(chunks - chunk, chunks, tiles);

    /// <summary>The first tile of a chunk.</summary>
    public int TileStart(int chunk) => TileStart(chunk, Chunks, Tiles);

    /// <summary>Groups a batch.</summary>
    /// <param name="userSort">Sorts by rows of the users' table.</param>
    /// <param name="itemSort">Sorts by rows of the items' table.</param>
    /// <param name="poolSort">Sorts by rows of the pools' table; only with pools.</param>
    public void Group(RawBatch batch, RowSort userSort, RowSort itemSort, RowSort? poolSort = null)
    {
        Count = batch.Count;
        Tiles = (Count + Tile.Samples - 1) / Tile.Samples;
        Chunks = ChunksOf(Tiles);
        GroupUsers(batch, userSort);
        DeferDividedUsers();
        FindRepeatedItems(itemSort);
        pools?.Find(this, batch.PastEnds, poolSort!);
    }

    /// <summary>Lists the records that a tile reads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ListRecords(int tile, StepMemory memory, ref PrefetchList prefetch)
    {
        int start = tile * Tile.Samples, end = Math.Min(start + Tile.Samples, Count), before = -1;
        for (int b = start; b < end; b++)
        {
            int user = Users[b];
            if (user != before) prefetch.Add(memory.User(user), whole: UserRouting[b] != GradientRouting.UpdateAfterTiles);
            prefetch.Add(memory.Item(Items[b]), whole: ItemRouting[b] == GradientRouting.UpdateInTile);
            before = user;
        }
    }

    public void Dispose()
    {
        IDisposable[] all = [users, items, places, labels, weights, userRouting, itemRouting, DeferredUsers, DeferredItems];
        foreach (IDisposable one in all) one.Dispose();
        pools?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void GroupUsers(RawBatch batch, RowSort sort)
    {
        ulong* keys = sort.Sort(batch.Users, Count);
        for (int b = 0; b < Count; b++)
        {
            int place = RowSort.Sample(keys[b]);
            Users[b] = RowSort.Row(keys[b]);
            Items[b] = batch.Items[place];
            Labels[b] = batch.Labels[place];
            Weights[b] = batch.Weights[place];
            Places[b] = place;
            UserRouting[b] = (GradientRouting)(
                (int)GradientRouting.AddToNextSample + RowSort.Differ(keys[b], keys[b + 1]) * (GradientRouting.UpdateInTile - GradientRouting.AddToNextSample));
        }
    }

    // Defers the users whose samples lie on both sides of a chunk's start.
    private void DeferDividedUsers()
    {
        DeferredRows deferred = DeferredUsers;
        deferred.Count = 0;
        for (int chunk = 1, end = 0; chunk < Chunks; chunk++)
        {
            int start = TileStart(chunk) * Tile.Samples, first = start, user = Users[start];
            if (start < end || Users[start - 1] != user) continue; // deferred for an earlier chunk already, or begins here
            while (first > 0 && Users[first - 1] == user) first--;
            for (end = start + 1; end < Count && Users[end] == user;) end++;
            (deferred.Rows[deferred.Count], deferred.First[deferred.Count]) = (user, first);
            deferred.Count++;
            for (int b = first; b < end; b++) (UserRouting[b], deferred.Next[b]) = (GradientRouting.UpdateAfterTiles, b + 1 < end ? b + 1 : -1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void FindRepeatedItems(RowSort sort)
    {
        DeferredRows deferred = DeferredItems;
        ulong* keys = sort.Sort(Items, Count);
        ulong before = RowSort.End;
        int count = 0;
        for (int k = 0; k < Count; k++)
        {
            ulong key = keys[k], after = keys[k + 1];
            int b = RowSort.Sample(key), isFirst = RowSort.Differ(before, key), isLast = RowSort.Differ(key, after);
            ItemRouting[b] = (GradientRouting)(
                (int)GradientRouting.UpdateAfterTiles - (isFirst & isLast) * (GradientRouting.UpdateAfterTiles - GradientRouting.UpdateInTile));
            deferred.Next[b] = RowSort.Sample(after) | -isLast; // -1 behind the last
            (deferred.Rows[count], deferred.First[count]) = (RowSort.Row(key), b);
            count += isFirst & ~isLast;
            before = key;
        }

        deferred.Count = count;
    }
}

/// <summary>Where a sample's gradient for its user's or its item's row goes after its tile is computed.</summary>
internal enum GradientRouting : byte
{
    /// <summary>It is added to the gradient of the next sample, which has the same row.</summary>
    AddToNextSample = 0,

    /// <summary>It is the last gradient of its row: the row is updated in this tile.</summary>
    UpdateInTile = 1,

    /// <summary>
    /// It is stored: the row has samples elsewhere in the batch, too, and is updated after all tiles.
    /// </summary>
    UpdateAfterTiles = 2,
}
