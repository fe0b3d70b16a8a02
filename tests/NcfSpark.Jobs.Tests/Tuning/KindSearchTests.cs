using System.Collections;
using System.Text;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs.Tests.Tuning;

/// <summary>The search for the kind of model, on logs where the right kind is known. A clock that counts how often it is asked keeps the machine out.</summary>
public sealed class KindSearchTests : IDisposable
{
    private const int Items = 40;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WhereTheNextItemFollowsTheOneBeforeAHistoryIsChosen()
    {
        // Each user goes through the items from a place of the user's own on.
        (NcfSparkConfiguration best, JsonNode results, string table) = Search(user =>
        {
            long first = RandomStream.Named(1, "first").Below(user, Items);
            return [.. Enumerable.Range(0, 12).Select(k => (int)(first + k) % Items)];
        });
        Assert.True(best.Model.HasHistory);
        Assert.StartsWith("history", (string)results["finalists"]![0]!["kind"]!, StringComparison.Ordinal);
        Assert.Contains("item-item cosine", table, StringComparison.Ordinal);
    }

    [Fact]
    public void WhereTheLatestItemsMisleadMatrixFactorizationIsChosen()
    {
        // Two tastes, a half of the catalogue each; but what a user did last, before what is asked for, has nothing to do with the user's own.
        (NcfSparkConfiguration best, _, string table) = Search(user =>
        {
            int[] own = [.. Enumerable.Range(0, Items / 2).Select(k => 2 * k + user % 2)];
            RandomStream.Named(2, "own", user).Shuffle(own.AsSpan());
            int[] stray = [.. Enumerable.Range(0, Items / 2).Select(k => 2 * k + 1 - user % 2)];
            RandomStream.Named(2, "stray", user).Shuffle(stray.AsSpan());
            return [.. own[..10], .. stray[..3], .. own[10..12]];
        });
        Assert.Equal((NetworkKind.Mf, UserEncoderKind.Embedding), (best.Model.Kind, best.Model.User));
    }

    [Fact]
    public void AllKindsAndBaselinesStandInTheTable()
    {
        (_, JsonNode results, string table) = Search(user => [.. Enumerable.Range(0, 10).Select(k => (user * 7 + k * 3) % Items)]);
        string[] kinds = [.. results["trials"]!.AsArray().Select(trial => (string)trial!["kind"]!).Distinct().Order()];
        Assert.Equal(["history", "history, MLP", "mf", "neumf"], kinds);
        foreach (string name in new[] { "mf", "neumf", "history", "history, MLP", "popularity", "recent popularity", "EASE" })
        {
            Assert.Contains($"\n  {name} ", table, StringComparison.Ordinal);
        }

        Assert.InRange((double)results["seconds"]!, 1, 60 * (double)results["budget_minutes"]!);
    }

    [Fact]
    public void OfALogWithoutTimesNoKindWithAHistoryIsTried()
    {
        NcfSparkConfiguration start = new();
        IReadOnlyList<ModelKind> kinds = ModelKind.For(start with { Input = start.Input with { TimestampColumn = "" } }, 1000);
        Assert.Equal(["mf", "neumf"], kinds.Select(kind => kind.Name));
        Assert.All(kinds, kind => Assert.False(kind.Begin.Model.HasHistory || kind.Begin.Train.RecencyScale > 0));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(10_000_000)]
    public void EveryKindBeginsWithSettingsThatArePossibleAndDrawsOthers(long interactions)
    {
        NcfSparkConfiguration standard = new(), start = standard with { Input = standard.Input with { Path = "log.csv" } };
        foreach (ModelKind kind in ModelKind.For(start, interactions))
        {
            Assert.Empty(ConfigurationCheck.Faults(kind.Begin, new HashSet<SettingKey>()));
            Assert.Equal(kind.Name, ModelKind.NameOf(kind.Begin.Model));
        }

        var space = SearchSpace.OfKinds(start, interactions, seed: 1);
        Candidate[] drawn = [.. Enumerable.Range(0, 25).Select(number => space.Draw(number)!)];
        string Of(Candidate candidate) => string.Join(' ', candidate.Settings.OrderBy(setting => setting.Key, StringComparer.Ordinal));
        Assert.Equal(25, drawn.Select(Of).Distinct().Count());
        Assert.Equal(["history", "mf", "history", "neumf", "history, MLP"], drawn[..5].Select(candidate => candidate.Kind));
    }

    // Users with their items in the order of their times.
    private (NcfSparkConfiguration Best, JsonNode Results, string Table) Search(Func<int, int[]> itemsOf)
    {
        var log = new StringBuilder("user_id,item_id,timestamp\n");
        for (int user = 0; user < 120; user++)
        {
            int[] items = itemsOf(user);
            for (int k = 0; k < items.Length; k++) log.Append($"{user},{items[k]},{1_500_000_000 + user * 1000 + k * 86_400}\n");
        }

        string path = folder.Write("log.csv", log.ToString());
        string file = folder.Write("start.json", "{ }");
        NcfSparkConfiguration configuration = ConfigurationLoader.Load(
            file,
            [$"Input:Path={path}", "Prepare:Holdout=1", "Train:Threads=1", "Tune:BudgetMinutes=1.5", "Tune:FinalSeeds=1", "Tune:Finalists=1"],
            new Hashtable());
        var job = new JobContext(configuration, folder.Path, SilentProgress.Instance, TextWriter.Null, new CountedTime(), CancellationToken.None)
        {
            ConfigurationFile = file,
        };
        string best = TuneStage.Best(job), tune = Path.GetDirectoryName(best)!;
        return (
            ConfigurationLoader.Load(best, [], new Hashtable()),
            JsonNode.Parse(File.ReadAllText(Path.Combine(tune, "results.json")))!,
            File.ReadAllText(Path.Combine(tune, "results.txt")));
    }

    /// <summary>Each look at the clock takes a hundredth of a second.</summary>
    internal sealed class CountedTime : TimeProvider
    {
        private long looks;

        public override long TimestampFrequency => 100;

        public override long GetTimestamp() => Interlocked.Increment(ref looks);
    }
}
