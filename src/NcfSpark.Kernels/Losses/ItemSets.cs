using System.Numerics;

namespace NcfSpark.Kernels;

/// <summary>
/// The items of users who have many items, as sets with a lookup in constant time. With them, leaving out the items
/// that a group's user has seen costs one visit for each of these items or one lookup for each sample of the batch,
/// whichever is less. So the time of an epoch grows only linearly with the rows of one user.
/// </summary>
/// <remarks>
/// A set is either one bit for each item of the catalogue or a hash table with at least two slots for each of its
/// items, whichever is smaller.
/// Example: 200 of 1,000 items are 32 words of bits, since a table would have 512 slots of a word; 200 of a million are
/// such a table, since bits would be 31,250 words.
/// </remarks>
internal sealed unsafe class ItemSets : IDisposable
{
    private readonly AlignedArray<ItemSet> sets;
    private readonly AlignedArray<uint> words;

    /// <param name="items">All users' items, one user after the other; the items of a user are distinct.</param>
    /// <param name="starts">Where each user's items start, and as the last entry where they end.</param>
    /// <param name="itemCount">Number of items in the catalogue.</param>
    /// <param name="longerThan">Users with this many items or fewer have no set.</param>
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

    /// <summary>The user's set; <see cref="ItemSet.IsThere"/> is false if they have few items.</summary>
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
    private readonly uint* words; // bits, or slots: 0 if free, else the item + 1
    private readonly int shift;   // from a hash to its slot; 0 for bits

    /// <summary>Makes a set in words that are 0.</summary>
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

    /// <summary>Number of words of a set.</summary>
    public static long Words(int count, int itemCount) => SlotBits(count, itemCount) is > 0 and var bits ? 1L << bits : BitWords(itemCount);

    public bool Holds(int item) => shift == 0 ? (words[item >> 5] >> item & 1) != 0 : words[Slot(item)] != 0;

    // Number of bits of a slot's number; 0 if one bit for each item takes less memory.
    private static int SlotBits(int count, int itemCount)
    {
        int bits = BitOperations.Log2((uint)count) + 2; // at least two slots an item, and 2 in all
        return 1L << bits < BitWords(itemCount) ? bits : 0;
    }

    private static int BitWords(int itemCount) => (itemCount + 31) >>> 5;

    // The item's slot, or the free slot where it would go. At least half of the slots are free.
    private uint Slot(int item)
    {
        uint last = uint.MaxValue >> shift, slot = (uint)item * 2_654_435_769 >> shift; // 2^32 / golden ratio, which scatters neighbours (Knuth 1973)
        while (words[slot] != 0 && words[slot] != (uint)item + 1) slot = (slot + 1) & last;
        return slot;
    }
}
