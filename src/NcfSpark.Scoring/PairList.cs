using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>Pairs to score, which are read in parts each time they are gone through, so that they need not fit into memory.</summary>
/// <param name="Parts">User ids and item ids: arrays of long where a file holds whole numbers, of string where it holds text.</param>
/// <param name="TextUser">The first user's id that is no whole number, and its row, from 0; null where all are.</param>
public sealed record PairList(IEnumerable<Array[]> Parts, long Count, (long Row, string Id)? TextUser, (long Row, string Id)? TextItem)
{
    /// <summary>Goes through them once, so that whatever is wrong with them is found before any work.</summary>
    /// <param name="parts">Columns of user ids and item ids.</param>
    public static PairList Of(IEnumerable<Array[]> parts)
    {
        (long count, (long, string)? user, (long, string)? item) = (0, null, null);
        foreach (Array[] part in parts)
        {
            user ??= FirstText(part[0], count);
            item ??= FirstText(part[1], count);
            count += part[0].Length;
        }

        return new PairList(parts, count, user, item);
    }

    private static (long Row, string Id)? FirstText(Array ids, long before) =>
        ids is string[] texts && Array.FindIndex(texts, id => !WholeNumber.TryRead(id, out _)) is >= 0 and int row ? (before + row, texts[row]) : null;
}
