using NcfSpark.Engines;

namespace NcfSpark.Pipeline;

/// <summary>
/// predictions/changes/: what makes the lists of an earlier night today's, so that a store is updated by what changed. A list is its items in their order.
/// A row of (user_id, item_id, change, rank, earlier_rank, score, source) is an item that was added to a list, removed from it, or moved within it.
/// </summary>
/// <remarks>
/// To apply it: delete the rows that are removed, give those that are moved their new rank, and insert those that are added. Example, earlier A B C, today
/// A C D: B is removed (earlier_rank 2), C moved (rank 2, earlier_rank 3), D added (rank 3). rank is 0 where there is none today, earlier_rank where there
/// was none. Items that stay where they were have no row: their scores are not written again.
/// </remarks>
public static class ChangedLists
{
    public const string DirectoryName = "changes";

    /// <summary>The directory of the changes of each named list that the earlier night has, too.</summary>
    public const string OfNamed = "list_changes";

    /// <summary>What a row of it says, in the column change.</summary>
    public const string Added = "added", Removed = "removed", Moved = "moved";

    private const string Earlier = "ncf_earlier_lists", Later = "ncf_later_lists", Changes = "ncf_changed_lists";

    /// <summary>Writes the changes from one directory of recommendations to another.</summary>
    /// <param name="to">A directory that is not there yet; it is not made where nothing changed.</param>
    /// <returns>Rows by change, and how many users' lists changed.</returns>
    public static SortedDictionary<string, long> Write(ISqlEngine engine, string earlier, string later, string to)
    {
        engine.ReadParquet(Earlier, FilesOf(earlier));
        engine.ReadParquet(Later, FilesOf(later));
        engine.Materialize(Changes, $"""
            SELECT coalesce(l.user_id, e.user_id) AS user_id, coalesce(l.item_id, e.item_id) AS item_id,
                CASE WHEN e.rank IS NULL THEN '{Added}' WHEN l.rank IS NULL THEN '{Removed}' ELSE '{Moved}' END AS change,
                coalesce(l.rank, 0) AS rank, coalesce(e.rank, 0) AS earlier_rank,
                coalesce(l.score, CAST(0 AS FLOAT)) AS score, coalesce(l.source, '') AS source
            FROM {Later} l FULL OUTER JOIN {Earlier} e ON l.user_id = e.user_id AND l.item_id = e.item_id
            WHERE l.rank IS NULL OR e.rank IS NULL OR l.rank <> e.rank
            """);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal) { ["added"] = 0, ["moved"] = 0, ["removed"] = 0 };
        foreach (IReadOnlyList<object?> row in engine.Query($"SELECT change, count(*) FROM {Changes} GROUP BY change")) counts[(string)row[0]!] = (long)row[1]!;
        counts["users"] = (long)engine.Query($"SELECT count(DISTINCT user_id) FROM {Changes}")[0][0]!;
        if (counts["users"] > 0)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!); // list_changes/ for list_changes/NAME/
            engine.WriteParquet($"SELECT * FROM {Changes} ORDER BY user_id, rank, earlier_rank", to);
        }

        engine.Drop(Changes);
        return counts;
    }

    private static string[] FilesOf(string directory) =>
        [.. Directory.GetFiles(directory, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
