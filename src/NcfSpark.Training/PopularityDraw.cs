namespace NcfSpark.Training;

/// <summary>
/// Draws items in proportion to a power of their popularity, in constant time by the alias method (Walker 1977; made in linear time as by Vose
/// 1991): each item has a slot of equal size, which it shares with at most one other item.
/// Example, weights 1, 3, 2 (mean 2): slot 0 is half item 0 and half item 1, slots 1 and 2 are items 1 and 2 alone.
/// An item that nobody used counts as used once (or as one whose interactions weigh 1), so that it is drawn, too.
/// </summary>
internal sealed class PopularityDraw
{
    private readonly (ulong Own, int Alias)[] slots; // Own: of 2^64 parts of the slot, those of its own item

    /// <param name="uses">How often each item was used.</param>
    /// <param name="power">0 draws uniformly, 1 in proportion to popularity.</param>
    /// <param name="unit">How many uses count as one.</param>
    public PopularityDraw(long[] uses, double power, long unit = 1)
    {
        int itemCount = uses.Length;
        double[] weights = Array.ConvertAll(uses, of => Math.Pow(Math.Max(of / (double)unit, 1), power));
        double mean = weights.Sum() / itemCount;
        slots = new (ulong, int)[itemCount];
        Stack<int> small = new(), large = new();
        for (int item = 0; item < itemCount; item++)
        {
            weights[item] /= mean;
            (weights[item] < 1 ? small : large).Push(item);
        }

        while (small.Count > 0 && large.Count > 0)
        {
            int item = small.Pop(), other = large.Peek();
            slots[item] = ((ulong)(weights[item] * ulong.MaxValue), other);
            weights[other] -= 1 - weights[item];
            if (weights[other] < 1) small.Push(large.Pop());
        }

        foreach (int item in small.Concat(large)) slots[item] = (ulong.MaxValue, item); // 1, up to rounding
    }

    /// <summary>The item that 64 random bits name: their high part the slot, the rest the part of it.</summary>
    public int Item(ulong bits)
    {
        int slot = (int)Math.BigMul(bits, (ulong)slots.Length, out ulong part);
        return part <= slots[slot].Own ? slot : slots[slot].Alias;
    }
}
