using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// What users and items weigh together, where Input gives weights. The rows of a (user, item) are made one before the split, which then knows liked pairs
/// alone; disliked ones are kept beside it.
/// </summary>
/// <remarks>
/// Weights are whole millionths (units), so that sums are exact and equal on every engine. Only rows of the part that a pair belongs to count: of a split
/// by time the earliest, of a given one the held-out part. A pair whose units add up to 0 is left out, and so is a dislike of a user or an item without
/// any liked pair. A dislike trains if it came before all that is held out of its user; else it belongs to the test, where only a refit reads it.
/// Example, view 1, return -5, repeats add up: (A, view), (A, view) weighs 2; (B, view), (B, return) weighs -4, so B is a dislike.
/// </remarks>
internal sealed class PairWeights(ISqlEngine engine, PrepareOptions prepare, InteractionLog log, TimeSplit? time)
{
    private const string Pairs = "ncf_pairs", LikedPairs = "ncf_liked_pairs";
    private const long UnitsOfOne = 1_000_000;

    private bool IsGiven => prepare.Split == SplitRule.Given;

    /// <summary>Makes the pairs of the log, and of the log its liked pairs, a row each.</summary>
    /// <exception cref="InvalidInputException">There is no liked pair.</exception>
    public static PairWeights Of(ISqlEngine engine, InputOptions input, PrepareOptions prepare, InteractionLog log, TimeSplit? time, string name)
    {
        var weights = new PairWeights(engine, prepare, log, time);
        engine.Materialize(Pairs, weights.PairsQuery(input));
        engine.Drop(InteractionLog.Table);
        string held = weights.IsGiven ? ", 1 - part AS held_out" : "";
        engine.Materialize(InteractionLog.Table, $"SELECT user_id, item_id, moment{held}, CAST(0 AS INT) AS problem FROM {Pairs} WHERE units > 0");
        if ((long)engine.Query($"SELECT count(*) FROM {InteractionLog.Table}")[0][0]! == 0)
        {
            throw new InvalidInputException($"{name}: no user and item weigh more than 0, so there is nothing to learn. Check Input:WeightColumn and "
                + "Input:EventWeights.");
        }

        return weights;
    }

    /// <summary>Gives the liked pairs their indexes, once users and items are ranked: before the split, which orders items by what they weigh.</summary>
    public void Rank() => engine.Materialize(LikedPairs, $"""
        SELECT user_index, item_rank, units FROM {Pairs} p JOIN {SplitSql.Users} u ON p.user_id = u.user_id
            JOIN {SplitSql.RankedItems} i ON p.item_id = i.item_id
        WHERE units > 0
        """);

    /// <summary>A query of item_rank, positives and popularity, which is what the item's training rows weigh.</summary>
    /// <param name="trained">A query of user_index and item_rank, a row for each row of training.</param>
    public static string PopularityQuery(string trained) => $"""
        SELECT t.item_rank, count(*) AS positives, {Number("CAST(sum(units) AS BIGINT)")} AS popularity
        FROM ({trained}) t JOIN {LikedPairs} w ON t.user_index = w.user_index AND t.item_rank = w.item_rank GROUP BY t.item_rank
        """;

    /// <summary>A query of rows with their columns and the weight of their pair.</summary>
    /// <param name="rows">A query with user_index and item_index.</param>
    /// <param name="itemColumn">The column of the pair's item, where that is another than item_index.</param>
    public static string Weighed(string rows, string itemColumn = "item_index") => $"""
        SELECT r.*, {Number("units")} AS weight FROM ({rows}) r JOIN {SplitSql.Items} i ON r.{itemColumn} = i.item_index
            JOIN {LikedPairs} w ON r.user_index = w.user_index AND i.item_rank = w.item_rank
        """;

