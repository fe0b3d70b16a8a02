namespace NcfSpark.Scoring;

/// <summary>Pairs to score, which are read in parts each time they are gone through, so that they need not fit into memory.</summary>
/// <param name="Parts">User ids and item ids, as text.</param>
/// <param name="Count">How many pairs.</param>
/// <param name="NumericUsers">Whether all users' ids are whole numbers.</param>
/// <param name="NumericItems">Whether all items' ids are.</param>
public sealed record PairList(IEnumerable<string[][]> Parts, long Count, bool NumericUsers, bool NumericItems)
{
    /// <summary>Goes through them once, so that whatever is wrong with them is found before any work.</summary>
    /// <param name="parts">Columns of user ids and item ids.</param>
    public static PairList Of(IEnumerable<string[][]> parts)
    {
        (long count, bool users, bool items) = (0, true, true);
        foreach (string[][] part in parts)
        {
            count += part[0].Length;
            users &= part[0].All(id => long.TryParse(id, out _));
            items &= part[1].All(id => long.TryParse(id, out _));
        }

        return new PairList(parts, count, users, items);
    }
}
