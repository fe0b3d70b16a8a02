using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>
/// The rows of each training worker's task, as SQL: its settings, and where executors do not see the run directory
/// (<see cref="StageDirectory.ForSpark"/>) those of its users, and no others. All stand in one partition, and so reach one task.
/// </summary>
internal sealed class WorkerQueries
{
    /// <summary>The columns that a task reads, see <see cref="WorkerInput"/>.</summary>
    public static readonly string[] Columns = ["part", "user_index", "item_index", "timestamp", "settings"];

    private readonly string runDirectory;
    private readonly int threads;
    private readonly List<string> brought = []; // queries of part, user_index, item_index, timestamp, weight and worker
    private readonly Dictionary<(int Worker, int Part), long> counts = [];

    private WorkerQueries(string runDirectory, int threads) => (this.runDirectory, this.threads) = (runDirectory, threads);

    /// <summary>For workers that read their rows themselves, from a run directory that they see.</summary>
    public static WorkerQueries FromStorage(string runDirectory, int threads) => new(runDirectory, threads);

    /// <summary>For workers whose rows Spark brings, from where it reads them.</summary>
    /// <param name="path">Such as s3a://bucket/shop/2026-11-24/prepared/spark-1f9c2b7e.</param>
    public static WorkerQueries FromSpark(IClusterEngine engine, string path, StageManifest prepared, WorkerSetup setup, int threads)
    {
        var queries = new WorkerQueries("", threads);
        int workers = setup.Train.Workers;
        bool weighted = prepared.Rows.ContainsKey(PreparedData.Disliked);
        queries.Bring(engine, path, "train", "CAST(label AS INT)", $"user_index % {setup.Shards} % {workers}", weighted);
        if (weighted && prepared.Rows[PreparedData.Disliked] > 0)
        {
            queries.Bring(engine, path, PreparedData.Disliked, $"{(int)WorkerPart.Disliked}", $"user_index % {setup.Shards} % {workers}", weighted,
                setup.TrainsOnHeldOut ? "" : " WHERE part = 0");
        }

        if (setup.Validates || (setup.TrainsOnHeldOut && prepared.Rows.GetValueOrDefault("validation") > 0))
        {
            queries.Bring(engine, path, "validation", $"{(int)WorkerPart.Validation}", $"user_index % {setup.Shards} % {workers}", weighted);
        }

        if (setup.AvoidHeldOut) queries.Bring(engine, path, "test", $"{(int)WorkerPart.Test}", $"user_index % {setup.Shards} % {workers}", weighted);
        return queries;
    }

    /// <summary>A worker's rows.</summary>
    /// <param name="tokenFile">Where its task finds the run's secret.</param>
    public string Of(WorkerCredentials worker, string tokenFile)
    {
        long[] rows = brought.Count == 0 ? [] : [.. Enum.GetValues<WorkerPart>().Select(part => counts.GetValueOrDefault((worker.Worker, (int)part)))];
        string settings = TaskWord.Of(new WorkerTaskSettings(worker with { Token = "" }, tokenFile, runDirectory, rows, threads));
        string query = "SELECT CAST(NULL AS INT) AS part, CAST(NULL AS INT) AS user_index, CAST(NULL AS INT) AS item_index, "
            + $"CAST(NULL AS BIGINT) AS timestamp, '{settings}' AS settings FROM range(0, 1, 1, 1)";
        foreach (string part in brought)
        {
            query += $" UNION ALL SELECT part, user_index, item_index, timestamp, weight FROM ({part}) WHERE worker = {worker.Worker}";
        }

        return $"SELECT /*+ COALESCE(1) */ * FROM ({query})";
    }

    private void Bring(IClusterEngine engine, string path, string part, string number, string worker, bool weighted, string where = "")
    {
        string view = $"ncf_worker_{part}", weight = weighted ? "CAST(weight AS STRING)" : "CAST(NULL AS STRING)";
        string query = $"SELECT {number} AS part, user_index, item_index, timestamp, {weight} AS weight, {worker} AS worker FROM {view}{where}";
        engine.ReadParquet(view, [$"{path}/{part}"]);
        foreach (IReadOnlyList<object?> row in engine.Query($"SELECT worker, part, count(*) FROM ({query}) GROUP BY worker, part"))
        {
            counts[((int)(long)row[0]!, (int)(long)row[1]!)] = (long)row[2]!;
        }

        brought.Add(query);
    }
}
