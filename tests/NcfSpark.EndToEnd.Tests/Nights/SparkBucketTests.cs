using NcfSpark.Core;
using NcfSpark.Engines.Tests.SparkConnect;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// Nights in a bucket with Spark's executors on other machines: they read and write there, by s3a, and nothing of this machine. Hadoop's own client of S3 is in
/// no Spark of the tests; theirs sees a folder as s3a://shop, in which the server of the tests has its objects.
/// </summary>
[Collection(RunningSparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkBucketTests(RunningSpark spark) : IDisposable
{
    private readonly BucketDrivers bucket = new(new S3Objects { Shared = spark.Buckets });

    public void Dispose()
    {
        bucket.Dispose();
        Directory.Delete(Path.Combine(spark.Buckets, S3Server.Bucket), recursive: true);
    }

    [SkippableFact]
    public void ExecutorsReadAndWriteInTheBucketAndTheNextDriverFindsWhatTheyWrote()
    {
        SparkHome.Require();
        string log = SmallLog.Write(Path.Combine(spark.Buckets, S3Server.Bucket, "nights"), users: 300, items: 80);
        string[] night =
        [
            "nightly", .. SmallLog.Settings(log), "--set", "Train:Workers=2", "--set", "Train:Server:RoundsPerEpoch=3", "--set", "Nightly:Gate=false",
        ];
        using var local = new RunDirectory();
        NcfSparkProcess.RunWell([.. night, "--run", local.Path]);
        using CutNetwork way = spark.Elsewhere();
        string server = $"127.0.0.1:{CutNetwork.FreePort()}";
        string[] onSpark =
        [
            .. night, "--run", BucketDrivers.Run, .. spark.RemoteBy(way), "--set", $"Input:Path=s3://{S3Server.Bucket}/nights/log.csv", "--set",
            "Train:Placement=spark", "--set", $"Train:Server:Address={server}", "--set", $"Train:Server:ReachedAt={server}",
        ];
        string said = bucket.RunWell(onSpark);
        Assert.Contains($"in production: {RunDirectory.Night}", said, StringComparison.Ordinal);

        string place = Path.Combine(spark.Buckets, S3Server.Bucket, BucketDrivers.Prefix);
        string predictions = bucket.Current["predictions"]!.GetValue<string>();
        Assert.StartsWith($"{RunDirectory.Night}/predictions/spark-", predictions, StringComparison.Ordinal);
        Assert.Equal(Rows(local.Served("predictions")), Rows(Path.Combine(place, predictions)));
        Assert.Single(Directory.GetDirectories(Path.Combine(place, RunDirectory.Night, PreparedData.StageName), "spark-*"));
        Assert.DoesNotContain(spark.ExecutorLogs(), log => log.Contains(bucket.Folder, StringComparison.Ordinal)); // of the working copy

        Assert.Contains("Recommended", bucket.RunWell("show", "42", "--run", BucketDrivers.Run), StringComparison.Ordinal);
        bucket.RunWell([.. night, "--run", BucketDrivers.Run, "--set", "Nightly:Night=2026-11-02", "--set", "Train:Seed=2"]); // without Spark
        Assert.Equal("2026-11-02", bucket.Current["night"]!.GetValue<string>());
    }

    private static List<(string User, int Rank, string Item, int Score)> Rows(string predictions)
    {
        string lists = Path.Combine(predictions, "recommendations");
        string[] users = ParquetColumns.ReadAsText(lists, "user_id"), items = ParquetColumns.ReadAsText(lists, "item_id");
        int[] ranks = ParquetColumns.Read<int>(lists, "rank");
        float[] scores = ParquetColumns.Read<float>(lists, "score");
        return [.. users.Select((user, row) => (user, ranks[row], items[row], BitConverter.SingleToInt32Bits(scores[row])))];
    }
}
