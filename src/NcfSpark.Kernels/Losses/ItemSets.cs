using System.Numerics;

namespace NcfSpark.Kernels;

/// <summary>
/// The items of users who have many, as sets: whether a set holds an item takes a time that does not grow with it. So a step over histories spends on a
/// group at most a look at each of its user's items, or at each of the batch's samples, whichever are fewer: time is linear in one user's rows.
/// </summary>
/// <remarks>
/// A set is a bit for each item that there is, or a hash table with at least two slots for each of its own items, whichever is smaller.
/// Example: 200 of 1,000 items are 32 words of bits, since a table would have 512 slots of a word; 200 of a million are such a table, since bits would be
/// 31,250 words.
/// </remarks>
internal sealed unsafe class ItemSets : IDisposable
{
    private readonly AlignedArray<ItemSet> sets;
    private readonly AlignedArray<uint> words;

    /// <param name="items">All users' items, one user after the other; those of a user are distinct.</param>
    /// <param name="starts">Where each user's start, and after the last user where they end.</param>
    /// <param name="itemCount">How many items there are.</param>
    /// <param name="longerThan">Users with so many items or fewer have no set.</param>
    public ItemSets(ReadOnlySpan<int> items, ReadOnlySpan<int> starts, int itemCount, int longerThan)
    {
        sets = new(starts.Length - 1);
        long size = 0;
        for (int user = 0; user + 1 < starts.Length; user++)
        {
            int count = starts[user + 1] - starts[user];
            if (count > longerThan) size += ItemSet.Words(count, itemCount);
        }

        words = new(size);
        uint* next = words.Start;
        for (int user = 0; user + 1 < starts.Length; user++)
        {
            ReadOnlySpan<int> own = items[starts[user]..starts[user + 1]];
            if (own.Length <= longerThan) continue;
            sets.Start[user] = new ItemSet(next, own, itemCount);
            next += ItemSet.Words(own.Length, itemCount);
        }
    }

    /// <summary>The user's set; one that is not there where they have few items.</summary>
    public ItemSet this[int user] => sets.Start[user];

    public void Dispose()
    {
        sets.Dispose();
        words.Dispose();
    }
}

/// <summary>A set of <see cref="ItemSets"/>.</summary>
internal readonly unsafe struct ItemSet
{
    private readonly uint* words; // of bits, or of slots: 0, or an item and 1
    private readonly int shift;   // from a hash to its slot; 0 for bits

    /// <summary>Fills words that are 0.</summary>
    public ItemSet(uint* words, ReadOnlySpan<int> items, int itemCount)
    {
        this.words = words;
        shift = SlotBits(items.Length, itemCount) is > 0 and var bits ? 32 - bits : 0;
        foreach (int item in items)
        {
            if (shift == 0) words[item >> 5] |= 1u << item;
            else words[Slot(item)] = (uint)item + 1;
        }
    }

    public bool IsThere => words != null;

    /// <summary>Words of a set of so many items.</summary>
    public static long Words(int count, int itemCount) => SlotBits(count, itemCount) is > 0 and var bits ? 1L << bits : BitWords(itemCount);

    public bool Holds(int item) => shift == 0 ? (words[item >> 5] >> item & 1) != 0 : words[Slot(item)] != 0;

    // How many bits number the slots; 0 where bits are smaller.
    private static int SlotBits(int count, int itemCount)
    {
        int bits = BitOperations.Log2((uint)count) + 2; // at least two slots an item, and 2 in all
        return 1L << bits < BitWords(itemCount) ? bits : 0;
    }

    private static int BitWords(int itemCount) => (itemCount + 31) >>> 5;

    // The item's slot, or the free one where it would be. Half of the slots at least are free.
    private uint Slot(int item)
    {
        uint last = uint.MaxValue >> shift, slot = (uint)item * 2_654_435_769 >> shift; // 2^32 over the golden ratio: neighbours come far apart (Knuth 1973)
        while (words[slot] != 0 && words[slot] != (uint)item + 1) slot = (slot + 1) & last;
        return slot;
    }
}
