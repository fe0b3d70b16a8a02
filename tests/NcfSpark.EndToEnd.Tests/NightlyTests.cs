using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using NcfSpark.Core;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>One whole run on MovieLens, looked at from all sides.</summary>
public sealed class NightlyTests : IClassFixture<NightlyTests.MovieLensRun>
{
    private readonly RunDirectory run;
    private readonly string output;

    public NightlyTests(MovieLensRun movieLens) => (run, output) = (movieLens.Run, movieLens.Output);

    [Fact]
    public void EveryUserHasTenRecommendationsThatTheyHaveNotSeen()
    {
        string recommendations = run.Served("predictions", "recommendations");
        long[] users = ParquetColumns.Read<long>(recommendations, "user_id"), items = ParquetColumns.Read<long>(recommendations, "item_id");
        int[] ranks = ParquetColumns.Read<int>(recommendations, "rank");
        float[] scores = ParquetColumns.Read<float>(recommendations, "score");
        Assert.Equal(610, users.Distinct().Count());
        Assert.Equal(6100, users.Length);
        Assert.Equal(Enumerable.Range(0, 6100).Select(row => row % 10 + 1), ranks);
        Assert.All(scores, score => Assert.InRange(score, 0, 1));
        Assert.All(Enumerable.Range(1, 6099).Where(row => ranks[row] > 1), row => Assert.True(scores[row] <= scores[row - 1]));

        HashSet<(long, long)> seen = [.. File.ReadLines(Path.Combine(NcfSparkProcess.Repository, "tests/data/ml-latest-small/ratings.csv")).Skip(1)
            .Select(line => line.Split(',')).Select(row => (long.Parse(row[0]), long.Parse(row[1])))];
        Assert.DoesNotContain(users.Zip(items), pair => seen.Contains(pair));
    }

