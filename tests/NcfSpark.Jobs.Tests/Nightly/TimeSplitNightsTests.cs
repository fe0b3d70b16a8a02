using System.Collections;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>Nights that test what came last, by several workers: new users and new items are among it.</summary>
[Collection(StopSignalsTests.OfThisProcess)]
public sealed class TimeSplitNightsTests : IDisposable
{
    private const int Users = 30, Items = 24;
    private readonly TemporaryFolder folder = new();
    private readonly Clock clock = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("stored", "embedding")]
    [InlineData("resampled", "history")]
    public void ANightRunsThroughAndIsComparedWhereTheIncumbentDidNotTrainOnWhatIsTested(string negatives, string user)
    {
        string[] settings =
        [
            $"Input:Path={LogPath}", "Input:UserColumn=user_id", "Input:ItemColumn=item_id", "Input:TitlesPath=", "Input:RatingColumn=",
            "Prepare:Split=time", "Prepare:TestDays=0.5", "Prepare:Validation=true", "Prepare:TestCandidates=5", "Prepare:NegativesPerPositive=2",
            "Prepare:NegativesAvoid=trained", "Prepare:Shards=4",
            .. user == "history"
                ? ["Model:Kind=mf", "Model:User=history", "Model:Dropout=[]", "Model:EmbeddingActivation=none", "Train:Embeddings:Optimizer=sgd"]
                : (string[])[],
            $"Train:Negatives={negatives}", "Train:NegativesPerPositive=4", "Train:Epochs=3", "Train:Patience=2", "Train:BatchSize=100",
            "Train:Workers=3", "Train:Placement=threads", "Train:Threads=1",
            "Evaluate:BootstrapSamples=50", "Evaluate:ExampleUsers=2", "Nightly:Refit=true", "Nightly:WarmStart=true", "Nightly:Gate=false",
            "Nightly:MaxDrift=1", "Nightly:MaxNewIds=1", "Nightly:MaxChange=0",
        ];
        JsonNode first = Night(1, settings), groups = first["whole_catalogue_by_presence"]!, catalogue = first["whole_catalogue"]!;
        SortedDictionary<string, long> rows = PreparedRows();
        Assert.Equal(rows["test_new_users"], (long)groups["new"]!["users"]!);
        Assert.Equal(rows["test_users"], (long)groups["new"]!["users"]! + (long)groups["there_before"]!["users"]!);
        Assert.Equal(rows["test"], (long)catalogue["rows"]!);
        Assert.True(rows["test_of_new_items"] > 0 && rows["test_new_users"] > 0 && rows["validation"] > 0);
        Assert.InRange((double)groups["new"]!["model"]!["ndcg@10"]!["value"]!, 0.01, 1); // by a popularity that fades (NewcomerPopularityTests)
        Assert.Contains(first["notes"]!.AsArray(), note => ((string)note!).Contains("Split by time: tested is the last 0.5 days", StringComparison.Ordinal));

        // The log grows, and so does the moment; half a day later nothing that is tested was trained on.
        Assert.NotNull(Night(2, settings)["whole_catalogue"]!["incumbent"]);
        // A longer window tests what was trained on: no comparison, and a cold start. So does a split by time after one by user.
        Assert.Null(Night(2, [.. settings, "Prepare:TestDays=1.5", "Prepare:ValidationDays=0.1"])["whole_catalogue"]!["incumbent"]);
        Night(3, [.. settings, "Prepare:Split=latest", "Prepare:TestDays=null", "Prepare:Holdout=2"]);
        Assert.Null(Night(3, settings)["whole_catalogue"]!["incumbent"]);
    }

    // The report of the night that went into production.
    private JsonNode Night(int night, string[] settings)
    {
        clock.Now = new DateTimeOffset(2026, 11, 23 + night, 22, 55, 0, TimeSpan.Zero);
        WriteLog(300 + (100 * night));
        using var error = new StringWriter();
        using var signals = new StopSignals(SilentProgress.Instance);
        var runner = new JobRunner(new Hashtable(), SilentProgress.Instance, TextWriter.Null, error, clock, signals);
        ExitCode code = runner.Run(Verb.All.Single(verb => verb.Name == "nightly"),
            new JobArguments(Repository.File("conf/ml-latest-small.json"), Run, settings));
        Assert.True(code == ExitCode.Done, $"{code}. {error}");
        Assert.Equal(PreparedRows()["users"], Directory.GetFiles(Path.Combine(Production, "predictions"), "*.parquet", SearchOption.AllDirectories)
            .SelectMany(file => ParquetColumns.Read<long>(file, "user_id")).Distinct().LongCount());
        return JsonNode.Parse(File.ReadAllText(Path.Combine(Production, "report", "report.json")))!;
    }

    private string Run => Path.Combine(folder.Path, "run");

    private string Production => new RunNights(Run).PathOf(new RunNights(Run).Production!);

    private string LogPath => Path.Combine(folder.Path, "log.csv");

    private SortedDictionary<string, long> PreparedRows() => StageDirectory.Open(Production, "prepared").Manifest.Rows;

    // Pairs in an order drawn once, ten minutes apart: users and items of high numbers come late. The last row of each hundred is of an item of its own.
    private void WriteLog(int rows)
    {
        RandomStream draws = RandomStream.Named(7, "pairs");
        IEnumerable<int> pairs = Enumerable.Range(0, Users * Items).OrderBy(pair => draws.Unit(pair) + (pair / Items / (double)Users)).Take(rows);
        File.WriteAllLines(LogPath, pairs.Select((pair, place) =>
            $"{pair / Items},{(place % 100 == 99 ? 1000 + place : pair % Items)},{1_500_000_000 + (600 * place)}").Prepend("user_id,item_id,timestamp"));
    }

    // Its timestamps are the system's: training measures time by them.
    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
