using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// Recommendations computed within Spark's tasks. Spark brings each task the rows of its users, which are as many in
/// every task and follow one another; a process of ours in the task scores them with the model that its executor was
/// sent (<see cref="TaskModel"/>, <see cref="ScoreTask"/>), and Spark writes what it says, in its order: by user and
/// rank, over all files. Where executors do not see the run directory Spark reads the rows where they do
/// (<see cref="StageDirectory.ForSpark"/>), and writes into the bucket of the run, or brings the lists back where the
/// run is a directory. A task that is lost is run again by Spark, and no other.
/// </summary>
public sealed class SparkScore(
    JobContext job, StageDirectory prepared, StageDirectory model, TrainedModel trained, ChosenUsers chosen, RecommendableItems items)
{
    private const int FewestUsers = 1000; // of a task that is to be worth its start

    // Parts of the prepared data with what a user has done; dislikes are at no time.
    private static readonly (string Part, string Condition, string Timestamp)[] Parts =
        [("train", "label = 1", "timestamp"), ("validation", "true", "timestamp"), ("test", "true", "timestamp"),
        (PreparedData.Disliked, "true", $"CAST({TaskUsers.NoTime} AS BIGINT)")];

    private readonly ScoreOptions options = job.Configuration.Score;
    private readonly IndexSet? wantedUsers = chosen.UnknownCount == 0 && chosen.Users.Length == trained.Users.Count
        ? null
        : new(chosen.Users.Where(user => user >= 0), trained.Users.Count);
    private readonly RecommendableItems? limited
        = items.Groups is null && items.Items.Length == trained.Items.Count && !items.HasUserRulesOrLists ? null : items;
    private string? place; // where the prepared rows are for Spark, if not in the run directory

    /// <summary>Writes the lists of the chosen users whom the model knows.</summary>
    /// <param name="writer">Has no such part yet.</param>
    /// <param name="part">Name of the part.</param>
    /// <param name="partOfList">The part of a named list: with rules over users and named lists all rows come back here, and are one file each.</param>
    /// <returns>How many users were wanted, rows by source, and what was written of each named list.</returns>
    /// <exception cref="InvalidInputException">An executor cannot run the tasks, or the rows are not those of the run
    /// directory; the message says why.</exception>
    public (long Users, SortedDictionary<string, long> Rows, ListSums[] SumsOfLists) Write(IStageWriter writer, string part, Func<string, string> partOfList)
    {
        string directory = writer.File(part), archive = $"{directory}.model.tar.gz";
        try
        {
            var engine = (IClusterEngine)job.Engine.Open(job);
            place = PreparedPlace.Of(engine, prepared);
            string rows = Rows(engine), query = Query(engine, rows, TaskModel.Ship(engine, model, limited, archive));
            (long users, long withList) = Expect(engine, rows);
            SortedDictionary<string, long> bySource;
            ListSums[] ofLists = [];
            long lists;
            if (items.HasUserRulesOrLists || (place is not null && !writer.IsElsewhere))
            {
                using var collected = new CollectedLists(trained, [.. items.Lists.Select(list => list.Options)],
                    list => Path.Combine(list.Length == 0 ? directory : writer.File(partOfList(list)), "part-00000.parquet"));
                collected.Write(engine.QueryParts(query));
                (lists, bySource, ofLists) = (items.HasUserRulesOrLists ? collected.Users : collected.Lists, collected.Rows, collected.SumsOfLists);
            }
            else
            {
                (lists, bySource) = WriteBySpark(engine, query, writer.ForEngine(part));
                if (writer.IsElsewhere)
                {
                    writer.Collect();
                    long here = ParquetColumns.RowsIn(directory), there = bySource.Values.Sum();
                    if (here != there) throw new InvalidDataException($"Spark wrote {there:N0} rows, and {here:N0} were listed. Run the same command again.");
                }
            }

            long expected = items.HasUserRulesOrLists ? users : withList;
            if (lists != expected)
            {
                throw new InvalidDataException(
                    $"Spark wrote the lists of {lists:N0} users, and there should be {expected:N0}. Nothing was published; run the same command again.");
            }

            foreach (string source in new[] { Source.Model, Source.Popularity }) bySource.TryAdd(source, 0);
            return (users, bySource, ofLists);
        }
        catch (SqlEngineException failure) when (TaskFailure.In(failure) is { } said)
        {
            throw new InvalidInputException($"A scoring task of Spark failed: {said}", failure);
        }
        finally
        {
            job.Engine.Close();
            File.Delete(archive); // Spark's driver may serve it until it is closed
        }
    }

    // A row of the user alone, so that nobody is missing, and one for each item that they have.
    private string Rows(IClusterEngine engine)
    {
        string wanted = wantedUsers?.Has("user_index") ?? "true";
        engine.ReadParquet("ncf_score_users", [PathOf("users")]);
        string rows = $"SELECT user_index, CAST(-1 AS INT) AS item_index, CAST(0 AS BIGINT) AS timestamp FROM ncf_score_users WHERE {wanted}";
        bool past = items.Lists.Any(list => list.Options.By is ListKind.Again or ListKind.Because);
        if (!options.ExcludeSeen && options.Since.Length == 0 && trained.Weights.Pools is null && !past) return rows;
        foreach ((string part, string condition, string timestamp) in Parts.Where(part => prepared.Manifest.Rows.GetValueOrDefault(part.Part) > 0))
        {
            engine.ReadParquet($"ncf_score_{part}", [PathOf(part)]);
            rows += $" UNION ALL SELECT user_index, item_index, {timestamp} AS timestamp FROM ncf_score_{part} WHERE {condition} AND {wanted}";
        }

        return rows;
    }

    private string PathOf(string part) => place is null ? prepared.File(part) : $"{place}/{part}";

    private string Query(IClusterEngine engine, string rows, string modelThere)
    {
        string program = TaskProgram.Ship(job, engine), settings = TaskWord.Of(options with { Threads = 1 }); // Spark runs a task for each core
        var script = new TaskScript(
            TaskProgram.Command(program, $"{ScoreTask.Verb} {settings} {modelThere}"),
            [("user_id", TypeOf(trained.Users)), ("rank", "INT"), ("item_id", TypeOf(trained.Items)), ("score", "FLOAT"), ("source", "STRING"),
                .. items.HasUserRulesOrLists ? [("because", TypeOf(trained.Items)), ("list", "INT"), ("propensity", "FLOAT"), ("without_promotion", "DOUBLE")]
                    : Array.Empty<(string, string)>()]);
        string ofLists = items.HasUserRulesOrLists ? $", {Id("because", trained.Items)}, list, propensity, without_promotion" : "";
        return $"SELECT {Id("user_id", trained.Users)}, rank, {Id("item_id", trained.Items)}, score, source{ofLists} "
            + $"FROM ({script.Over(ByTask(engine, rows), "user_index", "item_index", "timestamp")})";
    }

    // Task t has the users from t · ⌈users / tasks⌉ on, by user and item.
    private string ByTask(IClusterEngine engine, string rows)
    {
        long users = trained.Users.Count, wanted = job.Configuration.Spark.ScoreTasks > 0
            ? Math.Min(job.Configuration.Spark.ScoreTasks, users)
            : Math.Clamp(users / FewestUsers, 1, engine.ShufflePartitions);
        long usersEach = (users + wanted - 1) / wanted;
        int tasks = (int)((users + usersEach - 1) / usersEach);
        string numbered = $"SELECT *, CAST({engine.Dialect.IntegerQuotient("user_index", usersEach.ToString())} AS INT) AS task FROM ({rows})";
        return $"SELECT user_index, item_index, timestamp FROM ({TaskScript.Partitioned(numbered, "task", tasks)}) SORT BY user_index, item_index";
    }

    // The users who are wanted, and those of them to whom something is left to recommend.
    private (long Users, long WithList) Expect(IClusterEngine engine, string rows)
    {
        string among = limited is null ? "true" : new IndexSet(limited.Items, trained.Items.Count).Has("item_index");
        string seen = options.ExcludeSeen ? $"count(CASE WHEN item_index >= 0 AND {among} THEN 1 END)" : "0";
        string since = options.Since.Length == 0 ? "" : $" HAVING max(CASE WHEN item_index >= 0 THEN timestamp END) >= {TimestampText.Parse(options.Since)}";
        IReadOnlyList<object?> counts = engine.Query($"SELECT count(*), count(CASE WHEN seen < {items.Items.Length} THEN 1 END) "
            + $"FROM (SELECT user_index, {seen} AS seen FROM ({rows}) GROUP BY user_index{since})")[0];
        return ((long)counts[0]!, (long)counts[1]!);
    }

    // What was written must be what was to be written: a script that ends well without its rows fails nothing. NULL is what Spark could not read.
    private static (long Lists, SortedDictionary<string, long> Rows) WriteBySpark(IClusterEngine engine, string query, string directory)
    {
        engine.WriteParquet(query, directory);
        engine.ReadParquet("ncf_score_written", [directory]);
        var (lists, bySource) = (0L, new SortedDictionary<string, long>(StringComparer.Ordinal));
        foreach (IReadOnlyList<object?> row in engine.Query("SELECT source, count(*), count(CASE WHEN rank = 1 THEN 1 END) FROM ncf_score_written "
            + "WHERE user_id IS NOT NULL AND rank IS NOT NULL AND item_id IS NOT NULL AND score IS NOT NULL GROUP BY source"))
        {
            bySource[(string)row[0]!] = (long)row[1]!;
            lists += (long)row[2]!;
        }

        return (lists, bySource);
    }

    private static string TypeOf(IdTable ids) => ids.IsNumeric ? "BIGINT" : "STRING";

    private static string Id(string column, IdTable ids) => ids.IsNumeric ? column : $"CAST(unbase64({column}) AS STRING) AS {column}";
}
