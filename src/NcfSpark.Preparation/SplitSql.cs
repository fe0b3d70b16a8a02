using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// From the log to indexes and parts, as tables of the engine:
/// ncf_users (user_id, user_index), ncf_items (item_id, item_index, interactions), ncf_user_counts (user_index, touched, trained, validated, tested) and
/// ncf_rows (user_index, item_index, timestamp, part, touched, trained): one row for each distinct (user, item).
/// </summary>
/// <remarks>
/// part is 0 for train, 1 for validation, 2 for test. touched is how many items the user touched in all parts, trained how many of them in train.
/// Here in rows; for engines whose lists are quicker see <see cref="HistoryLists"/>.
/// </remarks>
internal static class SplitSql
{
    public const string Users = "ncf_users", Items = "ncf_items", UserCounts = "ncf_user_counts", Rows = "ncf_rows";

    public const string RankedItems = "ncf_ranked_items";

    private const string Split = "ncf_split", AllItems = "ncf_all_items", AllUsers = "ncf_all_users";

    /// <summary>Makes the tables, and lets go of the log.</summary>
    /// <param name="time">Where a split by time cuts; null for the others.</param>
    /// <param name="weights">What the pairs of the log weigh; null where all weigh the same.</param>
    /// <param name="furtherItems">Queries of item_id that are in the catalogue though the log may not have them.</param>
    /// <returns>The histories, where the engine keeps them as lists.</returns>
    public static HistoryLists? Run(
        ISqlEngine engine, PrepareOptions prepare, InteractionLog log, TimeSplit? time, PairWeights? weights, IEnumerable<string> furtherItems)
    {
        const string Log = InteractionLog.Table;
        // Of a split by time those who train come first: who comes later then moves none of their indexes, on which draws and shards depend.
        (string order, string distinct) = time is null
            ? ("user_id", $"SELECT DISTINCT user_id FROM {Log} WHERE problem = 0")
            : ($"{time.PartOf("earliest")}, user_id", $"SELECT user_id, min(moment) AS earliest FROM {Log} WHERE problem = 0 GROUP BY user_id");
        engine.Materialize(prepare.Hides ? AllUsers : Users, $"SELECT user_id, CAST(row_number() OVER (ORDER BY {order}) - 1 AS INT) AS user_index, "
            + $"{PortableHashSql.OfText("user_id")} AS user_hash FROM ({distinct})");
        string further = string.Concat(furtherItems.Select(ids => $" UNION {ids}"));
        engine.Materialize(prepare.Hides ? AllItems : RankedItems, "SELECT item_id, CAST(row_number() OVER (ORDER BY item_id) - 1 AS INT) AS item_rank, "
            + $"{PortableHashSql.OfText("item_id")} AS item_hash FROM (SELECT DISTINCT item_id FROM {Log} WHERE problem = 0{further})");
        if (prepare.Hides)
        {
            engine.Materialize(Users, WithHidden(AllUsers, "user_id, user_index, user_hash", "user_hash", "cold users", prepare.ColdUsers, prepare.Seed));
            engine.Materialize(RankedItems, WithHidden(AllItems, "item_id, item_rank, item_hash", "item_hash", "cold items", prepare.ColdItems, prepare.Seed));
            engine.Drop(AllUsers);
            engine.Drop(AllItems);
        }

        weights?.Rank();
        if (engine.Dialect.KeepsLists) return HistoryLists.Split(engine, prepare, log, time, weights is not null);

        engine.Materialize(Split, time is null ? SplitQuery(engine.Dialect, prepare) : TimeQuery(time, prepare));
        engine.Drop(Log);
        engine.Materialize(UserCounts, $"""
            SELECT user_index, min(touched) AS touched, min(trained) AS trained,
                count(CASE WHEN part = 1 THEN 1 END) AS validated, count(CASE WHEN part = 2 THEN 1 END) AS tested
            FROM {Split} GROUP BY user_index
            """);
        engine.Materialize(Items, ItemsQuery($"SELECT user_index, item_rank FROM {Split} WHERE part = 0", weights is not null));
        engine.Replace(Rows, $"SELECT user_index, item_index, {Timestamp(engine.Dialect, "moment", log)} AS timestamp, part, touched, trained FROM {Split} s "
            + $"JOIN {Items} i ON s.item_rank = i.item_rank", Split);
        return null;
    }

