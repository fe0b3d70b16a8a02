using System.Numerics;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// <see cref="SplitSql"/> for an engine that keeps lists: a user's history is one row, with a list, and the tables of rows are views that spread the lists out.
/// </summary>
/// <remarks>
/// Example, Holdout 1, from one user's log of (item, moment): (C, 7), (A, 3), (B, 7), (A, 5), (C, 2).
/// <list type="number">
/// <item>Gathered and sorted by item and moment: A3 A5 B7 C2 C7. An element stays where the next is of another item: A5
/// B7 C7. So of an item that is there twice the latest stays.</item>
/// <item>Each turned round to (age, item), the age counted back from the log's end, and sorted, so that the latest are first: 0B 0C 2A.</item>
/// <item>One is tested, so B and C are tied for it. Only there the order by chance matters; it is looked up for these alone, and may make it 0C 0B 2A.</item>
/// <item>Now that popularity in training has given items their indexes (A 0, B 1, C 2): (index, part, moment), sorted:
/// 0-train-5 1-train-7 2-test-7. Negatives are drawn from what this list leaves out.</item>
/// </list>
/// </remarks>
internal sealed class HistoryLists
{
    private const string Latest = "ncf_latest", Untied = "ncf_untied", Histories = "ncf_histories";
    private const int PartBits = 2;

    private readonly ISqlEngine engine;
    private readonly PrepareOptions prepare;
    private readonly InteractionLog log;
    private readonly TimeSplit? time;
    private readonly bool marked; // whether some rows are held out whatever their time is
    private readonly int momentBits;
    private readonly long greatestWhen;
    private readonly ListPair touch, aged, seen; // (item_rank, when), (age, item_rank), (item_index, part and moment)

    private HistoryLists(ISqlEngine engine, PrepareOptions prepare, InteractionLog log, TimeSplit? time, long itemCount)
    {
        (this.engine, this.prepare, this.log, this.time, marked) = (engine, prepare, log, time, prepare.Marks);
        int itemBits = BitsOf(itemCount - 1);
        momentBits = BitsOf(log.Latest - log.Earliest);
        // What somebody held out comes before all else: it has one bit more. Of a split by time an earlier part does, by two.
        int whenBits = momentBits + (marked ? 1 : time is null ? 0 : PartBits);
        greatestWhen = (1L << whenBits) - 1;
        bool packed = itemBits + momentBits + PartBits <= ListPair.MostBits;
        (touch, aged, seen) = (new ListPair(whenBits, packed), new ListPair(itemBits, packed), new ListPair(momentBits + PartBits, packed));
    }

    /// <summary>Makes the tables of <see cref="SplitSql"/> from the log, the users and the ranked items, and lets go of the log.</summary>
    public static HistoryLists Split(ISqlEngine engine, PrepareOptions prepare, InteractionLog log, TimeSplit? time, bool weighted)
    {
        var lists = new HistoryLists(engine, prepare, log, time, (long)engine.Query($"SELECT count(*) FROM {SplitSql.RankedItems}")[0][0]!);
        engine.Materialize(Latest, lists.LatestQuery());
        engine.Drop(InteractionLog.Table);
        bool tied = time is null && (long)engine.Query($"SELECT count(*) FROM {Latest} WHERE {lists.AnyTied}")[0][0]! > 0;
        if (tied) engine.Materialize(Untied, lists.UntiedQuery());
        string ordered = tied ? Untied : Latest;
        engine.Materialize(SplitSql.Items,
            SplitSql.ItemsQuery($"SELECT user_index, {lists.aged.Second("element")} AS item_rank FROM (SELECT user_index, explode(slice(ordered, "
                + $"tested + validated + 1, touched)) AS element FROM {ordered})", weighted));
        engine.Materialize(Histories, lists.HistoriesQuery(ordered));
        engine.Drop(Latest);
        if (tied) engine.Drop(Untied);
        engine.Execute($"CREATE OR REPLACE TEMP VIEW {SplitSql.UserCounts} AS SELECT user_index, touched, trained, validated, tested FROM {Histories}");
        engine.Execute($"CREATE OR REPLACE TEMP VIEW {SplitSql.Rows} AS SELECT user_index, item_index, timestamp, part, touched, trained "
            + $"FROM ({lists.RowsOf($"SELECT *, history AS marks FROM {Histories}")})");
        return lists;
    }

