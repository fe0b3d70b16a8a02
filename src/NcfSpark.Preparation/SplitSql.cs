using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// From the log to indexes and parts, as tables of the engine:
/// ncf_users (user_id, user_index), ncf_items (item_id, item_index, interactions), ncf_user_counts (user_index, touched, trained, validated, tested) and
/// ncf_rows (user_index, item_index, timestamp, part, touched, trained): one row for each distinct (user, item).
/// </summary>
/// <remarks>
/// part is 0 for train, 1 for validation, 2 for test. touched is how many items the user touched in all parts, trained how many of them in train.
/// A user's rows are gathered once; what is computed by user after that finds them together.
/// </remarks>
internal static class SplitSql
{
    public const string Users = "ncf_users", Items = "ncf_items", UserCounts = "ncf_user_counts", Rows = "ncf_rows";

    private const string RankedItems = "ncf_ranked_items", Split = "ncf_split";

    /// <summary>Makes the tables, and lets go of the log.</summary>
    /// <param name="engine">Where the log is.</param>
    /// <param name="prepare">How to split.</param>
    /// <param name="ticksPerSecond">What the log's moments count.</param>
    /// <param name="furtherItems">A query of item_id that are in the catalogue though the log may not have them, or null.</param>
    public static void Run(ISqlEngine engine, PrepareOptions prepare, long ticksPerSecond, string? furtherItems)
    {
        const string Log = InteractionLog.Table;
        engine.Materialize(Users, $"SELECT user_id, CAST(row_number() OVER (ORDER BY user_id) - 1 AS INT) AS user_index, {PortableHashSql.OfText("user_id")} AS user_hash FROM (SELECT DISTINCT user_id FROM {Log} WHERE problem = 0)");
        string further = furtherItems is null ? "" : $" UNION {furtherItems}";
        engine.Materialize(RankedItems, $"SELECT item_id, CAST(row_number() OVER (ORDER BY item_id) - 1 AS INT) AS item_rank, {PortableHashSql.OfText("item_id")} AS item_hash FROM (SELECT DISTINCT item_id FROM {Log} WHERE problem = 0{further})");
        engine.Materialize(Split, SplitQuery(engine.Dialect, prepare));
        engine.Drop(Log);
        engine.Materialize(UserCounts, $"""
            SELECT user_index, min(touched) AS touched, min(trained) AS trained, count(CASE WHEN part = 1 THEN 1 END) AS validated, count(CASE WHEN part = 2 THEN 1 END) AS tested
            FROM {Split} GROUP BY user_index
            """);

        // By falling popularity in training, then id: the rank is the order of ids.
        engine.Materialize(Items, $"""
            SELECT item_id, item_rank, CAST(row_number() OVER (ORDER BY interactions DESC, item_rank) - 1 AS INT) AS item_index, CAST(interactions AS INT) AS interactions
            FROM (
                SELECT r.item_id, r.item_rank, coalesce(c.positives, 0) AS interactions
                FROM {RankedItems} r LEFT JOIN (SELECT item_rank, count(*) AS positives FROM {Split} WHERE part = 0 GROUP BY item_rank) c ON r.item_rank = c.item_rank)
            """);
        string timestamp = ticksPerSecond == 1 ? "moment" : engine.Dialect.IntegerQuotient("moment", $"{ticksPerSecond}");
        engine.Replace(Rows, $"SELECT /*+ BROADCAST(i) */ user_index, item_index, {timestamp} AS timestamp, part, touched, trained FROM {Split} s JOIN {Items} i ON s.item_rank = i.item_rank", Split);
    }

    // The latest t of n are tested, t = min(Holdout, n/2), and of the m = n - t before them the latest min(Holdout, m/2) validate. Of a given split t is what was
    // held out, and those come first. Ties of moment are broken by chance, since an order by id would leak into what is learned; the rank only makes the order
    // total where hashes are equal. The chance is in the ids, not in their indexes, which move from night to night: what was trained on yesterday is not held out today.
    private static string SplitQuery(SqlDialect dialect, PrepareOptions prepare)
    {
        bool given = prepare.Split == "given";
        string keep = given ? "user_index, item_rank, moment, held_out" : "user_index, item_rank, moment";
        string byUser = PortableHashSql.Absorb($"({Pairs(given)})", $"{keep}, item_hash", $"{PortableHash.Start(prepare.Seed, "ties")}", "user_hash", "tie");
        string byItem = PortableHashSql.Absorb($"({byUser})", keep, "tie", "item_hash", "tie");
        string tied = PortableHashSql.Finish($"({byItem})", keep, "tie");

        string placed = dialect.Placed(DistinctPairs(dialect, tied, given), "user_index", given ? ["held_out", "moment"] : ["moment"], ["tie", "item_rank"], given ? "held_out" : null);
        string enough = $"total >= {prepare.MinInteractions}";
        string tested = given ? "summed" : $"CASE WHEN {enough} THEN least({prepare.Holdout}, {dialect.IntegerQuotient("total", "2")}) ELSE 0 END";
        string validated = prepare.Validation ? $"CASE WHEN {enough} THEN least({prepare.Holdout}, {dialect.IntegerQuotient("(total - tested)", "2")}) ELSE 0 END" : "0";
        return $"""
            SELECT user_index, item_rank, moment, CAST(total AS INT) AS touched, CAST(total - tested - validated AS INT) AS trained,
                CAST(CASE WHEN place <= tested THEN 2 WHEN place <= tested + validated THEN 1 ELSE 0 END AS INT) AS part
            FROM (SELECT *, {validated} AS validated FROM (SELECT *, {tested} AS tested FROM ({placed})))
            """;
    }

    private static string Pairs(bool given) => $"""
        SELECT user_index, item_rank, user_hash, item_hash, moment{(given ? ", held_out" : "")}
        FROM {InteractionLog.Table} l JOIN {Users} u ON l.user_id = u.user_id JOIN {RankedItems} i ON l.item_id = i.item_id
        WHERE problem = 0
        """;

    // Of a (user, item) that is there twice the latest stays; one that somebody held out stays held out. Their ties are equal.
    private static string DistinctPairs(SqlDialect dialect, string tied, bool given) => $"""
        SELECT user_index, item_rank, {(given ? "coalesce(max(CASE WHEN held_out = 1 THEN moment END), max(moment)) AS moment, max(held_out) AS held_out" : "max(moment) AS moment")}, max(tie) AS tie
        FROM (SELECT {dialect.GatheredBy("user_index")}* FROM ({tied}))
        GROUP BY user_index, item_rank
        """;
}