    /// <summary>Counts the rows of what is not liked, and makes the query of the disliked pairs.</summary>
    /// <param name="rows">Receives the counts.</param>
    /// <returns>A query of user_index, item_index, timestamp, weight (below 0) and part (0: trained on; 1 and 2: later).</returns>
    public string Dislikes(SortedDictionary<string, long> rows)
    {
        string timestamp = SplitSql.Timestamp(engine.Dialect, "moment", log);
        string disliked = $"""
            SELECT u.user_index, i.item_index, {timestamp} AS timestamp, {Number("units")} AS weight, part AS kept
            FROM {Pairs} p JOIN {SplitSql.Users} u ON p.user_id = u.user_id JOIN {SplitSql.Items} i ON p.item_id = i.item_id
            WHERE units < 0
            """;
        string first = $"SELECT user_index, min(timestamp) AS held_out FROM {SplitSql.Rows} WHERE part > 0 GROUP BY user_index";
        string part = time is not null ? "kept" : IsGiven ? "2 - 2 * kept" : "CASE WHEN held_out IS NULL OR timestamp < held_out THEN 0 ELSE 2 END";
        IReadOnlyList<object?> counts = engine.Query($"""
            SELECT (SELECT count(*) FROM ({disliked})), count(CASE WHEN units <= 0 THEN 1 END) FROM {Pairs}
            """)[0];
        rows[PreparedData.Disliked] = (long)counts[0]!;
        rows["weightless_pairs"] = (long)counts[1]! - rows[PreparedData.Disliked];
        rows["duplicates_dropped"] -= (long)counts[1]!;
        return $"SELECT d.user_index, item_index, timestamp, weight, CAST({part} AS INT) AS part FROM ({disliked}) d "
            + $"LEFT JOIN ({first}) h ON d.user_index = h.user_index";
    }

    // Of user_id, item_id, part, moment and units. The part is the order in which parts claim a pair; of a given split 0 is held out and 1 is not.
    private string PairsQuery(InputOptions input)
    {
        string part = time?.PartOf("moment") ?? (IsGiven ? "1 - held_out" : "0");
        string rows = $"SELECT user_id, item_id, CAST({part} AS INT) AS part, moment, {Units("weight")} AS units FROM {InteractionLog.Table} WHERE problem = 0";
        // Of rows of one moment the heaviest is the latest, so that the order of rows does not matter.
        string ofParts = (input.Repeats ?? RepeatRule.Sum) == RepeatRule.Sum
            ? $"SELECT user_id, item_id, part, max(moment) AS moment, CAST(sum(units) AS BIGINT) AS units FROM ({rows}) GROUP BY user_id, item_id, part"
            : $"""
                SELECT user_id, item_id, part, max(moment) AS moment, max_by(units, moment) AS units
                FROM (SELECT user_id, item_id, part, moment, max(units) AS units FROM ({rows}) GROUP BY user_id, item_id, part, moment)
                GROUP BY user_id, item_id, part
                """;
        string pairs = $"SELECT user_id, item_id, min(part) AS part, min_by(moment, part) AS moment, min_by(units, part) AS units FROM ({ofParts}) "
            + "GROUP BY user_id, item_id";
        string units = input.WeightTransform switch
        {
            WeightTransform.Log => Units($"sign(units) * ln(1 + abs({Number("units")}))"),
            WeightTransform.Cap => $"CAST(greatest(least(units, {Cap(input)}), -{Cap(input)}) AS BIGINT)",
            _ => "units",
        };
        return $"SELECT user_id, item_id, part, moment, {units} AS units FROM ({pairs})";
    }

    private static long Cap(InputOptions input) => (long)Math.Floor(input.WeightCap!.Value * UnitsOfOne + 0.5);

    // Rounded by an operation that every engine has in the same bits.
    private static string Units(string weight) => $"CAST(floor({weight} * {UnitsOfOne} + CAST('0.5' AS DOUBLE)) AS BIGINT)";

    private static string Number(string units) => $"(CAST({units} AS DOUBLE) / {UnitsOfOne})";
}
