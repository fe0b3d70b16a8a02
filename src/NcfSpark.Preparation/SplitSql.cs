using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// From the log to indexes and parts, as tables of the engine:
/// ncf_users (user_id, user_index), ncf_items (item_id, item_index, interactions) and
/// ncf_rows (user_index, item_index, timestamp, part, touched, gap, trained): one row for each distinct (user, item).
/// </summary>
/// <remarks>
/// part is 0 for train, 1 for validation, 2 for test. touched is how many items the user touched in all parts. gap is item_index less the number of the
/// user's touched items below it: how many untouched items lie below. Example: of items {1, 3, 4} the gaps are {1, 2, 2}.
/// trained is how many items the user has in train; it is there only where negatives avoid no more than those.
/// </remarks>
internal static class SplitSql
{
    public const string Users = "ncf_users", Items = "ncf_items", Rows = "ncf_rows";

    private const string RankedItems = "ncf_ranked_items", Seen = "ncf_seen", Split = "ncf_split", Counts = "ncf_counts";

    /// <summary>Makes the tables, and lets go of the log.</summary>
    /// <param name="engine">Where the log is.</param>
    /// <param name="prepare">How to split.</param>
    /// <param name="ticksPerSecond">What the log's moments count.</param>
    /// <param name="furtherItems">A query of item_id that are in the catalogue though the log may not have them, or null.</param>
    public static void Run(ISqlEngine engine, PrepareOptions prepare, long ticksPerSecond, string? furtherItems)
    {
        bool given = prepare.Split == "given";
        string log = InteractionLog.Table;
        engine.Materialize(Users, $"SELECT user_id, CAST(row_number() OVER (ORDER BY user_id) - 1 AS INT) AS user_index FROM (SELECT DISTINCT user_id FROM {log} WHERE problem = 0)");
        string further = furtherItems is null ? "" : $" UNION {furtherItems}";
        engine.Materialize(RankedItems, $"SELECT item_id, CAST(row_number() OVER (ORDER BY item_id) - 1 AS INT) AS item_rank FROM (SELECT DISTINCT item_id FROM {log} WHERE problem = 0{further})");

        // Of a (user, item) that is there twice the latest stays; one that somebody held out stays held out.
        string moment = given ? "coalesce(max(CASE WHEN held_out = 1 THEN moment END), max(moment)) AS moment, max(held_out) AS held_out" : "max(moment) AS moment";
        engine.Materialize(Seen, $"""
            SELECT user_index, item_rank, {moment}
            FROM {log} l JOIN {Users} u ON l.user_id = u.user_id JOIN {RankedItems} i ON l.item_id = i.item_id
            WHERE problem = 0 GROUP BY user_index, item_rank
            """);
        engine.Drop(log);

        engine.Materialize(Counts, $"SELECT user_index AS counted_user, count(*) AS touched{(given ? ", CAST(sum(held_out) AS BIGINT) AS held_out_count" : "")} FROM {Seen} GROUP BY user_index");
        engine.Materialize(Split, SplitQuery(engine.Dialect, prepare, given));
        engine.Drop(Seen);

        // By falling popularity in training, then id: the rank is the order of ids.
        engine.Materialize(Items, $"""
            SELECT item_id, item_rank, CAST(row_number() OVER (ORDER BY interactions DESC, item_rank) - 1 AS INT) AS item_index, CAST(interactions AS INT) AS interactions
            FROM (
                SELECT r.item_id, r.item_rank, coalesce(c.positives, 0) AS interactions
                FROM {RankedItems} r LEFT JOIN (SELECT item_rank, count(*) AS positives FROM {Split} WHERE part = 0 GROUP BY item_rank) c ON r.item_rank = c.item_rank)
            """);
        string timestamp = ticksPerSecond == 1 ? "moment" : engine.Dialect.IntegerQuotient("moment", $"{ticksPerSecond}");
        string trained = prepare.NegativesAvoid == "trained" ? ", CAST(count(CASE WHEN part = 0 THEN 1 END) OVER (PARTITION BY user_index) AS INT) AS trained" : "";
        engine.Materialize(Rows, $"""
            SELECT user_index, item_index, {timestamp} AS timestamp, part, touched,
                CAST(item_index - (row_number() OVER (PARTITION BY user_index ORDER BY item_index) - 1) AS INT) AS gap{trained}
            FROM {Split} s JOIN {Items} i ON s.item_rank = i.item_rank
            """);
        engine.Drop(Split);
    }

    // The latest t of n are tested, t = min(Holdout, n/2), and of the m = n - t before them the latest min(Holdout, m/2) validate. Ties of
    // moment are broken by chance, since an order by id would leak into what is learned; the rank only makes the order total where hashes are equal.
    private static string SplitQuery(SqlDialect dialect, PrepareOptions prepare, bool given)
    {
        const string Keep = "user_index, item_rank, moment", KeepGiven = $"{Keep}, held_out";
        string keep = given ? KeepGiven : Keep, withCounts = given ? $"{keep}, touched, held_out_count" : $"{keep}, touched";
        string byUser = PortableHashSql.Absorb(Seen, keep, $"{PortableHash.Start(prepare.Seed, "ties")}", "CAST(user_index AS BIGINT)", "tie");
        string byItem = PortableHashSql.Absorb($"({byUser})", $"{keep}", "tie", "item_rank", "tie");
        string tied = PortableHashSql.Finish($"({byItem})", keep, "tie");
        string within = given ? "PARTITION BY user_index, held_out" : "PARTITION BY user_index";
        string placed = $"""
            SELECT {withCounts}, row_number() OVER ({within} ORDER BY moment DESC, tie, item_rank) AS place
            FROM ({tied}) t JOIN {Counts} c ON t.user_index = c.counted_user
            """;

        string enough = $"touched >= {prepare.MinInteractions}";
        string tested = given ? "held_out_count" : $"CASE WHEN {enough} THEN least({prepare.Holdout}, {dialect.IntegerQuotient("touched", "2")}) ELSE 0 END";
        string left = $"(touched - tested)";
        string validated = prepare.Validation ? $"CASE WHEN {enough} THEN least({prepare.Holdout}, {dialect.IntegerQuotient(left, "2")}) ELSE 0 END" : "0";
        string part = given
            ? "CASE WHEN held_out = 1 THEN 2 WHEN place <= validated THEN 1 ELSE 0 END"
            : "CASE WHEN place <= tested THEN 2 WHEN place <= tested + validated THEN 1 ELSE 0 END";
        return $"""
            SELECT user_index, item_rank, moment, CAST(touched AS INT) AS touched, CAST({part} AS INT) AS part
            FROM (SELECT *, {validated} AS validated FROM (SELECT *, {tested} AS tested FROM ({placed})))
            """;
    }
}
