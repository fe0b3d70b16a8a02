namespace NcfSpark.Kernels;

/// <summary>
/// At most so many items of one group in a list. What is kept is what going down the sorted scores gives, passing over items whose group is full:
/// the K best of the union of each group's best.
/// </summary>
/// <param name="groups">Each item's group by the item's index; -1 for none, which is not limited.</param>
/// <param name="most">So many, from 1.</param>
public sealed class GroupLimit(int[] groups, int most)
{
    /// <summary>The item's group, or -1.</summary>
    public int GroupOf(int item) => groups[item];

    /// <summary>The place of the worst of the item's group among those kept, where the group is full; else -1.</summary>
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
