namespace NcfSpark.Kernels;

/// <summary>Draws the negatives that all positives of a batch compete with: distinct items, each as likely as any other.</summary>
public static class NegativeDraws
{
    private const uint Key = 0x9E3779B9; // sets these draws apart from those of dropout

    /// <summary>Draws as many as there is room for, as a function of the key alone.</summary>
    /// <param name="negatives">Receives the items; at most all of them.</param>
    /// <param name="numberOf">For each item -1; receives its number among the negatives.</param>
    public static void Draw(ulong key, Span<int> negatives, Span<int> numberOf)
    {
        (uint key0, uint key1) = ((uint)key ^ Key, (uint)(key >> 32));
        bool many = 2L * negatives.Length > numberOf.Length; // then one pass over all items: each is chosen with the share that is still needed
        uint draw = 0;
        for (int drawn = 0; drawn < negatives.Length; draw++)
        {
            int bound = many ? numberOf.Length - (int)draw : numberOf.Length;
            int value = (int)(((ulong)DropoutHash.Hash(draw, key0, key1) * (ulong)bound) >> 32), item = many ? (int)draw : value;
            if (many ? value >= negatives.Length - drawn : numberOf[item] >= 0) continue;
            numberOf[item] = drawn;
            negatives[drawn++] = item;
        }
    }
}
