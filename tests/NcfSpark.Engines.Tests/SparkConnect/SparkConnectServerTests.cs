using System.Diagnostics;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkConnectServerTests(SparkFixture spark)
{
    [SkippableFact]
    public async Task AClusterOfTwoExecutorsWorksAndIsGoneWithItsDriver()
    {
        string work = Path.Combine(spark.Home, "work");
        string[] before = Directory.Exists(work) ? Directory.GetFileSystemEntries(work) : [];
        using SparkConnectServer server = spark.Start("local-cluster[2,1,1024]", "--conf", "spark.sql.shuffle.partitions=4");
        var options = new SparkConnectOptions { HowServerEnded = server.HowItEnded };
        await using SparkConnectClient client = await SparkConnectClient.ConnectAsync(server.Address, options);
        IReadOnlyList<object?> row = Assert.Single(await client.QueryAsync("SELECT count(*), sum(id % 7) FROM range(0, 100000, 1, 4)"));
        Assert.Equal<object?>([100_000L, 299_995L], row);

        int[] family = Descendants(server.ProcessId);
        int[] executors = [.. family.Where(id => CommandLine(id).Contains("CoarseGrainedExecutorBackend"))];
        int driver = Assert.Single(family, id => CommandLine(id) is var line && line.Contains("SparkConnectServer") && line.Contains("bin/java"));
        Assert.Equal(2, executors.Length);
        Assert.DoesNotContain(family, id => CommandLine(id).Contains(server.Address.Token!));

        Task<IReadOnlyList<IReadOnlyList<object?>>> query = client.QueryAsync($"SELECT {SparkSql.Sleep("id", 60_000)} FROM range(0, 4, 1, 4)");
        await Task.Delay(1500);
        Process.GetProcessById(driver).Kill();
        var lost = await Assert.ThrowsAsync<SparkException>(() => query);
        Assert.Equal(SparkErrorKind.ServerLost, lost.Kind);
        Assert.Contains("was killed (signal 9", lost.Message);
        for (int looks = 0; looks < 1000 && executors.Any(IsAlive); looks++) await Task.Delay(100);
        Assert.DoesNotContain(executors, IsAlive);
        Assert.Equal(before, Directory.Exists(work) ? Directory.GetFileSystemEntries(work) : []);
    }

    [SkippableFact]
    public async Task AFrozenServerIsGivenUpAndOneThatThawsInTimeGoesOn()
    {
        Assert.True(spark.Address.Port > 0); // it runs
        int java = Assert.Single(Descendants(spark.ProcessId), id => CommandLine(id).Contains("bin/java"));
        var options = new SparkConnectOptions
        {
            SilenceLimit = TimeSpan.FromSeconds(1),
            ConnectTimeout = TimeSpan.FromSeconds(8), // also for the first contact, which a busy machine delays
            ReconnectLimit = TimeSpan.FromSeconds(2),
        };
        var lost = await Assert.ThrowsAsync<SparkException>(() => QueryWhileFrozen(java, TimeSpan.FromMinutes(10), options));
        Assert.Equal(SparkErrorKind.ServerLost, lost.Kind);
        Assert.Contains("has not answered for", lost.Message);
        Assert.Equal(1, await QueryWhileFrozen(java, TimeSpan.FromSeconds(11), options with { ReconnectLimit = TimeSpan.FromMinutes(1) }));
    }

    [SkippableFact]
    public async Task AWrongMasterIsToldBeforeASparkIsStarted() =>
        Assert.Contains("--master nonsense is no master that Spark knows: local[*]", await MessageFrom(new() { Master = "nonsense", SparkHome = spark.Home }));

    [SkippableFact]
    public async Task AServerThatDoesNotStartEndsWithItsOwnWordsAndWhatToDo()
    {
        string message = await MessageFrom(new() { Master = "local-cluster[1,1,1]", SparkHome = spark.Home, SubmitArguments = ["--executor-memory", "1x"] });
        Assert.Contains("ended with exit code", message);
        Assert.DoesNotContain("SparkSubmit.scala", message);
    }

    [SkippableFact]
    public async Task AMasterThatIsNotThereIsTold() =>
        Assert.Contains("No Spark master answers at spark://127.0.0.1:1 (Connection refused",
            await MessageFrom(new() { Master = "spark://127.0.0.1:1", SparkHome = spark.Home }));

    [Fact]
    public async Task ADirectoryWithoutSparkIsTold() =>
        Assert.Contains("there is no bin/spark-submit in it. Unpack Spark 3.5 to 4.3",
            await MessageFrom(new() { Master = "local[1]", SparkHome = AppContext.BaseDirectory }));

    [SkippableFact]
    public async Task WithoutJavaTheMessageSaysWhichOne()
    {
        string home = spark.Home;
        string? java = Environment.GetEnvironmentVariable("JAVA_HOME");
        Environment.SetEnvironmentVariable("JAVA_HOME", AppContext.BaseDirectory);
        try
        {
            Assert.Contains("there is no bin/java in it. Spark 4 needs Java 17 or 21", await MessageFrom(new() { Master = "local[1]", SparkHome = home }));
        }
        finally
        {
            Environment.SetEnvironmentVariable("JAVA_HOME", java);
        }
    }

    [SkippableFact]
    public async Task CancellingTheStartLeavesNothing()
    {
        string mark = $"spark.ncfspark.mark={Guid.NewGuid():N}";
        using var cancellation = new CancellationTokenSource();
        var options = new SparkServerOptions { Master = "local[1]", SparkHome = spark.Home, SubmitArguments = ["--conf", mark] };
        Task<SparkConnectServer> starting = SparkConnectServer.StartAsync(options, cancellation.Token);
        while (!Processes().Any(id => CommandLine(id) is var line && line.Contains(mark) && line.Contains("bin/java"))) await Task.Delay(100);
        string shell = Processes().Select(CommandLine).First(line => line.Contains("spark-server.sh") && line.Contains(mark));
        string scratch = shell.Split(' ').Single(word => word.StartsWith(Path.GetTempPath(), StringComparison.Ordinal) && word.Contains("ncfspark-"));
        Assert.True(Directory.Exists(scratch));

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.DoesNotContain(Processes(), id => CommandLine(id).Contains(mark));
        Assert.False(Directory.Exists(scratch));
    }

    // The rows of a query in the middle of which the server is frozen, so long or until the query ends.
    private async Task<int> QueryWhileFrozen(int java, TimeSpan frozen, SparkConnectOptions options)
    {
        await using SparkConnectClient client = await spark.ConnectAsync(options);
        Task<IReadOnlyList<IReadOnlyList<object?>>> query = client.QueryAsync($"SELECT {SparkSql.Sleep("id", 2000)} FROM range(0, 1, 1, 1)");
        await Task.Delay(1000);
        Signal("STOP");
        try
        {
            await Task.WhenAny(query, Task.Delay(frozen));
        }
        finally
        {
            Signal("CONT");
        }

        return (await query).Count;

        void Signal(string name) => Process.Start("kill", [$"-{name}", $"{java}"]).WaitForExit();
    }

    private static async Task<string> MessageFrom(SparkServerOptions options)
    {
        return (await Assert.ThrowsAsync<InvalidInputException>(() => SparkConnectServer.StartAsync(options))).Message;
    }

    private static IEnumerable<int> Processes() =>
        Directory.GetDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0).Where(id => id > 0);

    private static int[] Descendants(int id)
    {
        int[] children = [.. Processes().Where(other => Parent(other) == id)];
        return [.. children, .. children.SelectMany(Descendants)];
    }

    private static int Parent(int id)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat"); // "4242 (a name) S 1 …"
            return int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ')[2]);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static bool IsAlive(int id) => CommandLine(id).Length > 0;
}