    /// <summary>
    /// A query of <see cref="SplitSql.Rows"/> with marks: the list of what the user touched, in any part or in training
    /// only, for <see cref="UnmarkedAt"/>.
    /// </summary>
    public string RowsWithMarks(bool trainedOnly) =>
        RowsOf($"SELECT *, {(trainedOnly ? $"filter(history, x -> {PartOf("x")} = 0)" : "history")} AS marks FROM {Histories}");

    /// <summary>
    /// Of the item indexes that are not among a row's marks, the one at a place (from 0): a query of (user_index,
    /// item_index, carried), a row for each point. As <see cref="SqlDialect.UnmarkedAt"/>, by a binary search in the
    /// marks: so points are neither sorted nor moved, and a user with 100,000 points is no more work than as many users
    /// with one.
    /// </summary>
    /// <param name="rows">A query of user_index, marks, carried, and what the points are made from.</param>
    /// <param name="carried">A column of the rows.</param>
    /// <param name="mostMarks">No user has more marks.</param>
    public string UnmarkedAt(string rows, Func<string, string, string> points, string carried, long mostMarks)
    {
        // Each halving is a query around a query, as in the hash: Spark makes one loop of them.
        string kept = $"user_index, {carried}, place, marks";
        string search = $"SELECT {kept}, CAST(0 AS INT) AS below FROM ({points($"({rows})", $"user_index, {carried}, marks")})";
        long step = 1;
        while (2 * step <= mostMarks) step *= 2;
        for (; step > 0; step /= 2)
        {
            // The first marks of a user, as many as have their gap (the mark less the marks before it) at or below the
            // place. What is below so far is a multiple of twice the step.
            string further = $"(below | {step})", last = $"(below | {step - 1})";
            search = $"SELECT {kept}, CASE WHEN {further} <= size(marks) AND {seen.First($"get(marks, {last})")} <= place + {last} THEN {further} "
                + $"ELSE below END AS below FROM ({search})";
        }

        return $"SELECT user_index, place + below AS item_index, {carried} FROM ({search})";
    }

    private static int BitsOf(long greatest) => Math.Max(1, 64 - BitOperations.LeadingZeroCount((ulong)greatest));

    // Steps 1 and 2: (user_index, touched, tested, validated, ordered), ordered by age and then by item.
    private string LatestQuery()
    {
        string first = marked ? $" + held_out * {1L << momentBits}" : time is null ? "" : $" + (2 - {time.PartOf("moment")}) * {1L << momentBits}";
        string when = $"moment - {log.Earliest}{first}";
        string gathered = "SELECT user_index, sort_array(collect_list(touch)) AS touches "
            + $"FROM (SELECT user_index, {touch.Of("CAST(item_rank AS BIGINT)", $"({when})")} AS touch FROM ({SplitSql.Pairs(prepare)})) GROUP BY user_index";
        string turned = aged.Of(Turned(touch.Second("x")), touch.First("x"));
        string distinct = $"transform(touches, (x, i) -> CASE WHEN {touch.First("get(touches, i + 1)")} = {touch.First("x")} THEN {aged.Nothing} "
            + $"ELSE {turned} END)";
        string ordered = $"SELECT user_index, sort_array({aged.WithoutNothing(distinct)}) AS ordered FROM ({gathered})";
        // Of a given split, and of one by time, t is what is marked so.
        string Below(int part) => $"size(filter(ordered, x -> {aged.First("x")} < {(long)part << momentBits}))";
        string tested = time is not null ? Below(1) : SplitSql.Tested(engine.Dialect, prepare, "touched", Below(1));
        string validated = time is null ? SplitSql.Validated(engine.Dialect, prepare, "touched", "tested") : $"{Below(2)} - tested";
        return $"""
            SELECT user_index, touched, CAST(tested AS INT) AS tested, CAST({validated} AS INT) AS validated, ordered
            FROM (SELECT *, {tested} AS tested FROM (SELECT *, size(ordered) AS touched FROM ({ordered})))
            """;
    }

