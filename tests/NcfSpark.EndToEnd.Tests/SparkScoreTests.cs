using System.Diagnostics;
using NcfSpark.Data;
using NcfSpark.Engines.SparkConnect;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>score within Spark's tasks, as a user runs it: the rows of score without Spark, in the same order, whatever happens to an executor.</summary>
public sealed class SparkScoreTests : IDisposable
{
    private readonly RunDirectory run = new();
    private readonly string log;

    public SparkScoreTests() => log = SmallLog.Write(Path.GetDirectoryName(run.Path)!);

    public void Dispose() => run.Dispose();

    [SkippableFact]
    public void TasksGiveTheRowsOfOneProcessInTheirOrder()
    {
        SparkHome.Require();
        string[] settings = Settings("Input:IdType=text", "Model:Kind=mf", "Model:User=history", "Model:Dropout=[]", "Model:EmbeddingActivation=none", "Score:TopK=25"); // more than some have left
        List<Row> expected = RowsOfOneProcess(settings);
        AssertRows(expected, "local[2]", settings, "Spark:ScoreTasks=7");
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(60)]
    public void TheirNumberChangesNoRow(int tasks)
    {
        SparkHome.RequireAsked("half a minute");
        string[] settings = Settings();
        List<Row> expected = RowsOfOneProcess(settings);
        AssertRows(expected, "local[2]", settings, $"Spark:ScoreTasks={tasks}");
    }

    [SkippableFact]
    public void UsersWhoHaveEverythingGetNothingAndSeenItemsMayBeGivenAgain()
    {
        SparkHome.RequireAsked("half a minute");
        string[] settings = Settings("Score:ExcludeSeen=false", "Score:TopK=100");
        List<Row> expected = RowsOfOneProcess(settings);
        AssertRows(expected, "local[2]", settings, "Spark:ScoreTasks=3");
    }

    [SkippableFact]
    public void EverySettingOfScoreHoldsOnAServerThatRuns()
    {
        SparkHome.RequireAsked("half a minute");
        string folder = Path.GetDirectoryName(run.Path)!;
        string Written(string name, string header, IEnumerable<string> lines)
        {
            string path = Path.Combine(folder, name);
            File.WriteAllLines(path, [header, .. lines]);
            return path;
        }

        string users = Written("users.csv", "user_id", Enumerable.Range(20, 50).Select(user => $"{user}")); // 60 … 69 are not known
        string deny = Written("deny.csv", "item_id", ["3", "8", "999"]);
        string items = Written("items.csv", "item_id,group", Enumerable.Range(0, 40).Select(item => $"{item},{(item % 5 == 0 ? "" : $"g{item % 3}")}"));
        string[] lists = ["Score:UsersColumn=user_id", "Score:ItemsColumn=item_id", "Score:DenyPath=" + deny, "Score:ItemsPath=" + items, "Score:MaxPerGroup=2", "Score:GroupColumn=group", "Score:TopK=12"];
        using SparkConnectServer server = Task.Run(() => SparkConnectServer.StartAsync(new SparkServerOptions { Master = "local[2]", SparkHome = SparkHome.Require() })).GetAwaiter().GetResult();
        foreach (string[] more in new string[][] { ["Score:UsersPath=" + users, "Score:NotOlderThan=1500001000"], ["Score:Since=1500980000", "Score:AllowPath=" + items], ["Score:UsersPath=" + users, "Score:Since=1500980000", "Score:ExcludeSeen=false"] })
        {
            string[] settings = Settings([.. lists, .. more]);
            List<Row> expected = RowsOfOneProcess(settings);
            string manifest = Counts();
            NcfSparkProcess.RunWell(["score", .. settings, "--set", "Spark:ScoreTasks=3", "--remote", $"{server.Address}/;token={server.Address.Token}"]);
            Assert.NotEmpty(expected);
            Assert.Equal(expected.Order(), Rows().Order());
            Assert.Equal(manifest, Counts());
        }

        Assert.Empty(Tasks());
    }

