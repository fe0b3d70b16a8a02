namespace NcfSpark.Kernels;

/// <summary>
/// Limits how many items of one group (a series, a brand) a list may hold. The list equals that of walking down all
/// items by falling score and skipping those whose group is already full.
/// </summary>
/// <param name="groups">The group of each item, by item index. -1: no group, hence no limit.</param>
/// <param name="most">The most items of one group, at least 1.</param>
public sealed class GroupLimit(int[] groups, int most)
{
    /// <summary>The item's group, or -1.</summary>
    public int GroupOf(int item) => groups[item];

    /// <summary>
    /// Position in <paramref name="kept"/> of the worst item of this item's group if that group is full, else -1.
    /// </summary>
    internal int PlaceToGiveUp(ReadOnlySpan<ScoredItem> kept, int item)
    {
        int group = groups[item], found = 0, worst = -1;
        if (group < 0) return -1;
        for (int place = 0; place < kept.Length; place++)
        {
            if (groups[kept[place].Item] != group) continue;
            found++;
            if (worst < 0 || kept[place].IsWorseThan(in kept[worst])) worst = place;
        }

        return found == most ? worst : -1;
    }
}
