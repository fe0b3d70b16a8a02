using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Laws of weights and dislikes, over random logs and by hand; one subclass an engine.</summary>
public abstract class WeightsSuite : IDisposable
{
    private const long One = 1_000_000; // weights are whole millionths

    private static readonly SortedDictionary<string, double> events = new(StringComparer.Ordinal) { ["buy"] = 10, ["hate"] = -7.5, ["view"] = 0.3 };

    private readonly TestFolder folder = new();

    protected abstract ISqlEngine Engine { get; }

    /// <summary>How many random logs a law may see.</summary>
    protected abstract int MostCases { get; }

    /// <summary>A row of a log with an event and a value.</summary>
    public readonly record struct WeightedRow(string User, string Item, long Timestamp, string Event, double Value);

    private static Gen<WeightedRow[]> Logs =>
        from users in Gen.Choose(2, 7)
        from items in Gen.Choose(2, 9)
        from rows in (from u in Gen.Choose(1, users) from i in Gen.Choose(1, items) from t in Gen.Choose(0, 6)
            from e in Gen.Elements("view", "view", "buy", "hate", "other") from v in Gen.Elements(1, 2, 0.25, 12.125, -1, 0)
            select new WeightedRow($"{u * 37 % 11}", $"{i * 29 % 13}", t, e, v)).NonEmptyListOf()
        select rows.Concat([new("1", "1", 3, "buy", 1), new("1", "2", 3, "view", 2), new("1", "3", 0, "view", 1)]).ToArray();

    private static readonly Gen<InputOptions> SomeInput =
        from column in Gen.Elements("", "value")
        from named in Gen.Elements(true, false)
        from repeats in Gen.Elements<RepeatRule?>(null, RepeatRule.Sum, RepeatRule.Latest)
        from transform in Gen.Elements(WeightTransform.None, WeightTransform.Log, WeightTransform.Cap)
        let input = new InputOptions { EventColumn = "event", EventWeights = named ? events : [], WeightColumn = column, Repeats = repeats }
        select (input.IsWeighted ? input : input with { Repeats = RepeatRule.Sum }) with
        {
            WeightTransform = transform,
            WeightCap = transform == WeightTransform.Cap ? 4.5 : null,
        };

    private static readonly Gen<PrepareOptions> SomeOptions =
        from split in Gen.Elements(SplitRule.Latest, SplitRule.Latest, SplitRule.Time)
        from holdout in Gen.Choose(1, 3)
        from moment in Gen.Choose(2, 6)
        from validation in Gen.Elements(true, false)
        from negatives in Gen.Choose(0, 2)
        from seed in Gen.Choose(0, int.MaxValue)
        select PlainOptions.Prepare with
        {
            Split = split,
            Holdout = holdout,
            TestFrom = split == SplitRule.Time ? $"{moment}" : "",
            Validation = validation && split == SplitRule.Latest,
            NegativesPerPositive = negatives,
            TestCandidates = 2,
            Seed = seed,
        };

    [SkippableFact]
    public void EveryRowAndWeightIsThatOfTheSlowTwin() => ForAll(40, (log, input, options) =>
    {
        Dictionary<(string User, string Item), (long Moment, long Units)> pairs = SlowPairs(log, input, options);
        var liked = pairs.Where(pair => pair.Value.Units > 0).ToDictionary();
        if (liked.Keys.Select(pair => pair.Item).Distinct().Count() < 2) return; // refused
        LogRow[] rows = [.. liked.Select(pair => new LogRow(pair.Key.User, pair.Key.Item, pair.Value.Moment))];
        long from = options.Split == SplitRule.Time ? long.Parse(options.TestFrom) : 0;
        Rows expected = SlowPreparer.Prepare(rows, options, time: options.Split == SplitRule.Time ? (from, from) : null, weight: pair => liked[pair].Units);
        StageDirectory? prepared = Prepare(log, input, options);
        if (prepared is null) return; // nothing to test, or too much
        Rows.AssertEqual(expected, Rows.Of(prepared));

        var data = new PreparedData(prepared);
        IdTable users = data.ReadUsers(), items = data.ReadItems();
        float WeightOf(int user, int item) => (float)(liked[(users.TextOf(user), items.TextOf(item))].Units / (double)One);
        (InteractionRows train, int[] labels) = data.ReadTrain();
        for (int row = 0; row < train.Count; row++)
        {
            if (labels[row] == 1) Assert.Equal(WeightOf(train.Users[row], train.Items[row]), train.Weights![row]);
        }

        foreach (InteractionRows part in new[] { data.ReadHeldOut("validation"), data.ReadHeldOut("test") })
        {
            for (int row = 0; row < part.Count; row++) Assert.Equal(WeightOf(part.Users[row], part.Items[row]), part.Weights![row]);
        }

        for (int item = 0; item < items.Count; item++)
        {
            float popularity = (float)(expected.Positives.Where(row => row.Item == item).Sum(
                row => liked[(users.TextOf(row.User), items.TextOf(item))].Units) / (double)One);
            Assert.Equal(popularity, items.Weights![item]);
        }

        // A dislike trains if it came before all that is held out of its user.
        var disliked = pairs.Where(pair => pair.Value.Units < 0 && users.Find(pair.Key.User) >= 0 && items.Find(pair.Key.Item) >= 0).Select(pair =>
        {
            int user = users.Find(pair.Key.User);
            long[] held = [.. expected.Validation.Concat(expected.Test).Where(row => row.User == user).Select(row => row.Timestamp)];
            bool trains = options.Split == SplitRule.Time ? pair.Value.Moment < from : held.Length == 0 || pair.Value.Moment < held.Min();
            return (User: user, Item: items.Find(pair.Key.Item), Weight: (float)(pair.Value.Units / (double)One), Trains: trains);
        }).ToArray();
        Assert.Equal(disliked.Select(row => (row.User, row.Item, row.Weight)).Order(), Of(data.ReadDisliked(later: true)));
        Assert.Equal(disliked.Where(row => row.Trains).Select(row => (row.User, row.Item, row.Weight)).Order(), Of(data.ReadDisliked(later: false)));

        SortedDictionary<string, long> counts = prepared.Manifest.Rows;
        Assert.Equal(counts["input_rows"], counts["other_events"] + counts["duplicates_dropped"] + counts["train_positives"] + counts["validation"]
            + counts["test"] + counts["disliked"] + counts["weightless_pairs"]);
        Assert.True(counts["duplicates_dropped"] >= 0);

        static IEnumerable<(int, int, float)> Of(InteractionRows rows) =>
            Enumerable.Range(0, rows.Count).Select(row => (rows.Users[row], rows.Items[row], rows.Weights![row])).Order();
    });

