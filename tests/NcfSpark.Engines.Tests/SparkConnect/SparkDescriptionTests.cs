using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>What Spark's UI shows of a run. The event log is what the UI, and the history server, are drawn from.</summary>
[Trait("Category", "Slow")]
public sealed class SparkDescriptionTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ncfspark-description-");

    public void Dispose() => folder.Delete(recursive: true);

    [SkippableFact]
    public async Task JobsAreDescribedInWordsAndTaggedAndNothingSaysTheToken()
    {
        string events = folder.CreateSubdirectory("events").FullName;
        string[] conf = ["spark.eventLog.enabled=true", $"spark.eventLog.dir=file:{events}", "spark.eventLog.compress=false"];
        SparkConnectServer server = await SparkConnectServer.StartAsync(new SparkServerOptions
        {
            Master = "local[2]",
            SparkHome = SparkHome.Require(),
            SubmitArguments = [.. SparkHome.ForSeconds, .. conf.SelectMany(one => new[] { "--conf", one })],
            Name = "NcfSpark shop, 2026-11-30",
        });
        string token = server.Address.Token!;
        try
        {
            using SparkConnectEngine engine = SparkConnectEngine.Connect(server.Address, new SparkConnectOptions { RunName = "shop, 2026-11-30" });
            engine.Materialize("ncf_split", "SELECT id, id % 7 AS part FROM range(0, 1000, 1, 2)");
            engine.WriteParquet("SELECT * FROM ncf_split", Path.Combine(folder.FullName, "train"));
            Assert.Equal(1000L, engine.Query("SELECT count(*) FROM ncf_split")[0][0]);
        }
        finally
        {
            server.Dispose();
        }

        string log = string.Concat(Directory.GetFiles(events, "*", SearchOption.AllDirectories).Select(File.ReadAllText));
        string[] jobs = [.. log.Split('\n').Where(line => line.Contains("\"SparkListenerJobStart\"", StringComparison.Ordinal))];
        Assert.NotEmpty(jobs);
        foreach (string what in new[] { "split", "writing train" })
        {
            Assert.Contains(jobs, job => job.Contains($"\"spark.job.description\":\"ncfspark shop, 2026-11-30: {what}\"", StringComparison.Ordinal));
        }

        Assert.All(jobs, job => Assert.Contains("Tag_ncfspark shop  2026-11-30", job, StringComparison.Ordinal));
        Assert.Contains("\"App Name\":\"NcfSpark shop, 2026-11-30\"", log, StringComparison.Ordinal);
        Assert.DoesNotContain(token, log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/data/runs/shop", "shop")]
    [InlineData("runs/shop/2026-11-30", "shop 2026-11-30")]
    [InlineData("runs/shop/2026-11-30.2/", "shop 2026-11-30.2")]
    [InlineData("s3a://bucket/shop", "shop")]
    public void ARunIsCalledByItsDirectory(string directory, string name) => Assert.Equal(name, SparkConnectOptions.RunOf(directory));

    [Theory]
    [InlineData("SELECT count(*) FROM ncf_log WHERE problem = 0", "log")]
    [InlineData("SELECT 1 AS ncf_file FROM ncf_user_counts", "user counts")]
    [InlineData("SELECT TRANSFORM (a) USING 'x' FROM ncf_log", "tasks")]
    [InlineData("SHOW TABLES", "query")]
    public void AStatementIsCalledByTheTableThatItReads(string sql, string words) => Assert.Equal(words, SparkDescription.WordsOf(sql));
}
