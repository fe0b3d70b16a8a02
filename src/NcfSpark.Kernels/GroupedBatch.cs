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
    private readonly AlignedArray<int> users = new(capacity), items = new(capacity), places = new(capacity), slots = new(capacity);

    // A slot for each distinct row: of rows with even numbers below the capacity, of odd ones above, each half filled from its end.
    private readonly AlignedArray<int> distinct = new(2 * capacity), slotStarts = new(2 * capacity);
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
        foreach (IDisposable array in new IDisposable[] { users, items, places, slots, distinct, slotStarts, labels, weights, userFates, itemFates, DeferredUsers, DeferredItems }) array.Dispose();
    }

    // A counting sort. Nothing in its passes over samples depends on a branch that nobody could predict, which would cost more than all the rest.
    private void GroupUsers(RawBatch batch, int* heads)
    {
        int* slotOf = slots.Start, starts = slotStarts.Start;
        (int even, int odd) = CountUsers(batch.Users, heads, slotOf, starts);
        DeferredRows deferred = DeferredUsers;
        deferred.Count = 0;
        new Span<RowFate>(UserFates, Count).Clear(); // all Carry
        int place = 0, chunk = 0, chunkEnd = TileStart(1) * Tile.Samples;
        for (int slot = FirstSlot(even, odd); slot < 2 * capacity; slot = SlotAfter(slot, odd))
        {
            int user = distinct.Start[slot], first = place;
            heads[user] = -1;
            place += starts[slot];
            starts[slot] = first;
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
            int to = starts[slotOf[b]]++;
            Users[to] = batch.Users[b];
            Items[to] = batch.Items[b];
            Labels[to] = batch.Labels[b];
            Weights[to] = batch.Weights[b];
            Places[to] = b;
        }
    }
    private void FindRepeatedItems(int* heads)
    {
        DeferredRows deferred = DeferredItems;
        (int even, int odd) = LinkItems(heads, deferred.Next);
        new Span<RowFate>(ItemFates, Count).Fill(RowFate.Defer);
        int count = 0;
        for (int slot = FirstSlot(even, odd); slot < 2 * capacity; slot = SlotAfter(slot, odd))
        {
            int item = distinct.Start[slot], first = heads[item], once = deferred.Next[first] >>> 31; // 1 where no other follows, -1
            heads[item] = -1;
            ItemFates[first] = (RowFate)((int)RowFate.Defer - once * (RowFate.Defer - RowFate.Update));
            (deferred.Rows[count], deferred.First[count]) = (item, first);
            count += 1 - once;
        }

        deferred.Count = count;
    }

    // Makes a list of the samples of each distinct item, in rising order, without sorting.
    private (int Even, int Odd) LinkItems(int* heads, int* next)
    {
        int even = capacity, odd = 2 * even;
        for (int b = Count - 1; b >= 0; b--)
        {
            int item = Items[b], head = heads[item];
            next[b] = head;
            heads[item] = b;
            _ = Slot(item, head >>> 31, ref even, ref odd);
        }

        return (even, odd);
    }

    // Gives each distinct user a slot, and counts its samples there.
    private (int Even, int Odd) CountUsers(int* users, int* heads, int* slots, int* counts)
    {
        int even = capacity, odd = 2 * even;
        slotStarts.Span.Clear();
        for (int b = Count - 1; b >= 0; b--)
        {
            int user = users[b], head = heads[user], isNew = head >>> 31;
            int free = Slot(user, isNew, ref even, ref odd);
            int slot = head + isNew * (free - head);
            heads[user] = slot;
            slots[b] = slot;
            counts[slot]++;
        }

        return (even, odd);
    }

    // The slots that are taken, even rows' first: from even to the capacity, and from odd to twice that.
    private int FirstSlot(int even, int odd) => even < capacity ? even : odd;

    private int SlotAfter(int slot, int odd) => slot + 1 == capacity ? odd : slot + 1;

    // The slot for a row, which it keeps if it is new. Both halves grow downwards, since the last sample comes first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Slot(int row, int isNew, ref int even, ref int odd)
    {
        int isOdd = row & 1, free = even - 1 + isOdd * (odd - even);
        distinct.Start[free] = row;
        odd -= isNew & isOdd;
        even -= isNew & (isOdd ^ 1);
        return free;
    }
}
