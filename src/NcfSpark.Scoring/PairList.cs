namespace NcfSpark.Scoring;

/// <summary>Pairs to score, which are read in parts each time they are gone through, so that they need not fit into memory.</summary>
/// <param name="Parts">User ids and item ids: arrays of long where a file holds whole numbers, of string where it holds text.</param>
/// <param name="Count">How many pairs.</param>
/// <param name="NumericUsers">Whether all users' ids are whole numbers.</param>
/// <param name="NumericItems">Whether all items' ids are.</param>
public sealed record PairList(IEnumerable<Array[]> Parts, long Count, bool NumericUsers, bool NumericItems)
{
    /// <summary>Goes through them once, so that whatever is wrong with them is found before any work.</summary>
    /// <param name="parts">Columns of user ids and item ids.</param>
    public static PairList Of(IEnumerable<Array[]> parts)
    {
        (long count, bool users, bool items) = (0, true, true);
        foreach (Array[] part in parts)
        {
            count += part[0].Length;
            users &= AreWholeNumbers(part[0]);
            items &= AreWholeNumbers(part[1]);
        }

        return new PairList(parts, count, users, items);
    }

    private static bool AreWholeNumbers(Array ids) => ids is long[] || Array.TrueForAll((string[])ids, id => long.TryParse(id, out _));
}