    /// <summary>
    /// User 1 viewed A twice and bought it, viewed B and sent it back, and viewed C. User 2 bought B twice. By sums A weighs 12 and B is a dislike of user 1.
    /// </summary>
    [SkippableFact]
    public void AShopsLogByHand()
    {
        WeightedRow[] log =
        [
            new("1", "A", 1, "view", 0), new("1", "A", 2, "buy", 0), new("1", "A", 3, "view", 0), new("1", "B", 1, "view", 0), new("1", "B", 4, "hate", 0),
            new("1", "C", 5, "view", 0), new("1", "D", 6, "other", 0), new("2", "B", 1, "buy", 0), new("2", "B", 2, "buy", 0), new("2", "A", 2, "view", 0),
        ];
        var input = new InputOptions { EventColumn = "event", EventWeights = new() { ["view"] = 1, ["buy"] = 10, ["hate"] = -5 } };
        var options = PlainOptions.Prepare with { Holdout = 0, NegativesPerPositive = 0, TestCandidates = 0 };
        var data = new PreparedData(Prepare(log, input, options)!);
        IdTable items = data.ReadItems();
        Assert.Equal(["B", "A", "C"], Enumerable.Range(0, 3).Select(items.TextOf)); // 20, 13 and 1
        Assert.Equal([20f, 13f, 1f], items.Weights!);
        Assert.Equal([1, 2, 1], items.Interactions);
        (InteractionRows train, _) = data.ReadTrain();
        Assert.Equal([(0, 1, 12f), (0, 2, 1f), (1, 0, 20f), (1, 1, 1f)],
            Enumerable.Range(0, 4).Select(row => (train.Users[row], train.Items[row], train.Weights![row])).Order());
        Assert.Equal([-4f], data.ReadDisliked(later: false).Weights!);
        Assert.Equal((1L, 0L, 4L), (data.Directory.Manifest.Rows["disliked"], data.Directory.Manifest.Rows["weightless_pairs"],
            data.Directory.Manifest.Rows["duplicates_dropped"]));

        data = new PreparedData(Prepare(log, input with { Repeats = RepeatRule.Latest }, options)!);
        Assert.Equal([10f, 2f, 1f], data.ReadItems().Weights!); // A's latest row of user 1 is a view
    }

    [SkippableFact]
    public void WithoutWeightsNothingIsWrittenOfThem()
    {
        WeightedRow[] log = [new("1", "A", 1, "view", 1), new("1", "B", 2, "buy", 1), new("2", "A", 3, "view", 1), new("2", "B", 3, "view", 1)];
        var equal = new InputOptions { EventColumn = "event", EventWeights = new() { ["view"] = 3, ["buy"] = 3 } };
        StageDirectory prepared = Prepare(log, equal, PlainOptions.Prepare with { Holdout = 1 })!;
        Assert.False(prepared.Manifest.Rows.ContainsKey("disliked"));
        Assert.False(Directory.Exists(prepared.File("disliked")));
        Assert.False(ParquetColumns.Has(prepared.File("train"), "weight"));
        Assert.False(ParquetColumns.Has(prepared.File("items"), "popularity"));
    }

