using NcfSpark.Engines;

namespace NcfSpark.Benchmarks;

/// <summary>
/// How such data is mostly prepared on Spark, to compare with: the same log to the same directories, but negatives are
/// drawn with rand() among all items, and those that the user touched are taken out again by a left anti join. So rows
/// are lost, and another run draws others.
/// </summary>
internal static class UsualPrepare
{
    // What NcfSpark sets for speed in its sessions (SparkDialect), and Spark's own defaults, with which the usual way runs.
    private static readonly (string Setting, string Spark, string Ours)[] Settings = [("spark.sql.inMemoryColumnarStorage.compressed", "true", "false"),
        ("spark.sql.maxConcurrentOutputFileWriters", "0", "16"), ("spark.sql.ansi.enabled", "true", "false")];

    /// <summary>Prepares a CSV file of user, item, timestamp with a header.</summary>
    /// <returns>How many rows of training there are, and how many there would be if none were lost.</returns>
    public static (long Written, long Meant) Run(ISqlEngine engine, string csv, string directory, int negatives, int holdout, int shards)
    {
        foreach ((string setting, string spark, _) in Settings) engine.Execute($"SET {setting}={spark}");
        engine.ReadCsv("usual_csv", [csv], new CsvLayout(",", true, 3));
        engine.Materialize("usual_log",
            "SELECT CAST(c1 AS BIGINT) AS user_id, CAST(c2 AS BIGINT) AS item_id, max(CAST(c3 AS BIGINT)) AS timestamp FROM usual_csv GROUP BY 1, 2");
        engine.Materialize("usual_users", "SELECT user_id, CAST(row_number() OVER (ORDER BY user_id) - 1 AS INT) AS user_index, interactions "
            + "FROM (SELECT user_id, count(*) AS interactions FROM usual_log GROUP BY user_id)");
        engine.Materialize("usual_items", "SELECT item_id, CAST(row_number() OVER (ORDER BY interactions DESC, item_id) - 1 AS INT) AS item_index, "
            + "interactions FROM (SELECT item_id, count(*) AS interactions FROM usual_log GROUP BY item_id)");
        engine.Materialize("usual_rows", $"""
            SELECT user_index, item_index, timestamp, CASE WHEN place <= tested THEN 2
                WHEN place <= tested + least({holdout}, (touched - tested) div 2) THEN 1 ELSE 0 END AS part
            FROM (SELECT *, least({holdout}, touched div 2) AS tested FROM (
                SELECT user_index, item_index, timestamp, u.interactions AS touched,
                    row_number() OVER (PARTITION BY user_index ORDER BY timestamp DESC, item_index) AS place
                FROM usual_log l JOIN usual_users u ON l.user_id = u.user_id JOIN usual_items i ON l.item_id = i.item_id))
            """);
        engine.Drop("usual_log");
        long items = (long)engine.Query("SELECT count(*) FROM usual_items")[0][0]!;
        long positives = (long)engine.Query("SELECT count(*) FROM usual_rows WHERE part = 0")[0][0]!;

        string drawn = $"SELECT user_index, CAST(floor(rand(1) * {items}) AS INT) AS item_index, CAST(0 AS INT) AS label, timestamp FROM usual_rows CROSS "
            + $"JOIN range(0, {negatives}) WHERE part = 0";
        string untouched = $"SELECT d.* FROM ({drawn}) d LEFT ANTI JOIN usual_rows r ON d.user_index = r.user_index AND d.item_index = r.item_index";
        string train = Path.Combine(directory, "train");
        engine.WriteParquet($"SELECT *, user_index % {shards} AS shard FROM (SELECT user_index, item_index, CAST(1 AS INT) AS label, timestamp FROM usual_rows "
            + $"WHERE part = 0 UNION ALL {untouched})", train, partitionBy: "shard");
        engine.WriteParquet("SELECT * FROM usual_users ORDER BY user_index", Path.Combine(directory, "users"));
        engine.WriteParquet("SELECT * FROM usual_items ORDER BY item_index", Path.Combine(directory, "items"));
        engine.WriteParquet("SELECT user_index, item_index, timestamp FROM usual_rows WHERE part = 2", Path.Combine(directory, "test"));
        engine.WriteParquet("SELECT user_index, item_index, timestamp FROM usual_rows WHERE part = 1", Path.Combine(directory, "validation"));
        foreach (string table in new[] { "usual_users", "usual_items", "usual_rows" }) engine.Drop(table);
        foreach ((string setting, _, string ours) in Settings) engine.Execute($"SET {setting}={ours}");
        engine.ReadParquet("usual_written", Directory.GetFiles(train, "*.parquet", SearchOption.AllDirectories));
        return ((long)engine.Query("SELECT count(*) FROM usual_written")[0][0]!, positives * (1 + negatives));
    }
}
