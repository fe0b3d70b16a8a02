using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Draws items that a user never touched, uniformly, exactly and without rejection, for rows of <see cref="SplitSql.Rows"/>.
/// </summary>
/// <remarks>
/// A uniform r in [0, N - touched) names the r-th item (from 0) that the user did not touch. With the user's items
/// sorted, the k-th (from 0) has gap g = item - k, the number of untouched items below it, and that item is r + #{k :
/// g_k ≤ r}. Example, N = 7, touched {1, 3, 4}, g = {1, 2, 2}: r = 0, 1, 2, 3 names 0, 2, 5, 6.
/// </remarks>
internal static class NegativeSql
{
    /// <summary>
    /// A query of (user_index, item_index, <paramref name="carried"/>): <paramref name="draws"/> rows for each row of a
    /// part. Users who touched everything get none.
    /// </summary>
    /// <param name="lists">Where the engine keeps histories as lists, those; else null.</param>
    /// <param name="part">0 for train, 1 for validation, 2 for test.</param>
    /// <param name="draws">How many for each row.</param>
    /// <param name="itemCount">N.</param>
    /// <param name="avoidTrainedOnly">Whether only what the user touched in train is avoided; else what they touched in any part.</param>
    /// <param name="carried">A column of the drawn-for row to go with it, of type BIGINT: "timestamp", or an expression "… AS name".</param>
    public static string Query(SqlDialect dialect, HistoryLists? lists, int part, int draws, long itemCount, long seed, string stream,
        bool avoidTrainedOnly, string carried)
    {
        string name = carried.Split(" AS ")[^1];
        string keep = $"user_index, untouched, {name}{(lists is null ? "" : ", marks")}";
        string avoided = avoidTrainedOnly ? "trained" : "touched";
        string source = lists is null ? SplitSql.Rows : $"({lists.RowsWithMarks(avoidTrainedOnly)})";
        string rows = $"(SELECT user_index, item_index, {itemCount} - {avoided} AS untouched, {carried}{(lists is null ? "" : ", marks")} FROM {source} "
            + $"WHERE part = {part} AND {avoided} < {itemCount})";
        string byUser = PortableHashSql.Absorb(rows, $"{keep}, item_index", $"{PortableHash.Start(seed, stream)}", "CAST(user_index AS BIGINT)", "h");
        string byItem = PortableHashSql.Absorb($"({byUser})", keep, "h", "item_index", "h");
        if (lists is not null) return lists.UnmarkedAt(byItem, Places, name, itemCount);
        string marks = $"SELECT user_index, item_index AS mark FROM {SplitSql.Rows}{(avoidTrainedOnly ? " WHERE part = 0" : "")}";
        return $"SELECT user_index, number AS item_index, {name} FROM ({dialect.UnmarkedAt(byItem, Places, marks, "user_index", name, itemCount)})";

        string Places(string source, string kept)
        {
            string byDraw = PortableHashSql.AbsorbSmall($"{source} CROSS JOIN range(0, {draws}) AS d(draw)", $"{kept}, untouched", "h", "draw", "h");
            string drawn = PortableHashSql.Finish($"({byDraw})", $"{kept}, untouched", "h");
            return $"SELECT {kept}, CAST({dialect.IntegerQuotient("h * untouched", $"{PortableHash.P}")} AS INT) AS place FROM ({drawn})";
        }
    }
}
