using System.Collections;
using System.Text;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;
using NcfSpark.Scoring;
using NcfSpark.Training;

namespace NcfSpark.Serving.Tests;

/// <summary>
/// A run directory with nights, made by the stages themselves of a small log of users of two tastes. Users and items have gaps in their ids, as in the logs
/// that people have. It is made once for all tests of a class and removed after them.
/// </summary>
public abstract class SampleRun : IDisposable
{
    public const string First = "2026-11-01", Second = "2026-11-02";

    private const int UserCount = 60, ItemCount = 40;

    protected SampleRun()
    {
        Log = Path.Combine(Folder, "log.csv");
        WriteLog();
        foreach (string night in new[] { First, Second }) Make(night);
        Nights.PutInProduction(First);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("ncfspark-serving-").FullName;

    public RunNights Nights => new(Path.Combine(Folder, "run"));

    protected string Log { get; }

    /// <summary>The log's text of a user or an item.</summary>
    protected abstract string IdOf(string what, int number);

    /// <summary>Settings of a night, whose seed differs from that of other nights.</summary>
    protected abstract NcfSparkConfiguration Settings(int seed);

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a server of the run on a free port.</summary>
    public ServingHost Serve(ServeOptions? options = null, TextWriter? output = null, IDictionary? environment = null, IProgressReporter? progress = null) =>
        ServingHost.Start(Job(new NcfSparkConfiguration { Serve = options ?? Options }, Nights.Path, output, progress), environment ?? new Hashtable());

    /// <summary>Options for tests: a free port, and no log.</summary>
    public static ServeOptions Options => new() { Port = 0, AccessLog = AccessLogKind.None, PollSeconds = 0.05 };

    /// <summary>What `score` wrote of a night, by user: items, scores and source in the order of ranks.</summary>
    public Dictionary<string, List<(string Item, float Score, string Source)>> Written(string night, string directory = "recommendations")
    {
        string path = Path.Combine(Nights.PathOf(night), Stage.Predictions, directory, "part-00000.parquet");
        string[] users = ParquetColumns.ReadAsText(path, "user_id"), items = ParquetColumns.ReadAsText(path, "item_id");
        string[] sources = ParquetColumns.ReadStrings(path, "source");
        float[] scores = ParquetColumns.Read<float>(path, "score");
        return Enumerable.Range(0, users.Length).GroupBy(row => users[row]).ToDictionary(
            rows => rows.Key, rows => rows.Select(row => (items[row], scores[row], sources[row])).ToList());
    }

    /// <summary>The model of a night.</summary>
    public TrainedModel ModelOf(string night) => TrainedModel.Read(StageDirectory.Open(Nights.PathOf(night), TrainedModel.StageName));

    private static JobContext Job(NcfSparkConfiguration settings, string directory, TextWriter? output = null, IProgressReporter? progress = null) =>
        new(settings, directory, progress ?? SilentProgress.Instance, output ?? TextWriter.Null, TimeProvider.System, CancellationToken.None);

    private void Make(string night)
    {
        NcfSparkConfiguration settings = Settings(night == First ? 1 : 2);
        JobContext job = Job(settings, Nights.PathOf(night));
        var pipeline = new StagePipeline(job);
        StageDirectory prepared = pipeline.Make(new PrepareStage(job)), model = pipeline.Make(new TrainStage(settings, prepared));
        pipeline.Make(new ScoreStage(settings, prepared, model));
    }

    private void WriteLog()
    {
        RandomStream stream = RandomStream.Named(1, "small log");
        var text = new StringBuilder("user_id,item_id,timestamp\n");
        for (int user = 0; user < UserCount; user++)
        {
            for (int item = user % 2; item < ItemCount; item += 2)
            {
                long place = (long)user * ItemCount + item;
                if (stream.Unit(place) >= 0.7) continue;
                text.Append($"{IdOf("user", user)},{IdOf("item", item)},{1_500_000_000 + stream.Below(place + 1_000_000, 1_000_000)}\n");
            }
        }

        File.WriteAllText(Log, text.ToString());
    }
}

/// <summary>Both runs, made once. Tests of this collection run one after the other, because some change what is in production.</summary>
[CollectionDefinition(Name)]
public sealed class SampleRuns : ICollectionFixture<HistoryRun>, ICollectionFixture<RulesRun>
{
    public const string Name = "sample runs";
}

/// <summary>Ids are whole numbers, items have titles, and the model looks at what users did last.</summary>
public sealed class HistoryRun : SampleRun
{
    /// <summary>A title that is markup, a long one without blanks, and plain ones.</summary>
    public static string TitleOf(int number) => number switch
    {
        0 => "<b>Heat</b> & \"Speed\" <script>document.title = 1</script>",
        1 => new string('w', 120),
        _ => $"Film of number {number}",
    };

