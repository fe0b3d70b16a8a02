using System.Diagnostics;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkTaskScriptTests(SparkFixture spark) : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-test-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [SkippableFact]
    public void EachPartitionIsOneTaskAndHashesAreOurs()
    {
        using SparkConnectEngine engine = Connect();
        foreach (int partitions in new[] { 1, 2, 7, 8 })
        {
            string rows = $"SELECT CAST(id % {partitions} AS INT) AS p FROM range(0, {3 * partitions}, 1, 5)";
            var placed = engine.Query($"SELECT DISTINCT p, spark_partition_id() FROM ({TaskScript.Partitioned(rows, "p", partitions)}) ORDER BY p");
            Assert.Equal(Enumerable.Range(0, partitions).Select(p => ((object?)(long)p, (object?)(long)p)), placed.Select(row => (row[0], row[1])));
        }

        Assert.Equal(new[] { 0, 1, 42, -1, int.MaxValue }.Select(k => (object?)(long)PartitionKeys.Hash(k)),
            engine.Query("SELECT hash(0), hash(1), hash(42), hash(-1), hash(2147483647)")[0]);
    }

    [SkippableFact]
    public void AScriptReadsItsRowsInOrderAndItsRowsAreRead()
    {
        using SparkConnectEngine engine = Connect();
        var script = new TaskScript(@"awk -F '\t' '{ print $1 ""\t"" $2 ""\t~"" }'".Replace("\"\"", "\"", StringComparison.Ordinal),
            [("id", "INT"), ("score", "FLOAT"), ("nothing", "STRING")]);
        var rows = engine.Query(script.Over("SELECT CAST(id AS INT) AS id, CAST(id AS FLOAT) / 3 AS score FROM range(0, 5, 1, 1)", "id", "score"));
        Assert.Equal(Enumerable.Range(0, 5).Select(i => ((object?)(long)i, (object?)(double)(i / 3f), (object?)null)),
            rows.Select(row => (row[0], row[1], row[2])));
    }

    [SkippableFact]
    public void AnArchiveIsThereForTheTasksOfTheSessionWithItsPermissions()
    {
        File.WriteAllText(Path.Combine(directory, "hello"), "#!/bin/sh\necho hello\ncat >/dev/null\n");
        string archive = Path.Combine(directory, "a.tar.gz");
        using (Process tar = Process.Start(
            "bash", ["-c", $"cd {directory} && chmod +x hello && head -c 3000000 /dev/urandom >large && tar czf a.tar.gz hello large"]))
        {
            tar.WaitForExit();
        }

        using SparkConnectEngine engine = Connect();
        string there = engine.Ship(archive, "greeting-1");
        Assert.Equal("hello", engine.Query(new TaskScript($"exec {there}/hello", [("word", "STRING")]).Over("SELECT id FROM range(0, 1, 1, 1)", "id"))[0][0]);
    }

    [SkippableFact]
    public void WhatAScriptSaysOnStandardErrorIsInTheMessage()
    {
        using SparkConnectEngine engine = Connect();
        var script = new TaskScript("cat >/dev/null; echo 'the reason' >&2; sleep 0.3; exit 3", [("x", "INT")]);
        var failure = Assert.Throws<SqlEngineException>(() => engine.Query(script.Over("SELECT id FROM range(0, 1, 1, 1)", "id")));
        Assert.Contains("Subprocess exited with status 3. Error: the reason", failure.Message, StringComparison.Ordinal);
    }

    private SparkConnectEngine Connect() => SparkConnectEngine.Connect(spark.Address, new SparkConnectOptions());
}
