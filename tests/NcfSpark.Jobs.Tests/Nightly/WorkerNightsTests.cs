using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;

namespace NcfSpark.Jobs.Tests.Nightly;

/// <summary>Nights whose training, warm start and refit are done by workers: where these run changes no byte of what is measured and served.</summary>
[Collection(StopSignalsTests.OfThisProcess)]
[Trait("Category", "Slow")]
public sealed class WorkerNightsTests : IDisposable
{
    private const int Users = 30, Items = 24;
    private readonly TemporaryFolder folder = new();
    private readonly Clock clock = new();

    public void Dispose() => folder.Dispose();

    /// <summary>One worker as a process has a server, as a thread it has none.</summary>
    [Theory]
    [InlineData(1, "resampled", "embedding")]
    [InlineData(3, "stored", "embedding")]
    [InlineData(3, "resampled", "history")]
    public void WarmStartAndRefitGiveTheSameBytesWhereverWorkersRun(int workers, string negatives, string user)
    {
        string[] settings =
        [
            $"Input:Path={LogPath}", "Input:UserColumn=user_id", "Input:ItemColumn=item_id", "Input:TitlesPath=", "Input:RatingColumn=",
            "Prepare:Holdout=2", "Prepare:Validation=true", "Prepare:TestCandidates=0", "Prepare:NegativesPerPositive=2", "Prepare:Shards=4",
            .. user == "history"
                ? ["Model:Kind=mf", "Model:User=history", "Model:Dropout=[]", "Model:EmbeddingActivation=none", "Train:Embeddings:Optimizer=sgd"]
                : (string[])[],
            $"Train:Negatives={negatives}", "Train:NegativesPerPositive=4", "Train:Epochs=3", "Train:Patience=2", "Train:BatchSize=100",
            $"Train:Workers={workers}", "Train:Threads=1",
            "Evaluate:BootstrapSamples=50", "Evaluate:ExampleUsers=2", "Nightly:Refit=true", "Nightly:WarmStart=true", "Nightly:Gate=false",
            "Nightly:MaxDrift=1", "Nightly:MaxNewIds=1",
        ];
        SortedDictionary<string, string> threads = Nights("threads", settings), processes = Nights("processes", settings);
        Assert.Equal(threads, processes);
        if (user == "history")
        {
            Assert.NotEqual(threads["2/model/shared.safetensors"],
                Nights("threads", [.. settings, "Nightly:WarmStart=false"], "cold")["2/model/shared.safetensors"]);
        }
    }

    // Two nights of a log that grows; the hashes of both models of each night.
    private SortedDictionary<string, string> Nights(string where, string[] settings, string? name = null)
    {
        string run = Path.Combine(folder.Path, name ?? where);
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (int night = 1; night <= 2; night++)
        {
            clock.Now = new DateTimeOffset(2026, 11, 23 + night, 22, 55, 0, TimeSpan.Zero);
            WriteLog(Users * Items / 2 + 40 * night);
            using var error = new StringWriter();
            using var signals = new StopSignals(SilentProgress.Instance);
            var runner = new JobRunner(new Hashtable(), SilentProgress.Instance, TextWriter.Null, error, clock, signals);
            ExitCode code = runner.Run(Verb.All.Single(verb => verb.Name == "nightly"),
                new JobArguments(Repository.File("conf/ml-latest-small.json"), run, [.. settings, $"Train:Placement={where}"]));
            Assert.True(code == ExitCode.Done, $"{code}. {error}");
            string path = new RunNights(run).PathOf(new RunNights(run).Production!);
            foreach (string stage in new[] { "model", "refit" })
            {
                foreach ((string file, StageFile content) in StageDirectory.Open(path, stage).Manifest.Files.Where(file => file.Key != TrainingLog.FileName))
                {
                    hashes.Add($"{night}/{stage}/{file}", content.Sha256);
                }
            }
        }

        return hashes;
    }

    private string LogPath => Path.Combine(folder.Path, "log.csv");

    // Pairs in an order drawn once, a minute apart.
    private void WriteLog(int rows)
    {
        RandomStream draws = RandomStream.Named(7, "pairs");
        IEnumerable<int> pairs = Enumerable.Range(0, Users * Items).OrderBy(pair => draws.Unit(pair)).Take(rows);
        File.WriteAllLines(LogPath, pairs.Select((pair, place) => $"{pair / Items},{pair % Items},{1_500_000_000 + 60 * place}")
            .Prepend("user_id,item_id,timestamp"));
    }

    // Its timestamps are the system's: training measures time by them.
    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