    // Column hidden of users or items: a hash of the id says whether one is, so it is the same on every night and engine.
    private static string WithHidden(string table, string keep, string hashColumn, string what, double share, long seed)
    {
        string hash = PortableHashSql.Absorb(table, keep, $"{PortableHash.Start(seed, what)}", hashColumn, "cold");
        string finished = PortableHashSql.Finish($"({hash})", keep, "cold");
        return $"SELECT {keep}, CAST(CASE WHEN cold < {(long)(share * PortableHash.P)} THEN 1 ELSE 0 END AS INT) AS hidden FROM ({finished})";
    }

    /// <summary>
    /// A query of the usable rows: user_index, item_rank, user_hash, item_hash, moment, and held_out of a given split or of hidden users and items.
    /// </summary>
    public static string Pairs(PrepareOptions prepare) => $"""
        SELECT user_index, item_rank, user_hash, item_hash, moment{Mark(prepare)}
        FROM {InteractionLog.Table} l JOIN {Users} u ON l.user_id = u.user_id JOIN {RankedItems} i ON l.item_id = i.item_id
        WHERE problem = 0
        """;

    private static string Mark(PrepareOptions prepare) =>
        prepare.Hides ? ", greatest(u.hidden, i.hidden) AS held_out" : prepare.Marks ? ", held_out" : "";

    /// <summary>
    /// A query of some columns and tie, by which those of equal moments are ordered, the smaller first: chance, since
    /// an order by id would leak into what is learned; where ties are equal, the rank makes the order total. The chance
    /// is in the ids, not in their indexes, which move from night to night: what was trained on yesterday is not held
    /// out today.
    /// </summary>
    public static string WithTies(string rows, string keep, long seed)
    {
        string byUser = PortableHashSql.Absorb($"({rows})", $"{keep}, item_hash", $"{PortableHash.Start(seed, "ties")}", "user_hash", "tie");
        string byItem = PortableHashSql.Absorb($"({byUser})", keep, "tie", "item_hash", "tie");
        return PortableHashSql.Finish($"({byItem})", keep, "tie");
    }

    /// <summary>
    /// How many of a user's latest rows are tested: t = min(Holdout, n/2). Of a given split, those that are marked; with hidden ones, those that are marked
    /// and t of the n others.
    /// </summary>
    public static string Tested(SqlDialect dialect, PrepareOptions prepare, string total, string marked) =>
        !prepare.Marks ? HeldOut(dialect, prepare, total, total)
        : prepare.Split == SplitRule.Given ? marked
        : $"{marked} + {HeldOut(dialect, prepare, $"({total} - {marked})", $"({total} - {marked})")}";

    /// <summary>How many of those before them validate: of m = n - t the latest min(Holdout, m/2).</summary>
    public static string Validated(SqlDialect dialect, PrepareOptions prepare, string total, string tested) =>
        prepare.Validation ? HeldOut(dialect, prepare, total, $"({total} - {tested})") : "0";

