using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// A batch with the samples of each user side by side, so that a user's row is read and updated once, and what becomes of each row's gradient.
/// <para>
/// Example, one chunk, samples (user, item): (4, 1) (9, 2) (4, 3) (9, 1). The users' lists, by their last sample, are 4: 0, 2 and 9: 1, 3:
/// <code>
/// Users 4 4 9 9    Items 1 3 2 1    Places 0 2 1 3    UserFates Carry Update Carry Update    ItemFates Defer Update Update Defer
/// DeferredItems: row 1 of samples 0 and 3
/// </code>
/// A user whose samples lie in two chunks, which two threads may compute, is deferred, too. It is all a function of the batch alone.
/// </para>
/// </summary>
internal sealed unsafe class GroupedBatch(int capacity) : IDisposable
{
    private readonly AlignedArray<int> users = new(capacity), items = new(capacity), places = new(capacity), next = new(capacity), distinct = new(2 * capacity);
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
    /// <param name="userHeads">-1 for each user; is so again afterwards.</param>
    /// <param name="itemHeads">The same for items.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Group(RawBatch batch, int* userHeads, int* itemHeads)
    {
        Count = batch.Count;
        Tiles = (Count + Tile.Samples - 1) / Tile.Samples;
        Chunks = ChunksOf(Tiles);
        GroupUsers(batch, userHeads);
        FindRepeatedItems(itemHeads);
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
        foreach (IDisposable array in new IDisposable[] { users, items, places, next, distinct, labels, weights, userFates, itemFates, DeferredUsers, DeferredItems }) array.Dispose();
    }

    private void GroupUsers(RawBatch batch, int* heads)
    {
        DeferredRows deferred = DeferredUsers;
        deferred.Count = 0;
        int place = 0, chunk = 0, chunkEnd = TileStart(1) * Tile.Samples;
        foreach (int user in Link(batch.Users, heads, next.Start))
        {
            int first = place;
            for (int b = heads[user]; b >= 0; b = next.Start[b], place++)
            {
                Users[place] = user;
                Items[place] = batch.Items[b];
                Labels[place] = batch.Labels[b];
                Weights[place] = batch.Weights[b];
                Places[place] = b;
                UserFates[place] = RowFate.Carry;
            }

            heads[user] = -1;
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
    }

    private void FindRepeatedItems(int* heads)
    {
        DeferredRows deferred = DeferredItems;
        ReadOnlySpan<int> rows = Link(Items, heads, deferred.Next);
        new Span<RowFate>(ItemFates, Count).Fill(RowFate.Defer);
        deferred.Count = 0;
        foreach (int item in rows)
        {
            int first = heads[item];
            heads[item] = -1;
            if (deferred.Next[first] < 0)
            {
                ItemFates[first] = RowFate.Update;
            }
            else
            {
                (deferred.Rows[deferred.Count], deferred.First[deferred.Count]) = (item, first);
                deferred.Count++;
            }
        }
    }

    // Makes a list of the samples of each distinct row, in rising order, without sorting. Returns the rows, even ones first, each half by first samples.
    private ReadOnlySpan<int> Link(int* rows, int* heads, int* next)
    {
        int middle = distinct.Span.Length / 2, even = middle, odd = 2 * middle;
        int* found = distinct.Start; // both halves grow downwards, since the last sample comes first
        for (int b = Count - 1; b >= 0; b--)
        {
            int row = rows[b], head = heads[row];
            next[b] = head;
            heads[row] = b;
            if (head >= 0) continue;
            int isOdd = row & 1; // no branch, since nobody could predict it
            odd -= isOdd;
            even -= 1 - isOdd;
            found[isOdd != 0 ? odd : even] = row;
        }

        Span<int> odds = distinct.Span[odd..];
        odds.CopyTo(distinct.Span[middle..]);
        return distinct.Span[even..(middle + odds.Length)];
    }
}
