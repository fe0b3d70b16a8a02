using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Draws items that a user never touched, uniformly, exactly and without rejection, for rows of <see cref="SplitSql.Rows"/>.
/// </summary>
/// <remarks>
/// Sort the user's items; the k-th (from 0) has gap g = item - k, the number of untouched items below it. A uniform r in [0, N - touched) names the item
/// r + #{k : g_k ≤ r}. That count is a running sum over gaps and draws together, in the order of (g or r), gaps before draws.
/// Example, N = 7, touched {1, 3, 4}, g = {1, 2, 2}: r = 0, 1, 2, 3 names 0, 2, 5, 6.
/// </remarks>
internal static class NegativeSql
{
    /// <summary>A query of (user_index, item_index, <paramref name="carried"/>): <paramref name="draws"/> rows for each row of a part. Users who touched everything get none.</summary>
    /// <param name="dialect">The engine's words.</param>
    /// <param name="part">0 for train, 1 for validation, 2 for test.</param>
    /// <param name="draws">How many for each row.</param>
    /// <param name="itemCount">N.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">What they are for, so that two uses differ.</param>
    /// <param name="carried">A column of the drawn-for row to go with it, of type BIGINT: "timestamp", or an expression "… AS name".</param>
    public static string Query(SqlDialect dialect, int part, int draws, long itemCount, long seed, string stream, string carried)
    {
        string name = carried.Split(" AS ")[^1];
        string keep = $"user_index, untouched, {name}";
        string rows = $"(SELECT user_index, item_index, {itemCount} - touched AS untouched, {carried} FROM {SplitSql.Rows} WHERE part = {part} AND touched < {itemCount})";
        string byUser = PortableHashSql.Absorb(rows, $"{keep}, item_index", $"{PortableHash.Start(seed, stream)}", "CAST(user_index AS BIGINT)", "h");
        string byItem = PortableHashSql.Absorb($"({byUser})", keep, "h", "item_index", "h");
        string byDraw = PortableHashSql.AbsorbSmall($"({byItem}) CROSS JOIN range(0, {draws}) AS d(draw)", keep, "h", "draw", "h");
        string drawn = PortableHashSql.Finish($"({byDraw})", keep, "h");
        string gapsAndDraws = $"""
            SELECT user_index, 2 * gap AS place, CAST(0 AS BIGINT) AS {name} FROM {SplitSql.Rows}
            UNION ALL
            SELECT user_index, CAST(2 * {dialect.IntegerQuotient("h * untouched", $"{PortableHash.P}")} + 1 AS INT) AS place, {name} FROM ({drawn})
            """;

        // place is 2 g for a gap and 2 r + 1 for a draw: one number to sort by.
        return $"""
            SELECT user_index, CAST({dialect.IntegerQuotient("place", "2")} + touched_below AS INT) AS item_index, {name}
            FROM (
                SELECT user_index, place, {name},
                    count(CASE WHEN place % 2 = 0 THEN 1 END) OVER (PARTITION BY user_index ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS touched_below
                FROM ({gapsAndDraws}))
            WHERE place % 2 = 1
            """;
    }
}