    [SkippableTheory]
    [InlineData("x", "column value holds 'x', which is no number between -1e9 and 1e9")]
    [InlineData("", "column value is empty")]
    [InlineData("2e9", "column value holds '2e9', which is no number between -1e9 and 1e9")]
    public void AWeightThatIsNoneIsABadRow(string value, string reason)
    {
        string csv = folder.Write("bad.csv", $"user_id,item_id,timestamp,value\n1,1,1,1\n1,2,2,{value}\n2,1,3,4\n2,2,4,4\n");
        string message = Assert.Throws<InvalidInputException>(() => PreparedRun.Prepare(Engine, new InputOptions { Path = csv, WeightColumn = "value" },
            PlainOptions.Prepare, Path.Combine(folder.Path, Guid.NewGuid().ToString("N")), SilentProgress.Instance)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void ALogOfDislikesAloneIsRefused()
    {
        WeightedRow[] log = [new("1", "A", 1, "view", -1), new("1", "B", 2, "view", 0), new("2", "A", 3, "view", -1)];
        Assert.Contains("no user and item weigh more than 0", Assert.Throws<InvalidInputException>(
            () => Prepare(log, new InputOptions { WeightColumn = "value" }, PlainOptions.Prepare)).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private void ForAll(int cases, Action<WeightedRow[], InputOptions, PrepareOptions> law)
    {
        _ = Engine; // skips where there is none
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Math.Min(cases, MostCases)).WithStartSize(MostCases < cases ? 30 : 1),
            Prop.ForAll(Arb.From(Logs), Arb.From(SomeInput), Arb.From(SomeOptions), law));
    }

    // What the pairs of a log weigh, written as plainly as can be.
    private static Dictionary<(string User, string Item), (long Moment, long Units)> SlowPairs(WeightedRow[] log, InputOptions input, PrepareOptions options)
    {
        long from = options.Split == SplitRule.Time ? long.Parse(options.TestFrom) : long.MaxValue;
        var pairs = new Dictionary<(string, string), (long, long)>();
        foreach (var pair in log.Where(row => input.EventWeights.Count == 0 || input.EventWeights.ContainsKey(row.Event)).GroupBy(row => (row.User, row.Item)))
        {
            WeightedRow[] rows = [.. pair.Where(row => row.Timestamp >= from == pair.All(other => other.Timestamp >= from))];
            long moment = rows.Max(row => row.Timestamp);
            long units = input.Repeats == RepeatRule.Latest ? rows.Where(row => row.Timestamp == moment).Max(UnitsOf) : rows.Sum(UnitsOf);
            if (input.WeightTransform == WeightTransform.Log) units = Units(Math.Sign(units) * Math.Log(1 + Math.Abs(units / (double)One)));
            if (input.WeightTransform == WeightTransform.Cap) units = Math.Clamp(units, -Units(4.5), Units(4.5));
            pairs[pair.Key] = (moment, units);
        }

        return pairs;

        long UnitsOf(WeightedRow row) =>
            Units((input.WeightColumn.Length == 0 ? 1 : row.Value) * (input.EventWeights.Count == 0 ? 1 : input.EventWeights[row.Event]));
    }

    private static long Units(double weight) => (long)Math.Floor((weight * One) + 0.5);

    // null where settings and log leave nothing to test, or test too much.
    private StageDirectory? Prepare(WeightedRow[] log, InputOptions input, PrepareOptions options)
    {
        string name = Guid.NewGuid().ToString("N");
        string csv = folder.Write($"{name}.csv", "user_id,item_id,timestamp,event,value\n" + string.Concat(log.Select(
            row => string.Create(CultureInfo.InvariantCulture, $"{row.User},{row.Item},{row.Timestamp},{row.Event},{row.Value}\n"))));
        try
        {
            return PreparedRun.Prepare(Engine, input with { Path = csv }, options, Path.Combine(folder.Path, name), SilentProgress.Instance);
        }
        catch (InvalidInputException refused) when (refused.Message.Contains("nothing can be", StringComparison.Ordinal)
            || refused.Message.Contains("more than half", StringComparison.Ordinal) || refused.Message.Contains("same time", StringComparison.Ordinal))
        {
            return null;
        }
    }
}

/// <summary>The laws on DuckDB.</summary>
[Collection(EngineCollection.Name)]
public sealed class DuckDbWeightsTests(EngineFixture fixture) : WeightsSuite
{
    protected override ISqlEngine Engine => fixture.Engine;

    protected override int MostCases => 40;
}

/// <summary>The laws on Spark.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkWeightsTests(SparkFixture spark) : WeightsSuite
{
    protected override ISqlEngine Engine => spark.Engine;

    protected override int MostCases => int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_SPARK_CASES") ?? "1");
}
