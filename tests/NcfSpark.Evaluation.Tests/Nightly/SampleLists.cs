using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Preparation;

namespace NcfSpark.Evaluation.Tests.Nightly;

/// <summary>A night's prepared data and predictions for a given log, and the files of the report's search that are made from them.</summary>
internal sealed class SampleLists(string night)
{
    public const string Script = "</script><script>document.title='broken'</script>";

    /// <summary>Ids as people make them, and as they should not be.</summary>
    public static string[] HostileIds { get; } =
        ["1", "10", "9", "__proto__", "a\"b'c", Script, "\u2028line", "\\", "ü", "\uE000", "\U0001F600", "<b>", "constructor", "%2F", "A", "a"];

    /// <summary>The log: user, item, when (seconds).</summary>
    public List<(string User, string Item, long When)> Log { get; } = [];

    /// <summary>The lists: user, rank, item, score.</summary>
    public List<(string User, int Rank, string Item, float Score)> Lists { get; } = [];

    public Dictionary<string, string> Titles { get; } = [];

    public NightlyOptions Options { get; init; } = new();

    public string Directory => Path.Combine(night, UserLists.DirectoryName);

    /// <summary>A log of some users and items, whose titles are hostile for every third item.</summary>
    public static SampleLists Random(string night, string[] users, string[] items, long seed)
    {
        var lists = new SampleLists(night);
        RandomStream chance = RandomStream.Named(seed, "lists");
        for (int u = 0; u < users.Length; u++)
        {
            for (int k = 0; k < 1 + u % 30; k++)
            {
                lists.Log.Add((users[u], items[(u + 7 * k) % items.Length], 1_500_000_000 + (long)(chance.Unit(u * 31 + k) * 1e8)));
            }

            for (int rank = 1; rank <= u % 12; rank++) lists.Lists.Add((users[u], rank, items[(u + rank) % items.Length], 1f / (rank + u)));
        }

        for (int i = 0; i < items.Length; i += 3) lists.Titles[items[i]] = $"{Script} & {i}\u2028";
        return lists;
    }

    /// <summary>Writes the night's directories.</summary>
    public SampleLists WriteNight()
    {
        string[] users = [.. Log.Select(row => row.User).Distinct().Order(StringComparer.Ordinal)];
        string[] items = [.. Log.Select(row => row.Item).Concat(Lists.Select(row => row.Item)).Distinct().Order(StringComparer.Ordinal)];
        using (StageWriter prepared = StageWriter.Begin(night, "prepared"))
        {
            Write(prepared.File("users/part-00000.parquet"), ("user_id", users), ("user_index", Enumerable.Range(0, users.Length).ToArray()));
            Write(prepared.File("items/part-00000.parquet"), ("item_id", items), ("item_index", Enumerable.Range(0, items.Length).ToArray()));
            foreach ((string part, int which) in new[] { ("train/shard=0", 0), ("train/shard=1", 1), ("validation", 2), ("test", 3) })
            {
                (string User, string Item, long When)[] rows = [.. Log.Where((_, place) => place % 4 == which)];
                (string, Array)[] columns =
                [
                    ("user_index", rows.Select(row => Array.BinarySearch(users, row.User, StringComparer.Ordinal)).ToArray()),
                    ("item_index", rows.Select(row => Array.BinarySearch(items, row.Item, StringComparer.Ordinal)).ToArray()),
                    ("timestamp", rows.Select(row => row.When).ToArray()),
                ];
                Write(prepared.File($"{part}/part-00000.parquet"), which < 2 ? [.. columns, ("label", rows.Select(_ => 1).ToArray())] : columns);
            }

            prepared.Publish(Manifest("prepared"));
        }

        using StageWriter predictions = StageWriter.Begin(night, "predictions");
        Write(
            predictions.File("recommendations/part-00000.parquet"),
            ("user_id", Lists.Select(row => row.User).ToArray()),
            ("rank", Lists.Select(row => row.Rank).ToArray()),
            ("item_id", Lists.Select(row => row.Item).ToArray()),
            ("score", Lists.Select(row => row.Score).ToArray()),
            ("source", Lists.Select(_ => "model").ToArray()));
        predictions.Publish(Manifest("predictions"));
        return this;
    }

    /// <summary>Writes the files of the search.</summary>
    public SampleLists WriteFiles(int exampleUsers = 5)
    {
        string titles = Path.Combine(night, "titles.csv");
        string Quoted(string text) => $"\"{text.Replace("\"", "\"\"")}\"";
        File.WriteAllLines(titles, Titles.Select(title => $"{Quoted(title.Key)},{Quoted(title.Value)}").Prepend("item_id,title"));
        var configuration = new NcfSparkConfiguration
        {
            Nightly = Options,
            Evaluate = new EvaluateOptions { ExampleUsers = exampleUsers },
            Input = new InputOptions { TitlesPath = Titles.Count == 0 ? "" : titles },
        };
        UserLists.Write(new JobContext(configuration, night, SilentProgress.Instance, TextWriter.Null, TimeProvider.System, CancellationToken.None), night);
        return this;
    }

    private static StageManifest Manifest(string stage) =>
        new() { Stage = stage, Fingerprint = stage, MadeFrom = [], Configuration = [], Seed = 1, Rows = [] };

    private static void Write(string path, params (string Name, Array Values)[] columns)
    {
        using ParquetFile file = ParquetFile.Create(path, [.. columns.Select(column => (column.Name, column.Values.GetType().GetElementType()!))]);
        if (columns[0].Values.Length > 0) file.WriteGroup([.. columns.Select(column => column.Values)]);
    }
}
