using System.Diagnostics;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>score within Spark's tasks, as a user runs it: the rows of score without Spark, in the same order, whatever happens to an executor.</summary>
[Trait("Category", "Slow")]
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
        // More than some have left.
        string[] settings = Settings("Input:IdType=text", "Model:Kind=mf", "Model:User=history", "Model:Dropout=[]",
            "Model:EmbeddingActivation=none", "Score:TopK=25");
        List<Row> expected = RowsOfOneProcess(settings);
        AssertRows(expected, "local[2]", settings, "Spark:ScoreTasks=7");
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(60)]
    public void TheirNumberChangesNoRow(int tasks)
    {
        SparkHome.RequireAsked();
        string[] settings = Settings();
        List<Row> expected = RowsOfOneProcess(settings);
        AssertRows(expected, "local[2]", settings, $"Spark:ScoreTasks={tasks}");
    }

    [SkippableFact]
    public void UsersWhoHaveEverythingGetNothingAndSeenItemsMayBeGivenAgain()
    {
        SparkHome.RequireAsked();
        string[] settings = Settings("Score:ExcludeSeen=false", "Score:TopK=100");
        List<Row> expected = RowsOfOneProcess(settings);
        AssertRows(expected, "local[2]", settings, "Spark:ScoreTasks=3");
    }

    [SkippableFact]
    public void EachExecutorFetchesTheModelOnceAndReadsNothingOfTheRunDirectory()
    {
        SparkHome.RequireAsked();
        // 60 and 61 are not known.
        string[] settings = Settings("Input:IdType=text", "Spark:ScoreTasks=12",
            $"Score:UsersPath={WriteLines("users.csv", ["user_id", .. Enumerable.Range(5, 57)])}", "Score:UsersColumn=user_id");
        List<Row> expected = RowsOfOneProcess(settings);
        string counts = Counts(), elsewhere = Path.Combine(Path.GetDirectoryName(run.Path)!, "elsewhere", "prepared");
        string marker = $"spark.ncfspark.test={Guid.NewGuid():N}";
        CopyDirectory(run.File("prepared"), elsewhere);
        using SparkConnectServer server = StartServer("local-cluster[2,1,1024]", "--conf", marker);
        string remote = $"{server.Address}/;token=";
        // Not its token.
        RunDirectory.SaySparkWrote(run.File("prepared"), elsewhere);
        Assert.Equal(2, NcfSparkProcess.Run(["score", .. settings, "--remote", $"{remote}{new string('0', 32)}"]).ExitCode);
        Assert.Equal(counts, Counts());

        NcfSparkProcess.RunWell(["score", .. settings, "--remote", $"{remote}{server.Address.Token}"]);
        Assert.Equal(expected.Order(), Rows().Order());
        Assert.Equal(counts, Counts());
        int driver = SparkRun.WithWord(marker).First(id => SparkRun.CommandLine(id).Contains("bin/java", StringComparison.Ordinal));
        string[] logs = [.. SparkRun.SessionOf(driver).Where(id => SparkRun.CommandLine(id).Contains("CoarseGrainedExecutorBackend", StringComparison.Ordinal))
            .Select(id => File.ReadAllText($"/proc/{id}/cwd/stderr"))];
        Assert.Equal(2, logs.Length);
        foreach (string executor in logs)
        {
            Assert.InRange(Lines(executor, "Running task"), 4, 1000);
            Assert.Equal(1, Lines(executor, "Fetching", "recommendations.model.tar.gz", "timestamp"));
            Assert.Contains(elsewhere, executor, StringComparison.Ordinal);
            Assert.DoesNotContain(run.Path, executor, StringComparison.Ordinal);
        }

        File.WriteAllText(Path.Combine(elsewhere, "manifest.json"), """{"fingerprint": "of other rows"}""");
        (int exitCode, _, string error) = NcfSparkProcess.Run(["score", .. settings, "--remote", $"{remote}{server.Address.Token}"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("holds other rows than", error, StringComparison.Ordinal);
        Assert.Equal(counts, Counts());
    }

    [SkippableFact]
    public void AModelThatWasTrainedAgainIsScoredInTasks()
    {
        SparkHome.RequireAsked();
        string[] settings = [.. SmallLog.Settings(log), "--set", "Nightly:Refit=true"];
        NcfSparkProcess.RunWell(["nightly", .. settings, "--run", run.Path]);
        List<Row> expected = Rows(run.NightPath);
        string copy = run.File("copy"); // a night that served is read-only
        NcfSparkProcess.Start("cp", ["-r", run.NightPath, copy]).WaitForExit();
        using SparkRun spark = new("local[2]", ["score", .. settings, "--run", copy, "--set", "Spark:ScoreTasks=3"]);
        Assert.True(spark.WaitForExit() == 0, spark.Said);
        Assert.Equal(expected, Rows(copy));
    }

    [SkippableFact]
    public void EverySettingOfScoreHoldsOnAServerThatRunsWithAnyNumberOfTasks()
    {
        using SparkConnectServer server = StartServer("local[2]");
        string users = WriteLines("users.csv", ["user_id", .. Enumerable.Range(20, 50)]); // 60 … 69 are not known
        string deny = WriteLines("deny.csv", ["item_id", 3, 8, 999]), of = WriteLines("of.csv", ["item_id", 4, 11, 777]);
        string pairs = WriteLines("pairs.csv", ["user_id,item_id", "5,3", "5,999", "12345,2"]);
        string items = WriteLines("items.csv", ["item_id,group,made",
            .. Enumerable.Range(0, 40).Select(item => $"{item},{(item % 5 == 0 ? "" : $"g{item % 3}")},{(item % 7 == 0 ? "" : $"{1990 + item}")}")]);
        string people = WriteLines("people.csv", ["user_id,budget", .. Enumerable.Range(0, 50).Select(user => $"{user},{user % 4 * 10}")]);
        const string Lists = """
            [{"Name": "again", "By": "again", "TopK": 4}, {"Name": "because", "By": "because", "Repeats": true, "Where": "\"group\" <> 'g1'"},
             {"Name": "hot", "By": "trending", "HalfLifeDays": 2}, {"Name": "new", "Where": "made > 2005"},
             {"Name": "ruled", "Repeats": true, "Column": "group", "MaxPerValue": 2, "Diversity": 0.05, "Promote": "made > 2020", "Promoted": 2,
              "Explore": 0.4}]
            """;
        string[] columns = ["UsersColumn=user_id", "ItemsColumn=item_id", $"ItemsPath={items}"];
        foreach (string[] model in new string[][] { [],
            ["Model:Kind=gmf", "Model:User=history", "Model:TrainedGmfHead=false", "Model:EmbeddingActivation=none", "Model:Dropout=[]", "Train:Step=torch"] })
        {
            foreach (string stage in new[] { "prepare", "train" }) NcfSparkProcess.RunWell([stage, .. Settings(model)]);
            foreach ((int tasks, string[] given) in new (int, string[])[]
            {
                (60, ["TopK=12", $"DenyPath={deny}", "MaxPerGroup=2", "GroupColumn=group", $"UsersPath={users}", "NotOlderThan=1500001000",
                    $"PairsPath={pairs}", "PairsUserColumn=user_id", "PairsItemColumn=item_id", "Threshold=0.3"]),
                (1, ["TopK=5", "Since=1500980000", $"AllowPath={items}", "NotOlderThan=1500995000", "ItemDate=last", $"UsersOfItemsPath={of}",
                    "UsersPerItem=4", "SimilarItems=3"]),
                (7, ["TopK=5", $"UserRowsPath={people}", "Where=CAST(item_id AS INT) < user.budget + 12 OR context.season = 'summer' AND user.budget IS NULL",
                    "Context=season=summer", $"Lists={Lists}"]),
                (7, ["TopK=40", $"UsersPath={users}", "Since=1500980000", "ExcludeSeen=false", "NotOlderThan=2001", "ItemDate=column", "DateColumn=made"]),
            })
            {
                string[] settings = Settings([.. model, .. columns.Concat(given).Select(setting => $"Score:{setting}")]);
                NcfSparkProcess.RunWell(["score", .. settings]);
                (List<Row> expected, string counts, string others) = (Rows(), Counts(), Others());
                NcfSparkProcess.RunWell(
                    ["score", .. settings, "--set", $"Spark:ScoreTasks={tasks}", "--remote", $"{server.Address}/;token={server.Address.Token}"]);
                Assert.NotEmpty(expected);
                Assert.Equal(expected.Order(), Rows().Order());
                Assert.Equal((counts, others), (Counts(), Others()));
            }
        }

        Assert.Empty(Tasks());
    }

    [SkippableFact]
    public void ExecutorsThatCannotStartItAreToldWithTheCureAndNothingIsChanged()
    {
        SparkHome.RequireAsked();
        string[] settings = Settings();
        List<Row> before = RowsOfOneProcess(settings);
        using SparkRun spark = new("local[2]", ["score", .. settings, "--set", "Spark:WorkerDirectory=/no-such-directory"]);
        Assert.Equal(2, spark.WaitForExit());
        Assert.Contains("/no-such-directory/ncfspark", spark.Said, StringComparison.Ordinal);
        Assert.Contains("The executors cannot start this program", spark.Said, StringComparison.Ordinal);
        Assert.Equal(before, Rows());
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnExecutorKilledInTheMiddleCostsItsTasksOnly(bool seesTheRunDirectory)
    {
        SparkHome.Require();
        if (!seesTheRunDirectory) SparkHome.RequireAsked();
        string elsewhere = Path.Combine(Path.GetDirectoryName(run.Path)!, "elsewhere");
        string[] settings = Settings();
        List<Row> expected = RowsOfOneProcess(settings);
        CopyDirectory(run.File("prepared"), elsewhere);
        if (!seesTheRunDirectory) RunDirectory.SaySparkWrote(run.File("prepared"), elsewhere);
        (string directory, string go) = ProgramWhoseTasksWait();
        using (SparkRun spark = new("local-cluster[2,1,1024]",
            ["score", .. settings, "--set", "Spark:ScoreTasks=20", "--set", $"Spark:WorkerDirectory={directory}"]))
        {
            Process.GetProcessById(WaitForATask(spark)).Kill();
            File.WriteAllText(go, "");
            Assert.True(spark.WaitForExit() == 0, spark.Said);
        }

        Assert.Equal(expected, Rows());
    }

    [SkippableTheory]
    [InlineData("TERM", 143)]
    [InlineData("KILL", 137)]
    public void StoppedInTheMiddleNoTaskLivesOnAndNothingIsChanged(string signal, int exitCode)
    {
        SparkHome.RequireAsked();
        string[] settings = Settings();
        List<Row> before = RowsOfOneProcess(settings);
        using (SparkRun spark = new("local-cluster[2,1,1024]", ["score", .. settings, "--set", "Spark:ScoreTasks=30"]))
        {
            WaitForATask(spark);
            spark.Signal(signal, toGroup: false);
            Assert.Equal(exitCode, spark.WaitForExit());
        }

        Assert.True(OwnProcesses.Eventually(() => Tasks().Length == 0, TrainRun.Longest), "Tasks live on."); // they look every half second
        Assert.Equal(before, Rows());
    }

    private string[] Settings(params string[] more) =>
        [.. SmallLog.Settings(log), .. more.SelectMany(setting => new[] { "--set", setting }), "--run", run.Path];

    private List<Row> RowsOfOneProcess(string[] settings)
    {
        foreach (string stage in new[] { "prepare", "train", "score" }) NcfSparkProcess.RunWell([stage, .. settings]);
        return Rows();
    }

    private void AssertRows(List<Row> expected, string master, string[] settings, params string[] more)
    {
        using SparkRun spark = new(master, ["score", .. settings, .. more.SelectMany(setting => new[] { "--set", setting })]);
        Assert.True(spark.WaitForExit() == 0, spark.Said);
        // It is Spark's.
        Assert.NotEqual("part-00000.parquet",
            Path.GetFileName(Directory.GetFiles(run.File("predictions", "recommendations"), "*.parquet").Order(StringComparer.Ordinal).First()));
        Assert.Equal(expected, Rows());
        Assert.Empty(Tasks());
    }

    private static SparkConnectServer StartServer(string master, params string[] submitArguments)
    {
        string[] arguments = [.. submitArguments, .. SparkHome.ForSeconds];
        return Task.Run(() => SparkConnectServer.StartAsync(
            new SparkServerOptions { Master = master, SparkHome = SparkHome.Require(), SubmitArguments = arguments })).GetAwaiter().GetResult();
    }

    private static int Lines(string text, params string[] words) =>
        text.Split('\n').Count(line => words.All(word => line.Contains(word, StringComparison.Ordinal)));

    private static void CopyDirectory(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private string WriteLines(string name, object[] lines)
    {
        string path = Path.Combine(Path.GetDirectoryName(run.Path)!, name);
        File.WriteAllLines(path, lines.Select(line => $"{line}"));
        return path;
    }

    // All predictions but the lists, which Spark writes into other files.
    private string Others() => string.Join(
        '\n', RunDirectory.HashesIn(run.File("predictions")).Split('\n').Where(line => !line.StartsWith("recommendations", StringComparison.Ordinal)));

    private List<Row> Rows() => Rows(run.Path);

    private static List<Row> Rows(string runDirectory)
    {
        string directory = Path.Combine(runDirectory, "predictions", "recommendations");
        string[] users = ParquetColumns.ReadAsText(directory, "user_id"), items = ParquetColumns.ReadAsText(directory, "item_id");
        string[] sources = ParquetColumns.ReadStrings(directory, "source");
        int[] ranks = ParquetColumns.Read<int>(directory, "rank");
        float[] scores = ParquetColumns.Read<float>(directory, "score");
        return [.. users.Select((user, row) => new Row(user, ranks[row], items[row], BitConverter.SingleToInt32Bits(scores[row]), sources[row]))];
    }

    // Its tasks begin once the second file is there: on a busy machine all could have ended before one was seen.
    private (string Directory, string Go) ProgramWhoseTasksWait()
    {
        string directory = SparkRun.UnpackProgram(Path.Combine(Path.GetDirectoryName(run.Path)!, "program")), program = Path.Combine(directory, "ncfspark");
        string go = Path.Combine(directory, "go");
        File.Copy(program, Path.Combine(directory, "waiting"));
        File.WriteAllText(program, $"""
            #!/bin/sh
            while ! [ -e '{go}' ]; do sleep 0.05; done
            exec '{Path.Combine(directory, "waiting")}' "$@"

            """);
        return (directory, go);
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

            if (spark.HasExited) Assert.Fail($"It ended with {spark.WaitForExit()} before a task was seen:\n{spark.Said}");
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