    [Fact]
    public void OneSummaryLineAStage()
    {
        string[] lines = output.TrimEnd().Split('\n');
        Assert.Equal(["prepared", "model", "report", "predictions"], lines[..4].Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]));
        Assert.Contains("NDCG@", lines[4], StringComparison.Ordinal);
        Assert.Equal($"in production: {RunDirectory.Night} → {run.Served()}", lines[5]);
    }

    [Fact]
    public void EveryParquetFileReadsTheSameInDuckDbAndInParquetNet()
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        string[] files = Directory.GetFiles(run.Served(), "*.parquet", SearchOption.AllDirectories);
        Assert.True(files.Length >= 8, $"only {files.Length} Parquet files");
        foreach (string file in files)
        {
            foreach ((string column, string type) in Query(
                connection, $"SELECT name, type FROM parquet_schema('{file}') WHERE type IS NOT NULL", row => ((string)row[0], (string)row[1])))
            {
                string[] duck = [.. Query(connection, $"SELECT CAST({column} AS VARCHAR) FROM read_parquet('{file}', hive_partitioning = false, "
                    + "file_row_number = true) ORDER BY file_row_number", row => (string)row[0])];
                string[] net = type switch
                {
                    "INT32" => [.. ParquetColumns.Read<int>(file, column).Select(value => value.ToString())],
                    "INT64" => [.. ParquetColumns.Read<long>(file, column).Select(value => value.ToString())],
                    "FLOAT" => [.. ParquetColumns.Read<float>(file, column).Select(value => value.ToString("R"))],
                    _ => ParquetColumns.ReadStrings(file, column),
                };
                if (type == "FLOAT") Assert.Equal(net.Select(float.Parse), duck.Select(float.Parse));
                else Assert.Equal(net, duck);
            }
        }
    }

    [Fact]
    public void ShowPrintsAUsersLatestItemsBesideTheListWithTitles()
    {
        string shown = NcfSparkProcess.RunWell("show", "42", "--run", run.Path);
        string ratings = Path.Combine(NcfSparkProcess.Repository, "tests/data/ml-latest-small/ratings.csv");
        string[] rows = [.. File.ReadLines(ratings).Where(line => line.StartsWith("42,", StringComparison.Ordinal))];
        Assert.StartsWith($"User 42: {rows.Length} items were used, the latest first\n", shown, StringComparison.Ordinal);
        long latest = rows.Max(line => long.Parse(line.Split(',')[3]));
        Assert.Contains($"\n  {DateTime.UnixEpoch.AddSeconds(latest):yyyy-MM-dd}  ", shown, StringComparison.Ordinal);
        string recommendations = run.Served("predictions", "recommendations");
        long[] users = ParquetColumns.Read<long>(recommendations, "user_id"), items = ParquetColumns.Read<long>(recommendations, "item_id");
        string[] lines = shown[shown.IndexOf("Recommended\n", StringComparison.Ordinal)..].TrimEnd().Split('\n')[1..];
        Assert.Equal(
            users.Zip(items).Where(row => row.First == 42).Select(row => $"({row.Second})"),
            lines.Select(line => line[line.LastIndexOf('(')..(line.LastIndexOf(')') + 1)]));
    }

    [Fact]
    public void ShowPrintsItemsLikeAnItemAndRefusesWhatIsNotThere()
    {
        string[] lines = NcfSparkProcess.RunWell("show", "--item", "1", "--run", run.Path).TrimEnd().Split('\n');
        Assert.StartsWith("Item Toy Story (1995) (1): used ", lines[0], StringComparison.Ordinal);
        Assert.Equal(11, lines.Length);
        Assert.DoesNotContain(lines[1..], line => line.Contains("(1)", StringComparison.Ordinal));
        (int code, _, string error) = NcfSparkProcess.Run("show", "nobody", "--run", run.Path);
        Assert.Equal(2, code);
        Assert.Contains("knows no user nobody; users look like ", error, StringComparison.Ordinal);
        Assert.Equal(2, NcfSparkProcess.Run("show", "42", "--run", Path.Combine(run.Path, "none")).ExitCode);
        Assert.Equal(2, NcfSparkProcess.Run("show", "--run", run.Path).ExitCode);
    }

    [Fact]
    public void TheReportHoldsFiguresOfTheModelAndOfTheBaselines()
    {
        JsonNode report = JsonNode.Parse(File.ReadAllText(run.Served("report", "report.json")))!;
        foreach (string scorer in new[] { "model", "popularity", "recent_popularity", "decayed_popularity", "item_cosine", "recent_item_cosine", "ease" })
        {
            Assert.InRange(report["whole_catalogue"]![scorer]!["ndcg@10"]!["value"]!.GetValue<double>(), 0.001, 1);
        }

        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(run.Served("report.html")), StringComparison.OrdinalIgnoreCase);
        Assert.Single(Directory.GetFiles(run.NightPath, "*.html", SearchOption.AllDirectories));
        Assert.Contains("<svg", File.ReadAllText(run.Served("report", "network.svg")), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void RunAgainItPassesOverEverythingAndFromTheStartItGivesTheSameBytesWithAnyNumberOfThreads()
    {
        string before = run.PredictionsHash();
        string again = NcfSparkProcess.RunWell(["nightly", .. MovieLensRun.Settings, "--run", run.Path]);
        Assert.Equal(4, again.Split("was there already").Length - 1);
        using var other = new RunDirectory();
        NcfSparkProcess.RunWell(["nightly", .. MovieLensRun.Settings, "--run", other.Path, "--set", "Prepare:Threads=1", "--set", "Train:Threads=1", "--set",
            "Evaluate:Threads=1", "--set", "Score:Threads=1"]);
        Assert.Equal(before, other.PredictionsHash());
    }

    private static List<T> Query<T>(DuckDBConnection connection, string sql, Func<object[], T> read)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using DuckDBDataReader reader = command.ExecuteReader();
        var rows = new List<T>();
        object[] values = new object[reader.FieldCount];
        while (reader.Read())
        {
            reader.GetValues(values);
            rows.Add(read(values));
        }

        return rows;
    }

    /// <summary>The AWS sample's configuration, an epoch of it in larger batches, with pairs to score.</summary>
    public sealed class MovieLensRun : IDisposable
    {
        public static readonly string[] Settings = ["--config", "conf/ml-latest-small.json", "--set", "Train:Epochs=1", "--set", "Train:BatchSize=2048",
            "--set", "Evaluate:BootstrapSamples=100", "--set", $"Nightly:Night={RunDirectory.Night}"];

        public MovieLensRun() => Output = NcfSparkProcess.RunWell(["nightly", .. Settings, "--run", Run.Path]);

        internal RunDirectory Run { get; } = new();

        public string Output { get; }

        public void Dispose() => Run.Dispose();
    }
}