    [SkippableFact]
    public void ExecutorsThatCannotStartItAreToldWithTheCureAndNothingIsChanged()
    {
        SparkHome.RequireAsked("half a minute");
        string[] settings = Settings();
        List<Row> before = RowsOfOneProcess(settings);
        using SparkRun spark = new("local[2]", ["score", .. settings, "--set", "Spark:WorkerDirectory=/no-such-directory"]);
        Assert.Equal(2, spark.WaitForExit());
        Assert.Contains("/no-such-directory/ncfspark", spark.Said, StringComparison.Ordinal);
        Assert.Contains("The executors cannot start this program", spark.Said, StringComparison.Ordinal);
        Assert.Equal(before, Rows());
    }

    [SkippableFact]
    public void AnExecutorKilledInTheMiddleCostsItsTasksOnly()
    {
        SparkHome.RequireAsked("a minute");
        string[] settings = Settings();
        List<Row> expected = RowsOfOneProcess(settings);
        using (SparkRun spark = new("local-cluster[2,1,1024]", ["score", .. settings, "--set", "Spark:ScoreTasks=20"]))
        {
            Process.GetProcessById(WaitForATask(spark)).Kill();
            Assert.True(spark.WaitForExit() == 0, spark.Said);
        }

        Assert.Equal(expected, Rows());
    }

    [SkippableTheory]
    [InlineData("TERM", 143)]
    [InlineData("KILL", 137)]
    public void StoppedInTheMiddleNoTaskLivesOnAndNothingIsChanged(string signal, int exitCode)
    {
        SparkHome.RequireAsked("a minute");
        string[] settings = Settings();
        List<Row> before = RowsOfOneProcess(settings);
        using (SparkRun spark = new("local-cluster[2,1,1024]", ["score", .. settings, "--set", "Spark:ScoreTasks=30"]))
        {
            WaitForATask(spark);
            spark.Signal(signal, toGroup: false);
            Assert.Equal(exitCode, spark.WaitForExit(TimeSpan.FromSeconds(60)));
        }

        Assert.Empty(Tasks());
        Assert.Equal(before, Rows());
    }

    private string[] Settings(params string[] more) => [.. SmallLog.Settings(log), .. more.SelectMany(setting => new[] { "--set", setting }), "--run", run.Path];

    private List<Row> RowsOfOneProcess(string[] settings)
    {
        foreach (string stage in new[] { "prepare", "train", "score" }) NcfSparkProcess.RunWell([stage, .. settings]);
        return Rows();
    }

    private void AssertRows(List<Row> expected, string master, string[] settings, params string[] more)
    {
        using SparkRun spark = new(master, ["score", .. settings, .. more.SelectMany(setting => new[] { "--set", setting })]);
        Assert.True(spark.WaitForExit() == 0, spark.Said);
        Assert.NotEqual("part-00000.parquet", Path.GetFileName(Directory.GetFiles(run.File("predictions", "recommendations"), "*.parquet").Order(StringComparer.Ordinal).First())); // it is Spark's
        Assert.Equal(expected, Rows());
        Assert.Empty(Tasks());
    }

    private List<Row> Rows()
    {
        string directory = run.File("predictions", "recommendations");
        string[] users = ParquetColumns.ReadAsText(directory, "user_id"), items = ParquetColumns.ReadAsText(directory, "item_id"), sources = ParquetColumns.ReadStrings(directory, "source");
        int[] ranks = ParquetColumns.Read<int>(directory, "rank");
        float[] scores = ParquetColumns.Read<float>(directory, "score");
        return [.. users.Select((user, row) => new Row(user, ranks[row], items[row], BitConverter.SingleToInt32Bits(scores[row]), sources[row]))];
    }

    // Gives the executor that has it.
    private int WaitForATask(SparkRun spark)
    {
        while (true)
        {
            foreach (int task in Tasks())
            {
                int executor = SparkRun.ParentOf(task);
                if (SparkRun.CommandLine(executor).Contains("CoarseGrainedExecutorBackend", StringComparison.Ordinal)) return executor;
            }

            Assert.False(spark.HasExited, "It ended before a task was seen.");
            Thread.Sleep(20);
        }
    }

    // What the manifest counts.
    private string Counts() => string.Join(", ", StageDirectory.Open(run.Path, "predictions").Manifest.Rows.Select(entry => $"{entry.Key} {entry.Value}"));

    private int[] Tasks() => SparkRun.WithWord("score-task");

    private sealed record Row(string User, int Rank, string Item, int ScoreBits, string Source) : IComparable<Row>
    {
        public int CompareTo(Row? other) => (User, Rank).CompareTo((other!.User, other.Rank));
    }
}