    /// <summary>
    /// The query of <see cref="Items"/>: by falling popularity in training (interactions, or what they weigh), then id, the rank being the order of ids.
    /// </summary>
    /// <param name="trained">A query of user_index and item_rank, a row for each row of training.</param>
    /// <param name="weighted">Whether pairs have weights; then the column popularity is there, too.</param>
    public static string ItemsQuery(string trained, bool weighted)
    {
        (string counts, string popularity, string order) = weighted
            ? (PairWeights.PopularityQuery(trained), ", popularity", "popularity")
            : ($"SELECT item_rank, count(*) AS positives FROM ({trained}) GROUP BY item_rank", "", "interactions");
        string ofCounts = weighted ? ", coalesce(c.popularity, CAST(0 AS DOUBLE)) AS popularity" : "";
        return $"""
            SELECT item_id, item_rank, CAST(row_number() OVER (ORDER BY {order} DESC, item_rank) - 1 AS INT) AS item_index,
                CAST(interactions AS INT) AS interactions{popularity}
            FROM (
                SELECT r.item_id, r.item_rank, coalesce(c.positives, 0) AS interactions{ofCounts}
                FROM {RankedItems} r LEFT JOIN ({counts}) c ON r.item_rank = c.item_rank)
            """;
    }

    /// <summary>Seconds from a moment.</summary>
    public static string Timestamp(SqlDialect dialect, string moment, InteractionLog log) =>
        log.TicksPerSecond == 1 ? moment : dialect.IntegerQuotient(moment, $"{log.TicksPerSecond}");

    private static string HeldOut(SqlDialect dialect, PrepareOptions prepare, string total, string of) =>
        $"CASE WHEN {total} >= {prepare.MinInteractions} THEN least({prepare.Holdout}, {dialect.IntegerQuotient(of, "2")}) ELSE 0 END";

    // Of a given split t is what was held out, and those come first.
    private static string SplitQuery(SqlDialect dialect, PrepareOptions prepare)
    {
        bool marked = prepare.Marks;
        string tied = WithTies(Pairs(prepare), marked ? "user_index, item_rank, moment, held_out" : "user_index, item_rank, moment", prepare.Seed);

        // One window, so one sort: total and sum are over all of the user's rows, in whatever order.
        string window = $"PARTITION BY user_index ORDER BY {(marked ? "held_out DESC, " : "")}moment DESC, tie, item_rank";
        const string Whole = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
        string sum = marked ? $", CAST(sum(held_out) OVER ({window} {Whole}) AS BIGINT) AS marked" : "";
        string placed = $"SELECT user_index, item_rank, moment, row_number() OVER ({window}) AS place, count(*) OVER ({window} {Whole}) AS total{sum} "
            + $"FROM ({DistinctPairs(tied, marked)})";
        string tested = $"SELECT *, {Tested(dialect, prepare, "total", "marked")} AS tested FROM ({placed})";
        return $"""
            SELECT user_index, item_rank, moment, CAST(total AS INT) AS touched, CAST(total - tested - validated AS INT) AS trained,
                CAST(CASE WHEN place <= tested THEN 2 WHEN place <= tested + validated THEN 1 ELSE 0 END AS INT) AS part
            FROM (SELECT *, {Validated(dialect, prepare, "total", "tested")} AS validated FROM ({tested}))
            """;
    }

    private static string TimeQuery(TimeSplit time, PrepareOptions prepare) => $"""
        SELECT user_index, item_rank, moment, part, CAST(count(*) OVER (PARTITION BY user_index) AS INT) AS touched,
            CAST(count(CASE WHEN part = 0 THEN 1 END) OVER (PARTITION BY user_index) AS INT) AS trained
        FROM (
            SELECT user_index, item_rank, moment, {time.PartOf("moment")} AS part
            FROM (SELECT user_index, item_rank, {time.MomentOfPair} AS moment FROM ({Pairs(prepare)}) GROUP BY user_index, item_rank))
        """;

    // Of a (user, item) that is there twice the latest stays; one that somebody held out stays held out. Their ties are equal.
    private static string DistinctPairs(string tied, bool marked)
    {
        string latest = marked
            ? "coalesce(max(CASE WHEN held_out = 1 THEN moment END), max(moment)) AS moment, max(held_out) AS held_out"
            : "max(moment) AS moment";
        return $"SELECT user_index, item_rank, {latest}, max(tie) AS tie FROM ({tied}) GROUP BY user_index, item_rank";
    }
}
