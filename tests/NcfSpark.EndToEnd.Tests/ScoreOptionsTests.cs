using System.Diagnostics;
using DuckDB.NET.Data;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>
/// `score` with every setting, on a trained model, as a user runs it: beside the plain twin, refused where a list is
/// wrong, killed and started again.
/// </summary>
[Trait("Category", "Slow")]
public sealed class ScoreOptionsTests : IClassFixture<ScoreOptionsTests.ScoredRun>, IDisposable
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_KILLS") ?? "5");

    private readonly RunDirectory run = new();
    private readonly string[] settings;
    private readonly string folder;

    public ScoreOptionsTests(ScoredRun scored)
    {
        folder = Path.GetDirectoryName(run.Path)!;
        NcfSparkProcess.Start("cp", ["-r", $"{scored.Folder}/.", folder]).WaitForExit();
        settings = [.. scored.Settings, "--run", run.Path];
    }

    public void Dispose() => run.Dispose();

    [Fact]
    public void OfATrainedModelEveryListIsThatOfScoringAllSortingAndFiltering()
    {
        string[] all = [.. settings, .. Options()];
        NcfSparkProcess.RunWell(["score", .. all, "--set", "Score:Threads=1"]);
        string hash = RunDirectory.HashesIn(run.File("predictions"));
        string output = NcfSparkProcess.RunWell(["score", .. all, "--set", "Score:Threads=2"]);
        Assert.Equal(hash, RunDirectory.HashesIn(run.File("predictions")));
        Assert.Contains("unknown in users list 2", output, StringComparison.Ordinal);
        Assert.Contains("unknown in deny list 1", output, StringComparison.Ordinal);

        StageDirectory prepared = StageDirectory.Open(run.Path, "prepared");
        TrainedModel model = TrainedModel.Read(StageDirectory.Open(run.Path, "model"));
        InteractionLists seen = new PreparedData(prepared).ReadTouched();
        using var scorer = new FusedScorer(model.Weights, SimdLevel.Portable);
        int items = model.Items.Count;
        int[] left = [.. Enumerable.Range(0, items).Where(item => model.Items.Numbers[item] % 5 != 0 && model.Items.Numbers[item] != 1)];
        float[] Scores(long user)
        {
            int index = Array.IndexOf(model.Users.Numbers, user);
            if (index < 0) return [.. model.Items.Interactions.Select(count => (float)count / model.Users.Count)];
            float[] scores = new float[items];
            scorer.ScoreAll([index], scores);
            return scores;
        }

        ReadOnlySpan<int> SeenBy(long user) => Array.IndexOf(model.Users.Numbers, user) is >= 0 and int index ? seen[index] : [];
        var expected = new List<(long, int, long, float, string)>();
        foreach (long user in new long[] { -7, 3, 4, 11, 59, 1000 })
        {
            float[] scores = Scores(user);
            var taken = new Dictionary<long, int>();
            int rank = 0;
            foreach (int item in left.Except(SeenBy(user).ToArray()).OrderByDescending(item => scores[item]).ThenBy(item => item))
            {
                long group = model.Items.Numbers[item] % 4;
                if ((taken[group] = taken.GetValueOrDefault(group) + 1) <= 2 && ++rank <= 6)
                {
                    expected.Add((user, rank, model.Items.Numbers[item], scores[item], user is -7 or 1000 ? "popularity" : "model"));
                }
            }
        }

        string file = run.File("predictions", "recommendations", "part-00000.parquet");
        var written = ParquetColumns.Read<long>(file, "user_id").Zip(ParquetColumns.Read<int>(file, "rank"), ParquetColumns.Read<long>(file, "item_id"))
            .Zip(ParquetColumns.Read<float>(file, "score"), ParquetColumns.ReadStrings(file, "source"))
            .Select(row => (row.First.First, row.First.Second, row.First.Third, row.Second, row.Third));
        Assert.Equal(expected, written);

        string usersOfItems = run.File("predictions", "users_of_items", "part-00000.parquet");
        long[] users = [3, 4, 11, 59];
        var best = new long[] { 7, 20 }.Select(id => Array.IndexOf(model.Items.Numbers, id)).Order().SelectMany(item => users
            .Where(user => !SeenBy(user).Contains(item)).OrderByDescending(user => Scores(user)[item]).ThenBy(user => user).Take(2)
            .Select(user => (model.Items.Numbers[item], user, Scores(user)[item])));
        Assert.Equal(best, ParquetColumns.Read<long>(usersOfItems, "item_id")
            .Zip(ParquetColumns.Read<long>(usersOfItems, "user_id"), ParquetColumns.Read<float>(usersOfItems, "score")));
        Assert.Equal(items * 3, ParquetColumns.Read<long>(run.File("predictions", "similar_items", "part-00000.parquet"), "similar_item_id").Length);
    }

    [Fact]
    public void SinceLeavesWhoWasThere()
    {
        const long Time = 1_500_995_000;
        NcfSparkProcess.RunWell(["score", .. settings, "--set", $"Score:Since={Time}"]);
        long[] expected = [.. File.ReadLines(Path.Combine(folder, "log.csv")).Skip(1).Select(line => Array.ConvertAll(line.Split(','), long.Parse))
            .Where(row => row[2] >= Time).Select(row => row[0]).Distinct().Order()];
        Assert.InRange(expected.Length, 1, 50);
        Assert.Equal(expected, ParquetColumns.Read<long>(run.File("predictions", "recommendations", "part-00000.parquet"), "user_id").Distinct());
        NcfSparkProcess.RunWell(["score", .. settings, "--set", "Score:Since=2100-01-01"]); // nobody: an empty file, which can be read
        Assert.Empty(ParquetColumns.Read<long>(run.File("predictions", "recommendations", "part-00000.parquet"), "user_id"));
    }

    [Fact]
    public void WrongListsAreRefusedBeforeAnyWork()
    {
        string before = RunDirectory.HashesIn(run.File("predictions"));
        string users = WriteFile("users.csv", "user_id\n3\n"), named = WriteFile("named.csv", "user_id\neve\n");
        string table = WriteFile("table.csv", "item_id,category\n1,a\n"), dated = WriteFile("dated.csv", "item_id,released\n1,2020\n2,yesterday\n");
        foreach ((string[] given, string[] said) in new (string[], string[])[]
        {
            (["UsersPath=/nowhere/users.csv"], ["/nowhere/users.csv", "Score:UsersPath"]),
            ([$"UsersPath={named}"], ["named.csv, line 2, column user_id: the user 'eve' is no whole number", "Score:UsersPath"]),
            ([$"UsersPath={table}"], ["there is no column user_id", "Score:UsersColumn"]),
            ([$"AllowPath={users}"], ["there is no column item_id", "Score:ItemsColumn"]),
            ([$"AllowPath={WriteFile("none.csv", "item_id\n")}"], ["none.csv lists no item", "Score:AllowPath"]),
            ([$"AllowPath={table}", $"DenyPath={table}"], ["Score:AllowPath names the same file as DenyPath"]),
            ([$"ItemsPath={table}", "MaxPerGroup=2", "GroupColumn=categor"], ["there is no column categor", "Did you mean category?", "Score:GroupColumn"]),
            (["MaxPerGroup=2"], ["Score:MaxPerGroup is 2, but nothing says which group"]),
            (["GroupColumn=category"], ["Score:GroupColumn is \"category\", but MaxPerGroup is 0"]),
            ([$"ItemsPath={dated}", "NotOlderThan=2020", "ItemDate=column", "DateColumn=released"],
                ["dated.csv, line 3, item 2, column released: \"yesterday\" is no time"]),
            (["NotOlderThan=2020", "ItemDate=column"], ["Score:ItemDate is \"column\", but there is none"]),
            (["NotOlderThan=2100"], ["No item may be recommended"]),
            (["Since=last week"], ["Score:Since is \"last week\", which is no time"]),
        })
        {
            (int exitCode, _, string error) = NcfSparkProcess.Run(["score", .. settings, .. given.SelectMany(one => new[] { "--set", $"Score:{one}" })]);
            Assert.True(exitCode == 2, $"{string.Join(' ', given)}: exit code {exitCode}: {error}");
            foreach (string words in said) Assert.Contains(words, error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }

        Assert.Equal(before, RunDirectory.HashesIn(run.File("predictions")));
    }

    [Theory]
    [InlineData("Score:UsersPath", "user_id\n3\n007\n", "line 3, column user_id: the user '007' is no whole number")]
    [InlineData("Score:AllowPath", "item_id\n7.0\n", "Ids such as '7.0' match no item; items look like '")]
    [InlineData("Score:PairsPath", "user_id,item_id\n1,2\nguest,2\n", "line 3, column user_id: the user 'guest' is no whole number")]
    public void ANightWhoseListsCannotBeScoredStopsBeforeItTrains(string setting, string content, string says)
    {
        string night = Path.Combine(folder, "nights"), path = WriteFile("list.csv", content);
        (int exitCode, _, string error) = NcfSparkProcess.Run(["nightly", .. settings[..^1], night, "--set", "Score:PairsUserColumn=user_id", "--set",
            "Score:PairsItemColumn=item_id", "--set", $"{setting}={path}"]);
        Assert.Equal(2, exitCode);
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(night, RunDirectory.Night, "model")));
    }

    [Fact]
    public void KilledAnywhereAndStartedAgainScoreEndsWithTheSameFiles()
    {
        string[] all = [.. settings, .. Options()];
        long started = Stopwatch.GetTimestamp();
        NcfSparkProcess.RunWell(["score", .. all]);
        double whole = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        string expected = RunDirectory.HashesIn(run.File("predictions"));
        RandomStream chance = RandomStream.Named(Environment.TickCount64, "kills"); // other points every time: a failure prints them
        for (int kill = 0; kill < Kills; kill++)
        {
            int after = (int)(chance.Unit(kill) * whole);
            using (Process process = NcfSparkProcess.Start("dotnet", [NcfSparkProcess.Assembly, "score", .. all]))
            {
                if (!process.WaitForExit(after)) process.Kill();
                process.WaitForExit();
            }

            StageDirectory.Open(run.Path, "predictions"); // what is there is whole
            NcfSparkProcess.RunWell(["score", .. all]);
            Assert.True(expected == RunDirectory.HashesIn(run.File("predictions")), $"other files after a kill at {after} ms");
            Assert.DoesNotContain(Directory.GetDirectories(run.Path), directory => directory.Contains(".tmp-", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void ReadersCanSkipToAUser()
    {
        string file = run.File("predictions", "recommendations", "part-00000.parquet");
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT stats_min_value, stats_max_value FROM parquet_metadata('{file}') WHERE path_in_schema = 'user_id' ORDER BY row_group_id";
        using DuckDBDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(("0", "59"), (reader.GetString(0), reader.GetString(1)));
    }

    [Fact]
    public void PairsAreTheSameFromEveryKindOfFile()
    {
        string[] settings = [.. this.settings, "--set", "Score:PairsUserColumn=user", "--set", "Score:PairsItemColumn=an item"];
        const string Pairs = "SELECT hash(n) % 62 AS user, hash(-n) % 42 AS \"an item\" FROM range(3000) AS one(n)"; // of 60 and 40
        var files = new List<string>();
        foreach ((string name, string type, string layout) in new[] { ("one-group.parquet", "BIGINT", ", ROW_GROUP_SIZE 3000"),
            ("groups.parquet", "INTEGER", ", ROW_GROUP_SIZE 2048"), ("texts.parquet", "VARCHAR", ""), ("lines.csv", "BIGINT", ", HEADER") })
        {
            string path = Path.Combine(folder, name);
            Execute($"COPY (SELECT CAST(COLUMNS(*) AS {type}) FROM ({Pairs})) TO '{path}' (FORMAT {Path.GetExtension(name)[1..]}{layout})");
            NcfSparkProcess.RunWell(["score", .. settings, "--set", $"Score:PairsPath={path}"]);
            files.Add(RunDirectory.HashesIn(run.File("predictions", "pairs")));
        }

        Assert.Single(files.Distinct());

        string missing = Path.Combine(folder, "missing.parquet");
        Execute("COPY (SELECT user, CASE WHEN user <> 7 THEN \"an item\" END AS \"an item\" FROM (SELECT n AS user, n AS \"an item\" "
            + $"FROM range(10) AS one(n))) TO '{missing}' (FORMAT parquet)");
        (int exitCode, _, string error) = NcfSparkProcess.Run(["score", .. settings, "--set", $"Score:PairsPath={missing}"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("missing.parquet, row 7, from 0, column an item: it is empty", error, StringComparison.Ordinal);
    }

    private static void Execute(string sql)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private string[] Options()
    {
        string users = WriteFile("wanted.csv", "user_id\n59\n1000\n11\n3\n-7\n4\n3\n"), deny = WriteFile("deny.csv", "item_id\n1\n777\n");
        string allow = WriteFile("allow.csv", "item_id\n" + string.Join('\n', Enumerable.Range(0, 40).Where(item => item % 5 != 0)));
        string of = WriteFile("of.csv", "item_id\n20\n7\n888\n");
        string table = WriteFile("table.csv", "item_id,category\n" + string.Join('\n', Enumerable.Range(0, 40).Select(item => $"{item},c{item % 4}")));
        string[] given = [$"UsersPath={users}", $"AllowPath={allow}", $"DenyPath={deny}", $"ItemsPath={table}", "GroupColumn=category", "MaxPerGroup=2",
            "TopK=6", $"UsersOfItemsPath={of}", "UsersPerItem=2", "SimilarItems=3", "NotOlderThan=2017", "ItemDate=first"];
        return [.. given.SelectMany(one => new[] { "--set", $"Score:{one}" })];
    }

    private string WriteFile(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A log, trained on and scored once; each test has a copy.</summary>
    public sealed class ScoredRun : IDisposable
    {
        private readonly RunDirectory run = new();

        public ScoredRun()
        {
            Settings = [.. SmallLog.Settings(SmallLog.Write(Folder)), "--set", "Score:UsersColumn=user_id", "--set", "Score:ItemsColumn=item_id"];
            foreach (string verb in new[] { "prepare", "train", "score" }) NcfSparkProcess.RunWell([verb, .. Settings, "--run", run.Path]);
        }

        public string Folder => Path.GetDirectoryName(run.Path)!;

        public string[] Settings { get; }

        public void Dispose() => run.Dispose();
    }
}
