using NcfSpark.Configuration;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Engines;

namespace NcfSpark.Nightly;

/// <summary>Compares the recommendations of two nights by ids, since indexes change. Its SQL runs in this process and spills to disk.</summary>
internal static class ListComparison
{
    private const int ItemsShown = 10;

    /// <param name="job">How much of the machine may be taken, and where to spill.</param>
    /// <param name="before">The earlier night's name.</param>
    /// <param name="earlier">Its directory of recommendations.</param>
    /// <param name="now">The later night's.</param>
    /// <param name="titles">Titles by the item's id as text.</param>
    public static ListChanges Of(JobContext job, string before, string earlier, string now, IReadOnlyDictionary<string, string> titles)
    {
        var options = new DuckDbOptions
        {
            Threads = job.Configuration.Prepare.Threads,
            MemoryLimit = job.Configuration.Prepare.MemoryLimit,
            SpillDirectory = Path.Combine(job.RunDirectory, "changes.spill"),
        };
        using ISqlEngine engine = new DuckDbEngine(options, job.Cancellation);
        foreach ((string name, string directory) in new[] { ("earlier", earlier), ("later", now) })
        {
            engine.ReadParquet($"{name}_files", [.. Directory.GetFiles(directory, "*.parquet").Order(StringComparer.Ordinal)]);
            // A log's ids may turn from numbers to texts.
            engine.Execute($"CREATE TEMP VIEW {name} AS SELECT CAST(user_id AS VARCHAR) AS u, CAST(item_id AS VARCHAR) AS i FROM {name}_files");
        }

        engine.Materialize("users", """
            SELECT coalesce(a.u, b.u) AS u, a.n AS n, b.n AS before, coalesce(s.kept, 0) AS kept
            FROM (SELECT u, count(*) AS n FROM later GROUP BY u) a
            FULL JOIN (SELECT u, count(*) AS n FROM earlier GROUP BY u) b ON a.u = b.u
            LEFT JOIN (SELECT l.u, count(*) AS kept FROM later l JOIN earlier e ON l.u = e.u AND l.i = e.i GROUP BY l.u) s ON s.u = a.u
            """);
        IReadOnlyList<object?> sums = engine.Query("SELECT count(*) FILTER (before IS NULL), count(*) FILTER (n IS NULL), coalesce(max(n), 0), "
            + "coalesce(max(before), 0), coalesce(sum(kept), 0), coalesce(sum(n) FILTER (before IS NOT NULL), 0), count(n), count(before) FROM users")[0];
        long Sum(int column) => Convert.ToInt64(sums[column]);
        long[] byKept = new long[Math.Max(Sum(2), Sum(3)) + 1];
        foreach (IReadOnlyList<object?> row in engine.Query("SELECT kept, count(*) FROM users WHERE n IS NOT NULL AND before IS NOT NULL GROUP BY kept"))
        {
            byKept[(long)row[0]!] = (long)row[1]!;
        }

        engine.Materialize("shares", $"""
            SELECT coalesce(a.i, b.i) AS i, coalesce(b.n, 0) / {Math.Max(1, Sum(7))}.0 AS before, coalesce(a.n, 0) / {Math.Max(1, Sum(6))}.0 AS now
            FROM (SELECT i, count(*) AS n FROM later GROUP BY i) a FULL JOIN (SELECT i, count(*) AS n FROM earlier GROUP BY i) b ON a.i = b.i
            """);
        IReadOnlyList<ItemChange> Items(string where, string order) =>
        [
            .. engine.Query($"SELECT i, before, now FROM shares WHERE {where} ORDER BY {order}, i LIMIT {ItemsShown}")
                .Select(row => new ItemChange(titles.GetValueOrDefault((string)row[0]!, (string)row[0]!), Convert.ToDouble(row[1]), Convert.ToDouble(row[2]))),
        ];
        double kept = Sum(5) == 0 ? 0 : (double)Sum(4) / Sum(5);
        return new ListChanges(before, byKept, kept, Sum(0), Sum(1), Items("now > before", "now - before DESC"), Items("now < before", "before - now DESC"));
    }
}

/// <summary>How the lists of recommendations changed from the night that was in production before.</summary>
/// <param name="Before">That night.</param>
/// <param name="UsersByKept">Users of both nights by how many items of the earlier list stand in the new one, from 0.</param>
/// <param name="Kept">The share of their new lists that stood in the earlier ones.</param>
/// <param name="NewUsers">Users without a list before.</param>
/// <param name="GoneUsers">Users without a list now.</param>
/// <param name="Risers">Items that stand in more lists than before, the largest gain first.</param>
/// <param name="Fallers">Items that stand in fewer, the largest loss first.</param>
public sealed record ListChanges(
    string Before,
    IReadOnlyList<long> UsersByKept,
    double Kept,
    long NewUsers,
    long GoneUsers,
    IReadOnlyList<ItemChange> Risers,
    IReadOnlyList<ItemChange> Fallers)
{
    /// <summary>Users with a list in both nights.</summary>
    public long Users => UsersByKept.Sum();
}

/// <summary>An item that stands in more, or fewer, lists than before.</summary>
/// <param name="Title">Its title, or its id where it has none.</param>
/// <param name="Before">The share of all lists in which it stood.</param>
/// <param name="Now">The share in which it stands.</param>
public sealed record ItemChange(string Title, double Before, double Now);