    private string AnyTied => $"{Tied("tested")} OR {Tied("tested + validated")}";

    // Whether the last of the first so many and the next are of one age; of none or all there is no next.
    private string Tied(string count) => $"coalesce({aged.First($"get(ordered, {count} - 1)")} = {aged.First($"get(ordered, {count})")}, false)";

    // Step 3. Those that are tied, and what lies between where both bounds are tied, come in the order of age, chance
    // and item; before and after them the lists stay.
    private string UntiedQuery()
    {
        string first = $"CASE WHEN {Tied("tested")} THEN {aged.First("get(ordered, tested)")} ELSE {aged.First("get(ordered, tested + validated)")} END";
        string last = $"CASE WHEN {Tied("tested + validated")} THEN {aged.First("get(ordered, tested + validated)")} "
            + $"ELSE {aged.First("get(ordered, tested)")} END";
        string tied = $"""
            SELECT t.user_index, {aged.First("element")} AS age, i.item_rank, element, user_hash, item_hash
            FROM (SELECT user_index, first_age, last_age, explode(ordered) AS element FROM (
                SELECT user_index, ordered, {first} AS first_age, {last} AS last_age
                FROM {Latest} WHERE {AnyTied})) t
                JOIN {SplitSql.Users} u ON t.user_index = u.user_index JOIN {SplitSql.RankedItems} i ON {aged.Second("element")} = i.item_rank
            WHERE {aged.First("element")} BETWEEN first_age AND last_age
            """;
        string byChance = "SELECT user_index, sort_array(collect_list(struct(age, tie, item_rank, element))).element AS block "
            + $"FROM ({SplitSql.WithTies(tied, "user_index, age, item_rank, element", prepare.Seed)}) GROUP BY user_index";
        return $"""
            SELECT l.user_index, touched, tested, validated, CASE WHEN block IS NULL THEN ordered ELSE concat(
                filter(ordered, x -> {aged.First("x")} < {aged.First("get(block, 0)")}),
                block, filter(ordered, x -> {aged.First("x")} > {aged.First("element_at(block, -1)")})) END AS ordered
            FROM {Latest} l LEFT JOIN ({byChance}) b ON l.user_index = b.user_index
            """;
    }

    // Step 4.
    private string HistoriesQuery(string ordered)
    {
        string part = "CAST(CASE WHEN position < tested THEN 2 WHEN position < tested + validated THEN 1 ELSE 0 END AS BIGINT)";
        string moment = $"({Turned(aged.First("element"))} & {(1L << momentBits) - 1})";
        return $"""
            SELECT user_index, touched, tested, validated, touched - tested - validated AS trained, history
            FROM (
                SELECT user_index, min(touched) AS touched, min(tested) AS tested, min(validated) AS validated,
                    sort_array(collect_list({seen.Of("CAST(item_index AS BIGINT)", $"({part} * {1L << momentBits} + {moment})")})) AS history
                FROM (
                    SELECT /*+ BROADCAST(i) */ o.*, item_index
                    FROM (SELECT user_index, touched, tested, validated, posexplode(ordered) AS (position, element) FROM {ordered}) o
                        JOIN {SplitSql.Items} i ON {aged.Second("element")} = i.item_rank)
                GROUP BY user_index)
            """;
    }

    // From when to age and back. By time the test is below the others as it is; within a part the order says nothing.
    private string Turned(string when) => time is null ? $"({greatestWhen} - {when})" : when;

    private string PartOf(string element) => $"shiftright({seen.Second(element)}, {momentBits})";

    private string RowsOf(string histories)
    {
        string moment = $"(({seen.Second("element")} & {(1L << momentBits) - 1}) + {log.Earliest})";
        return $"""
            SELECT user_index, CAST({seen.First("element")} AS INT) AS item_index, {SplitSql.Timestamp(engine.Dialect, moment, log)} AS timestamp,
                CAST({PartOf("element")} AS INT) AS part, touched, trained, marks
            FROM (SELECT user_index, touched, trained, marks, explode(history) AS element FROM ({histories}))
            """;
    }
}
