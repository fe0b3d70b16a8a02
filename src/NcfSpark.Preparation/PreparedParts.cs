using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>Writes the parts of a prepared directory from the tables of <see cref="SplitSql"/>.</summary>
internal sealed class PreparedParts(ISqlEngine engine, PrepareOptions prepare, long itemCount, HistoryLists? lists, bool weighted)
{
    /// <summary>The directories of Parquet files that there may be.</summary>
    public static readonly string[] Names =
    [
        "users", "items", "train", "validation", "test", "test_candidates", PreparedData.Disliked, PreparedData.ItemFeatures, PreparedData.FeatureNames,
    ];

    private const string HeldOutRows = "ncf_held_out";

    /// <summary>How many items, the first by index, negatives are drawn from.</summary>
    public required long NegativeItems { get; init; }

    /// <summary>Positives and their negatives, all rows of a user in one shard.</summary>
    public void WriteTrain(string directory)
    {
        string trained = $"SELECT user_index, item_index, timestamp FROM {SplitSql.Rows} WHERE part = 0", weight = weighted ? ", weight" : "";
        string rows = $"SELECT user_index, item_index, CAST(1 AS INT) AS label, timestamp{weight} FROM ({Weighed(trained)})";
        if (prepare.NegativesPerPositive > 0)
        {
            bool avoidTrainedOnly = prepare.NegativesAvoid == AvoidedItems.Trained;
            string drawn = NegativeSql.Query(
                engine.Dialect, lists, part: 0, prepare.NegativesPerPositive, NegativeItems, prepare.Seed, "negatives", avoidTrainedOnly,
                weighted ? "CAST(item_index AS BIGINT) AS drawn_for" : "timestamp");
            // A negative has the time of its positive, and weighs as much.
            if (weighted)
            {
                drawn = $"SELECT d.user_index, d.item_index, p.timestamp, weight FROM ({drawn}) d JOIN ({Weighed(trained)}) p "
                    + "ON d.user_index = p.user_index AND d.drawn_for = p.item_index";
            }

            rows += $" UNION ALL SELECT user_index, item_index, CAST(0 AS INT) AS label, timestamp{weight} FROM ({drawn})";
        }

        engine.WriteParquet($"SELECT user_index, item_index, label, timestamp{weight}, user_index % {prepare.Shards} AS shard FROM ({rows})",
            directory, partitionBy: "shard");
    }

    /// <summary>Candidates for each row of the test.</summary>
    public void WriteCandidates(string directory)
    {
        string drawn = NegativeSql.Query(engine.Dialect, lists, part: 2, prepare.TestCandidates, itemCount, prepare.Seed, "candidates", avoidTrainedOnly: false,
            "CAST(item_index AS BIGINT) AS test_item");
        Write($"SELECT user_index, CAST(test_item AS INT) AS test_item_index, item_index FROM ({drawn})", directory);
    }

    public void Write(string query, string directory) => engine.WriteParquet(query, directory);

    /// <summary>Users, items, validation and test.</summary>
    public void WriteTables(IStageWriter writer)
    {
        Write($"SELECT u.user_id, u.user_index, CAST(trained AS INT) AS interactions FROM {SplitSql.Users} u "
            + $"JOIN {SplitSql.UserCounts} c ON u.user_index = c.user_index ORDER BY u.user_index", writer.ForEngine("users"));
        string popularity = weighted ? ", popularity" : "";
        Write($"SELECT item_id, item_index, interactions{popularity} FROM {SplitSql.Items} ORDER BY item_index", writer.ForEngine("items"));
        // Found once among all rows: two parts are written, and Spark reads twice what it orders.
        engine.Materialize(HeldOutRows, Weighed($"SELECT user_index, item_index, timestamp, part FROM {SplitSql.Rows} WHERE part > 0"));
        Write(HeldOut(2), writer.ForEngine("test"));
        if (prepare.Validation) Write(HeldOut(1), writer.ForEngine("validation"));
        engine.Drop(HeldOutRows);
    }

    /// <summary>
    /// Reads from the files' footers how many rows are there, and adds the candidates to the counts. An engine that
    /// loses rows in silence is caught here.
    /// </summary>
    public void CheckWritten(IStageWriter writer, SortedDictionary<string, long> rows)
    {
        rows["test_candidates"] = RowsIn(writer.File("test_candidates"));
        foreach (string part in Names.Where(part => part != "test_candidates" && rows.ContainsKey(part)))
        {
            long written = RowsIn(writer.File(part));
            if (written == rows[part]) continue;
            string problem = $"{engine.Name} wrote {rows[part]:N0} rows of {part}, and {written:N0} are there. Nothing was published.";
            if (engine is not IClusterEngine) throw new InvalidOperationException(problem);
            throw new InvalidInputException($"{problem} With Spark's executors on other machines, the run directory must lie on storage that they share with "
                + "this one (NFS and the like): choose one with --run, or a bucket that both reach, --run s3://….");
        }
    }

    private string Weighed(string rows) => weighted ? PairWeights.Weighed(rows) : rows;

    private string HeldOut(int part) =>
        $"SELECT user_index, item_index, timestamp{(weighted ? ", weight" : "")} FROM {HeldOutRows} "
        + $"WHERE part = {part} ORDER BY user_index, timestamp DESC, item_index";

    private long RowsIn(string directory)
    {
        if (InputPlace.HasScheme(directory)) return RowsElsewhere(directory);
        return Directory.Exists(directory) ? ParquetColumns.RowsIn(directory) : 0;
    }

    private long RowsElsewhere(string directory)
    {
        try
        {
            engine.ReadParquet("ncf_written", [directory]);
        }
        catch (SqlEngineException none) when (none.InputAtFault)
        {
            return 0; // a part that was not asked for, or one without a row
        }

        return (long)engine.Query("SELECT count(*) FROM ncf_written")[0][0]!;
    }
}
