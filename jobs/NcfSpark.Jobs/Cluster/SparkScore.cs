using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Jobs.Cluster;

/// <summary>
/// Recommendations computed within Spark's tasks. Spark brings each task the rows of its users, which are as many in every task and follow one another; a process of ours in the
/// task reads the model from the run directory, scores them (<see cref="ScoreTask"/>), and Spark writes what it says, in its order: by user and rank, over all files.
/// A task that is lost is run again by Spark, and no other.
/// </summary>
internal sealed class SparkScore(JobContext job, StageDirectory prepared, StageDirectory model)
{
    private const int FewestUsers = 1000; // of a task that is to be worth its start

    // Parts of the prepared data with what a user has done.
    private static readonly (string Part, string Condition)[] Parts = [("train", " WHERE label = 1"), ("validation", ""), ("test", "")];

    private readonly long users = prepared.Manifest.Rows["users"], items = prepared.Manifest.Rows["items"];

    /// <summary>Writes the files into a directory that is not there yet.</summary>
    /// <returns>Rows by source.</returns>
    /// <exception cref="InvalidInputException">An executor cannot run the tasks; the message says why.</exception>
    public SortedDictionary<string, long> Write(string directory)
    {
        try
        {
            var engine = (IClusterEngine)job.Engine.Open(job);
            using var heartbeat = new Heartbeat(job.RunDirectory, job.Time);
            var settings = new ScoreTaskSettings(Path.GetFullPath(job.RunDirectory), model.Manifest.Fingerprint, heartbeat.Path, job.Configuration.Score with { Threads = 1 }); // Spark runs a task for each core
            bool numericUsers = !ParquetColumns.IsString(model.File("users.parquet"), "user_id"), numericItems = !ParquetColumns.IsString(model.File("items.parquet"), "item_id");
            var script = new TaskScript($"exec {Program(engine)} {ScoreTask.Verb} {settings.ToWord()}", [("user_id", numericUsers ? "BIGINT" : "STRING"), ("rank", "INT"), ("item_id", numericItems ? "BIGINT" : "STRING"), ("score", "FLOAT"), ("source", "STRING")]);
            string rows = Rows(engine);
            engine.WriteParquet($"SELECT {Id("user_id", numericUsers)}, rank, {Id("item_id", numericItems)}, score, source FROM ({script.Over(ByTask(engine, rows, Tasks(engine)), "user_index", "item_index", "timestamp")})", directory);
            return Count(engine, rows, directory);
        }
        catch (SqlEngineException failure) when (TaskFailure.In(failure) is { } said)
        {
            throw new InvalidInputException($"A scoring task of Spark failed: {said}", failure);
        }
        finally
        {
            job.Engine.Close();
        }
    }

    // A row of the user alone, so that nobody is missing, and one for each item that they have.
    private string Rows(IClusterEngine engine)
    {
        Read("users");
        string rows = "SELECT user_index, CAST(-1 AS INT) AS item_index, CAST(0 AS BIGINT) AS timestamp FROM ncf_score_users";
        if (!job.Configuration.Score.ExcludeSeen && !job.Configuration.Model.HasHistory) return rows;
        foreach ((string part, string condition) in Parts.Where(part => prepared.Manifest.Rows.GetValueOrDefault(part.Part) > 0))
        {
            Read(part);
            rows += $" UNION ALL SELECT user_index, item_index, timestamp FROM ncf_score_{part}{condition}";
        }

        return rows;

        void Read(string part) => engine.ReadParquet($"ncf_score_{part}", [prepared.File(part)]);
    }

    // Task t has the users from t · ⌈users / tasks⌉ on, by user and item.
    private string ByTask(IClusterEngine engine, string rows, long tasks)
    {
        long usersEach = (users + tasks - 1) / tasks;
        int used = (int)((users + usersEach - 1) / usersEach);
        string numbered = $"SELECT *, CAST({engine.Dialect.IntegerQuotient("user_index", usersEach.ToString())} AS INT) AS task FROM ({rows})";
        return $"SELECT user_index, item_index, timestamp FROM ({TaskScript.Partitioned(numbered, "task", used)}) SORT BY user_index, item_index";
    }

    private long Tasks(IClusterEngine engine) => job.Configuration.Spark.ScoreTasks > 0
        ? Math.Min(job.Configuration.Spark.ScoreTasks, users)
        : Math.Clamp(users / FewestUsers, 1, engine.ShufflePartitions);

    private string Program(IClusterEngine engine)
    {
        if (job.Configuration.Spark.WorkerDirectory is { Length: > 0 } there) return $"{there}/ncfspark";
        (string archive, string alias) = WorkerArchive.Make(WorkerArchive.CacheDirectory, job.Progress, job.Time);
        return $"{engine.Ship(archive, alias)}/ncfspark";
    }

    // What was written must be what was to be written: a script that ends well without its rows fails nothing.
    private SortedDictionary<string, long> Count(IClusterEngine engine, string rows, string directory)
    {
        long most = Math.Min(job.Configuration.Score.TopK, items);
        string left = job.Configuration.Score.ExcludeSeen ? $"{items} - (count(*) - 1)" : $"{items}";
        long wanted = (long)engine.Query($"SELECT coalesce(sum(least({most}, n)), 0) FROM (SELECT {left} AS n FROM ({rows}) GROUP BY user_index)")[0][0]!;
        var bySource = new SortedDictionary<string, long>(StringComparer.Ordinal) { [Scoring.Source.Model] = 0, [Scoring.Source.Popularity] = 0 };
        engine.ReadParquet("ncf_score_written", [directory]);
        foreach (IReadOnlyList<object?> row in engine.Query("SELECT source, count(*) FROM ncf_score_written WHERE score IS NOT NULL AND user_id IS NOT NULL AND item_id IS NOT NULL GROUP BY source")) bySource[(string)row[0]!] = (long)row[1]!;
        return bySource.Values.Sum() == wanted ? bySource : throw new InvalidDataException($"Spark wrote {bySource.Values.Sum():N0} recommendations where there should be {wanted:N0}. Nothing was published; run the same command again.");
    }

    private static string Id(string column, bool numeric) => numeric ? column : $"CAST(unbase64({column}) AS STRING) AS {column}";
}