    protected override string IdOf(string what, int number) => $"{3 * number + 1}";

    protected override NcfSparkConfiguration Settings(int seed) => new()
    {
        Input = new InputOptions
        {
            Path = Log, UserColumn = "user_id", ItemColumn = "item_id", TimestampColumn = "timestamp",
            TitlesPath = TitlesFile(), TitlesIdColumn = "item_id", TitlesTitleColumn = "title",
        },
        Prepare = new PrepareOptions { Holdout = 3 },
        Model = new ModelOptions { EmbeddingSize = 8, UserMlp = new UserMlpOptions { Width = 8 } },
        Train = new TrainOptions { Epochs = 2, BatchSize = 261, Seed = seed },
        Score = new ScoreOptions { TopK = 7, UsersPath = UsersList(), SimilarItems = 5 },
    };

    private string TitlesFile()
    {
        string path = Path.Combine(Folder, "titles.csv");
        IEnumerable<string> lines = Enumerable.Range(0, 40)
            .Select(item => $"{IdOf("item", item)},\"{TitleOf(item).Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        File.WriteAllLines(path, lines.Prepend("item_id,title"));
        return path;
    }

    // Two users whom the log does not know are among those who get lists.
    private string UsersList()
    {
        string path = Path.Combine(Folder, "users.csv");
        if (!File.Exists(path)) File.WriteAllLines(path, Enumerable.Range(0, 62).Select(user => IdOf("user", user)).Prepend("user_id"));
        return path;
    }
}

/// <summary>Ids are texts, the model is NeuMF without a history, and section Score has rules.</summary>
public sealed class RulesRun : SampleRun
{
    protected override string IdOf(string what, int number) => $"{what} {number}/ä";

    protected override NcfSparkConfiguration Settings(int seed)
    {
        string deny = Path.Combine(Folder, "deny.csv"), items = Path.Combine(Folder, "items.csv"), lists = Path.Combine(Folder, "lists");
        if (!Directory.Exists(lists))
        {
            File.WriteAllLines(deny, Enumerable.Range(0, 40).Where(item => item % 7 == 0).Select(item => IdOf("item", item)).Prepend("item_id"));
            File.WriteAllLines(items, Enumerable.Range(0, 40).Select(item => $"{IdOf("item", item)},{item / 8}").Prepend("item_id,series"));
            Directory.CreateDirectory(lists);
            File.WriteAllLines(Path.Combine(lists, "few.csv"), Enumerable.Range(0, 9).Select(item => IdOf("item", item)).Prepend("item_id"));
        }

        return new NcfSparkConfiguration
        {
            Input = new InputOptions { Path = Log, UserColumn = "user_id", ItemColumn = "item_id", TimestampColumn = "timestamp" },
            Prepare = new PrepareOptions { Holdout = 3 },
            Model = new ModelOptions
            {
                Kind = NetworkKind.Neumf, User = UserEncoderKind.Embedding, EmbeddingSize = 4, MlpEmbeddingSize = 4, MlpLayers = [6, 4],
            },
            Train = new TrainOptions { Epochs = 2, BatchSize = 261, Seed = seed, Loss = LossKind.Logistic },
            Score = new ScoreOptions
            {
                TopK = 6, DenyPath = deny, ItemsPath = items, GroupColumn = "series", MaxPerGroup = 2, NotOlderThan = "1500000100", Threshold = 0.4,
                Lists =
                [
                    new() { Name = "later", Where = "series >= 2" }, new() { Name = "again", By = ListKind.Again, TopK = 4 },
                    new() { Name = "because", By = ListKind.Because, Repeats = true }, new() { Name = "hot", By = ListKind.Trending, TopK = 3 },
                ],
            },
        };
    }

    public ServeOptions WithLists => Options with { ListsPath = Path.Combine(Folder, "lists") };
}
