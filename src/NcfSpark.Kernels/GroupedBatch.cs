using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// A batch with the samples of each user side by side, so that a user's row is read and updated once, and what becomes of each row's gradient.
/// <para>
/// Users and deferred items stand in rising order. So neighbours lie near each other in memory, on pages whose addresses are known; and a row has
/// about the same place in each batch, that is, with threads that come from both ends, about the same thread, in whose cache it lies.
/// </para>
/// <para>
/// Example, one chunk, samples (user, item): (9, 2) (4, 1) (9, 1) (4, 3):
/// <code>
/// Users 4 4 9 9    Items 1 3 2 1    Places 1 3 0 2    UserFates Carry Update Carry Update    ItemFates Defer Update Update Defer
/// DeferredItems: row 1 of samples 0 and 3
/// </code>
/// A user whose samples lie in two chunks, which two threads may compute, is deferred, too. It is all a function of the batch alone.
/// </para>
/// </summary>
internal sealed unsafe class GroupedBatch(int capacity) : IDisposable
{
    private readonly AlignedArray<int> users = new(capacity), items = new(capacity), places = new(capacity), distinct = new(capacity);
    private readonly AlignedArray<float> labels = new(capacity), weights = new(capacity);
    private readonly AlignedArray<RowFate> userFates = new(capacity), itemFates = new(capacity);

    public int Count { get; private set; }

    public int Tiles { get; private set; }

    public int Chunks { get; private set; }

    public int* Users => users.Start;

    public int* Items => items.Start;

    public float* Labels => labels.Start;

    public float* Weights => weights.Start;

    /// <summary>Where each sample stood in the batch before.</summary>
    public int* Places => places.Start;

    public RowFate* UserFates => userFates.Start;

    public RowFate* ItemFates => itemFates.Start;

    public DeferredRows DeferredUsers { get; } = new(capacity);

    public DeferredRows DeferredItems { get; } = new(capacity);

    /// <summary>
    /// Chunks of neighbouring tiles are what threads share out; each has a gradient of the dense block, and they are added in the order of chunks.
    /// More chunks share out better and cost more to add, since half of what is added comes from another core's cache: sqrt(2 tiles), which is
    /// 4 for the 8 tiles of a batch of 256, and 32 for the 512 of 16,384.
    /// </summary>
    public static int ChunksOf(int tiles) => (int)Math.Sqrt(2 * tiles);

    /// <summary>
    /// The first tile of a chunk. Threads come from both ends (<see cref="ClaimQueue"/>) and should end together, so chunks get smaller towards the
    /// middle, by two tiles each: 8 tiles are chunks of 3, 1, 1 and 3; 32 of 7, 5, 3, 1, 1, 3, 5 and 7.
    /// </summary>
    public static int TileStart(int chunk, int chunks, int tiles) => 2 * chunk <= chunks
        ? (int)(2L * tiles * chunk * (chunks - chunk) / ((long)chunks * chunks)) // of 7, 5, 3, 1 the first c make up c (8 - c)
        : tiles - TileStart(chunks - chunk, chunks, tiles);

    /// <summary>The first tile of a chunk.</summary>
    public int TileStart(int chunk) => TileStart(chunk, Chunks, Tiles);

    /// <summary>Groups a batch.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="userRows">Of the users' table; is left as it was.</param>
    /// <param name="itemRows">The same for items.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Group(RawBatch batch, BatchRows userRows, BatchRows itemRows)
    {
        Count = batch.Count;
        Tiles = (Count + Tile.Samples - 1) / Tile.Samples;
        Chunks = ChunksOf(Tiles);
        GroupUsers(batch, userRows);
        FindRepeatedItems(itemRows);
    }

    /// <summary>Lists the records that a tile needs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ListRecords(int tile, StepMemory memory, ref PrefetchList prefetch)
    {
        int start = tile * Tile.Samples, end = Math.Min(start + Tile.Samples, Count), before = -1;
        for (int b = start; b < end; b++)
        {
            int user = Users[b];
            if (user != before) prefetch.Add(memory.User(user), whole: UserFates[b] != RowFate.Defer);
            prefetch.Add(memory.Item(Items[b]), whole: ItemFates[b] == RowFate.Update);
            before = user;
        }
    }

    public void Dispose()
    {
        foreach (IDisposable array in new IDisposable[] { users, items, places, distinct, labels, weights, userFates, itemFates, DeferredUsers, DeferredItems }) array.Dispose();
    }

    // A counting sort. Nothing in its passes over samples depends on a branch that nobody could predict, which would cost more than all the rest.
    private void GroupUsers(RawBatch batch, BatchRows rows)
    {
        int* numbers = rows.Numbers; // below -1 counts samples, from 0 is the place of the user's next sample
        for (int b = 0; b < Count; b++)
        {
            int user = batch.Users[b];
            numbers[user]--;
            rows.Mark(user);
        }

        DeferredRows deferred = DeferredUsers;
        deferred.Count = 0;
        new Span<RowFate>(UserFates, Count).Clear(); // all Carry
        int place = 0, chunk = 0, chunkEnd = TileStart(1) * Tile.Samples, users = rows.Take(distinct.Start);
        for (int d = 0; d < users; d++)
        {
            int user = distinct.Start[d], first = place;
            place += -1 - numbers[user];
            numbers[user] = first;
            while (first >= chunkEnd) chunkEnd = TileStart(++chunk + 1) * Tile.Samples;
            if (place > chunkEnd)
            {
                (deferred.Rows[deferred.Count], deferred.First[deferred.Count]) = (user, first);
                deferred.Count++;
                for (int b = first; b < place; b++) (UserFates[b], deferred.Next[b]) = (RowFate.Defer, b + 1 < place ? b + 1 : -1);
            }
            else
            {
                UserFates[place - 1] = RowFate.Update;
            }
        }

        for (int b = 0; b < Count; b++)
        {
            int to = numbers[batch.Users[b]]++;
            Users[to] = batch.Users[b];
            Items[to] = batch.Items[b];
            Labels[to] = batch.Labels[b];
            Weights[to] = batch.Weights[b];
            Places[to] = b;
        }

        for (int d = 0; d < users; d++) numbers[distinct.Start[d]] = -1;
    }

    // Makes a list of the samples of each distinct item, in rising order, without sorting.
    private void FindRepeatedItems(BatchRows rows)
    {
        DeferredRows deferred = DeferredItems;
        int* heads = rows.Numbers, next = deferred.Next;
        for (int b = Count - 1; b >= 0; b--)
        {
            int item = Items[b];
            next[b] = heads[item];
            heads[item] = b;
            rows.Mark(item);
        }

        new Span<RowFate>(ItemFates, Count).Fill(RowFate.Defer);
        int count = 0, items = rows.Take(distinct.Start);
        for (int d = 0; d < items; d++)
        {
            int item = distinct.Start[d], first = heads[item], once = next[first] >>> 31; // 1 where no other follows, -1
            heads[item] = -1;
            ItemFates[first] = (RowFate)((int)RowFate.Defer - once * (RowFate.Defer - RowFate.Update));
            (deferred.Rows[count], deferred.First[count]) = (item, first);
            count += 1 - once;
        }

        deferred.Count = count;
    }
}
