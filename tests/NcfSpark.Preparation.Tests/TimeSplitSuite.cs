using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Laws of the split by time, over random logs and by hand; one subclass an engine.</summary>
public abstract class TimeSplitSuite : IDisposable
{
    protected const long Day = 86_400, Start = 1_500_000_000; // in July 2017

    private readonly TestFolder folder = new();

    protected abstract ISqlEngine Engine { get; }

    /// <summary>How many random logs a law may see.</summary>
    protected abstract int MostCases { get; }

    // Few users, items and half days, so that repeats on both sides of a moment, ties at it, new users and new items all happen.
    private static Gen<LogRow[]> Logs =>
        from users in Gen.Choose(2, 8)
        from items in Gen.Choose(2, 12)
        from rows in (from u in Gen.Choose(1, users) from i in Gen.Choose(1, items) from t in Gen.Choose(0, 12)
            select new LogRow($"{u * 37 % 11}", $"{i * 29 % 13 - 5}", Start + (t * Day / 2))).NonEmptyListOf()
        select rows.Append(new LogRow("1", "1", Start)).Append(new LogRow("1", "2", Start)).Append(new LogRow("2", "1", Start + (5 * Day))).ToArray();

    // A moment that is one of the log's, or a number of days; and sometimes days that validate.
    private static readonly Gen<PrepareOptions> SomeOptions =
        from byMoment in Gen.Elements(true, false)
        from half in Gen.Choose(5, 12)
        from days in Gen.Elements(0.5, 1, 1.25, 3)
        from validation in Gen.Elements(true, false)
        from validationDays in Gen.Elements<double?>(null, 0.5, 2)
        from negatives in Gen.Choose(0, 3)
        from candidates in Gen.Choose(0, 3)
        from avoid in Gen.Elements(AvoidedItems.Touched, AvoidedItems.Trained)
        from seed in Gen.Choose(0, int.MaxValue)
        select PlainOptions.Prepare with
        {
            Split = SplitRule.Time,
            TestFrom = byMoment ? $"{DateTime.UnixEpoch.AddSeconds(Start + (half * Day / 2)):yyyy-MM-ddTHH:mm:ssZ}" : "",
            TestDays = byMoment ? null : days,
            Validation = validation,
            ValidationDays = validation ? validationDays : null,
            NegativesPerPositive = negatives,
            NegativesAvoid = avoid,
            TestCandidates = candidates,
            Shards = 3,
            Seed = seed,
        };

    [SkippableFact]
    public void EveryRowIsThatOfTheSlowTwin() => ForAll(30, (log, options) =>
        Rows.AssertEqual(SlowPreparer.Prepare(log, options, time: BoundsOf(log, options)), Rows.Of(Prepare(log, options))));

    [SkippableFact]
    public void PartsAreDisjointAndEveryRowIsAccountedFor() => ForAll(15, (log, options) =>
    {
        StageDirectory prepared = Prepare(log, options);
        Rows rows = Rows.Of(prepared);
        (int User, int Item)[] all = [.. rows.Positives.Concat(rows.Validation).Concat(rows.Test).Select(row => (row.User, row.Item))];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(log.Select(row => (row.User, row.Item)).ToHashSet(), all.Select(pair => (rows.Users[pair.User].Id, rows.Items[pair.Item].Id)).ToHashSet());

        SortedDictionary<string, long> counts = prepared.Manifest.Rows;
        Assert.Equal(counts["input_rows"], counts["duplicates_dropped"] + counts["train_positives"] + counts["validation"] + counts["test"]);
        Assert.Equal(rows.Test.Select(row => row.User).Distinct().Count(), counts["test_users"]);
        Assert.Equal(rows.Test.Select(row => row.User).Distinct().Count(user => rows.Users[user].Interactions == 0), counts["test_new_users"]);
        Assert.Equal(rows.Test.Count(row => rows.Users[row.User].Interactions == 0), counts["test_of_new_users"]);
        Assert.Equal(rows.Test.Count(row => rows.Items[row.Item].Interactions == 0), counts["test_of_new_items"]);

        (long validationFrom, long testFrom) = BoundsOf(log, options);
        Assert.All(rows.Positives, row => Assert.True(row.Timestamp < validationFrom));
        Assert.All(rows.Validation, row => Assert.InRange(row.Timestamp, validationFrom, testFrom - 1));
        Assert.All(rows.Test, row => Assert.True(row.Timestamp >= testFrom));
    });

    /// <summary>Rows from the end of training on are dropped, moved, given to other users and items, and added: what trains stays, row by row.</summary>
    [SkippableFact]
    public void NothingThatTrainsKnowsWhatCameLater() => ForAll(15, (log, options) =>
    {
        // By a moment, since a number of days counts from the log's end.
        (long validationFrom, long testFrom) = BoundsOf(log, options);
        options = options with
        {
            TestFrom = $"{testFrom}",
            TestDays = null,
            ValidationDays = options.Validation ? (testFrom - validationFrom) / (double)Day : null,
            NegativesAvoid = AvoidedItems.Trained, // `touched` looks at held-out items: conf/README.md warns of it
        };
        Rows before = Rows.Of(Prepare(log, options));
        var chance = RandomStream.Named(options.Seed, "changes");
        foreach (long from in new[] { validationFrom, testFrom }.Distinct())
        {
            LogRow[] changed = Changed(log, from, chance);
            if (IsRefused(changed, options)) continue;
            Rows after = Rows.Of(Prepare(changed, options));
            Assert.Equal(before.Train, after.Train);
            Assert.Equal(Trained(before.Users), Trained(after.Users));
            Assert.Equal(Trained(before.Items), Trained(after.Items));
            if (from == testFrom) Assert.Equal(Named(before), Named(after));
        }

        static IEnumerable<(string, int, int)> Trained(IEnumerable<(string Id, int Index, int Interactions)> ids) => ids.Where(id => id.Interactions > 0);

        static IEnumerable<(string, string, long)> Named(Rows rows) =>
            rows.Validation.Select(row => (rows.Users[row.User].Id, rows.Items[row.Item].Id, row.Timestamp)).Order();
    });

    [SkippableFact]
    public void TheOrderOfInputRowsDoesNotMatter() => ForAll(10, (log, options) =>
    {
        Rows rows = Rows.Of(Prepare(log, options));
        LogRow[] shuffled = [.. log];
        RandomStream.Named(options.Seed, "shuffle").Shuffle(shuffled.AsSpan());
        Rows.AssertEqual(rows, Rows.Of(Prepare(shuffled, options)));
    });

    [SkippableFact]
    public void ASmallLogByHand()
    {
        // The times are an order. From 5 on validates, from 8 on is tested: the example of TimeSplit, with its user 1; user 2 is there before, 3 is new.
        LogRow[] log =
        [
            new("1", "10", 1), new("1", "10", 9), new("1", "20", 5), new("1", "20", 7), new("1", "20", 8), new("1", "30", 8), new("1", "30", 9),
            new("2", "10", 2), new("2", "20", 3), new("2", "50", 4), new("2", "40", 10),
            new("0", "10", 8),
        ];
        StageDirectory prepared = Prepare(log, PlainOptions.Prepare with
        {
            Split = SplitRule.Time, TestFrom = "8", Validation = true, NegativesPerPositive = 1, NegativesAvoid = AvoidedItems.Trained, TestCandidates = 1,
        });
        Rows rows = Rows.Of(prepared);

        Assert.Equal([("1", 0, 1), ("2", 1, 3), ("0", 2, 0)], rows.Users); // who trains comes first
        Assert.Equal([("10", 0, 2), ("20", 1, 1), ("50", 2, 1), ("30", 3, 0), ("40", 4, 0)], rows.Items);
        Assert.Equal([(0, 0, 1), (1, 0, 2), (1, 1, 3), (1, 2, 4)], rows.Positives);
        Assert.Equal([(0, 1, 7)], rows.Validation);
        Assert.Equal([(0, 3, 9), (1, 4, 10), (2, 0, 8)], rows.Test);
        Assert.All(rows.Negatives, row => Assert.True(row is { User: 0, Item: 1 or 2 })); // of what training has; user 2 has all of it
        SortedDictionary<string, long> counts = prepared.Manifest.Rows;
        Assert.Equal((3, 1, 1, 2), (counts["test_users"], counts["test_new_users"], counts["test_of_new_users"], counts["test_of_new_items"]));
        Assert.Equal((4, 1), (counts["duplicates_dropped"], counts["users_without_negatives"]));
        Assert.Contains("3 interactions of 3 users", prepared.Manifest.Notes["split"]);
    }

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected StageDirectory Prepare(IReadOnlyList<LogRow> log, PrepareOptions options, IProgressReporter? progress = null)
    {
        string name = Guid.NewGuid().ToString("N");
        string csv = "user_id,item_id,timestamp\n" + string.Concat(log.Select(row => $"{row.User},{row.Item},{row.Timestamp}\n"));
        return PreparedRun.Prepare(Engine, new InputOptions { Path = folder.Write($"{name}.csv", csv) }, options, Path.Combine(folder.Path, name),
            progress ?? SilentProgress.Instance);
    }

    // Each later row goes, stays, moves on by a day or becomes another's; and one comes that nobody knew.
    private static LogRow[] Changed(LogRow[] log, long from, RandomStream chance) =>
    [
        .. log.SelectMany((row, place) => row.Timestamp < from ? [row] : (chance.Below(place, 4) switch
        {
            0 => Array.Empty<LogRow>(),
            1 => [row with { Timestamp = row.Timestamp + Day }],
            2 => [row with { User = $"{chance.Below(1000 + place, 12)}", Item = $"{chance.Below(2000 + place, 14) - 5}" }, new("-1", "-9", from)],
            _ => [row],
        })),
        new("99", "99", from + (6 * Day)),
    ];

    private static (long ValidationFrom, long TestFrom) BoundsOf(LogRow[] log, PrepareOptions options)
    {
        long latest = log.Max(row => row.Timestamp);
        long testFrom = options.TestDays is { } days ? latest - (long)(days * Day) + 1 : TimestampText.Parse(options.TestFrom)!.Value;
        long validated = !options.Validation ? 0 : options.ValidationDays is { } own ? (long)Math.Round(own * Day) : latest + 1 - testFrom;
        return (testFrom - validated, testFrom);
    }

    // Nothing to test, to validate or to train on, or more of it than before it.
    private static bool IsRefused(LogRow[] log, PrepareOptions options)
    {
        if (log.Max(row => row.Timestamp) < BoundsOf(log, options).TestFrom) return true;
        Rows rows = SlowPreparer.Prepare(log, options with { NegativesPerPositive = 0, TestCandidates = 0 }, time: BoundsOf(log, options));
        (int train, int validation, int test) = (rows.Train.Count, rows.Validation.Count, rows.Test.Count);
        return test == 0 || test > train + validation || (options.Validation && (validation == 0 || validation > train));
    }

    private void ForAll(int cases, Action<LogRow[], PrepareOptions> law)
    {
        _ = Engine; // skips where there is none
        int smallest = MostCases < cases ? 40 : 1;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Math.Min(cases, MostCases)).WithStartSize(smallest),
            Prop.ForAll(Arb.From(Logs.Zip(SomeOptions).Where(one => MostCases > 1 || !IsRefused(one.Item1, one.Item2))), one =>
        {
            (LogRow[] log, PrepareOptions options) = one;
            if (IsRefused(log, options)) Assert.Throws<InvalidInputException>(() => Prepare(log, options));
            else law(log, options);
        }));
    }
}

/// <summary>The laws on DuckDB.</summary>
[Collection(EngineCollection.Name)]
[Trait("Category", "Slow")]
public sealed class DuckDbTimeSplitTests(EngineFixture fixture) : TimeSplitSuite
{
    protected override ISqlEngine Engine => fixture.Engine;

    protected override int MostCases => 30;

    [Theory]
    [InlineData("2017-07-30", null, null, false, "nothing can be tested from 2017-07-30 00:00:00 on", "Prepare:TestFrom (\"2017-07-30\")", "2017-07-14")]
    [InlineData("2010", null, null, false, "more than half", "Prepare:TestFrom", "")]
    [InlineData("soon", null, null, false, "Prepare:TestFrom is \"soon\"", "2026-11-23", "")]
    [InlineData("", 6.0, null, false, "more than half", "Prepare:TestDays (6)", "")]
    [InlineData("", 0.5, 0.01, true, "nothing validates", "Prepare:ValidationDays", "")]
    [InlineData("", 1.0, 9.0, true, "more than half", "Prepare:ValidationDays", "")]
    [InlineData("", null, null, false, "none of the log's last 1, 2, 4, 8", "500 users", "Prepare:TestDays")]
    public void AWindowThatLeavesNothingOrTooLittleIsRefused(
        string from, double? days, double? validationDays, bool validation, string says, string cure, string more)
    {
        LogRow[] log = [.. Enumerable.Range(0, 60).Select(row => new LogRow($"{row % 7}", $"{row}", Start + (row / 10 * Day)))];
        string message = Assert.Throws<InvalidInputException>(() => Prepare(log, PlainOptions.Prepare with
        {
            Split = SplitRule.Time, TestFrom = from, TestDays = days, ValidationDays = validationDays, Validation = validation,
        })).Message;
        Assert.All([says, cure, more], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void DaysOfAnOrderAreRefused()
    {
        LogRow[] log = [.. Enumerable.Range(0, 60).Select(row => new LogRow($"{row % 7}", $"{row}", row))];
        string message = Assert.Throws<InvalidInputException>(() => Prepare(log, PlainOptions.Prepare with { Split = SplitRule.Time, TestDays = 1 })).Message;
        Assert.Contains("an order without days (0 to 59)", message, StringComparison.Ordinal);
    }

    /// <summary>So many new users a day come once, on each of 50 days.</summary>
    [Theory]
    [InlineData(600, "the last day,")]
    [InlineData(300, "the last 2 days,")]
    [InlineData(150, "the last 4 days,")]
    public void AWindowThatNobodyNamedIsTheShortestWithUsersEnough(int usersADay, string window)
    {
        LogRow[] log = [.. Enumerable.Range(0, 50).SelectMany(day => Enumerable.Range(0, usersADay).Select(
            user => new LogRow($"{(day * usersADay) + user}", $"{user % 50}", Start + (day * Day) + user)))];
        var time = PlainOptions.Prepare with { Split = SplitRule.Time, TestCandidates = 0 };
        StageDirectory prepared = Prepare(log, time), auto = Prepare(log, time with { Split = SplitRule.Auto });
        Assert.Contains(window, prepared.Manifest.Notes["split"], StringComparison.Ordinal);
        Rows.AssertEqual(Rows.Of(prepared), Rows.Of(auto));
        Assert.Equal(prepared.Manifest.Notes, auto.Manifest.Notes);

        // With repeats alone in the last days nobody can be tested there, as many as they are.
        LogRow[] repeats = [.. log.Select((row, place) => row.Timestamp < Start + (46 * Day)
            ? row
            : log[place - (40 * usersADay)] with { Timestamp = row.Timestamp })];
        Assert.Throws<InvalidInputException>(() => Prepare(repeats, time));
        StageDirectory latest = Prepare([.. repeats, .. Of("0", 5)], time with { Split = SplitRule.Auto });
        Assert.False(new PreparedData(latest).IsSplitByTime);
        Assert.Contains("Each user's latest interactions are tested", latest.Manifest.Notes["split"], StringComparison.Ordinal);

        static IEnumerable<LogRow> Of(string user, int items) => Enumerable.Range(0, items).Select(item => new LogRow(user, $"{item}", Start + item));
    }
}

/// <summary>The laws on Spark.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkTimeSplitTests(SparkFixture spark) : TimeSplitSuite
{
    protected override ISqlEngine Engine => spark.Engine;

    protected override int MostCases => int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_SPARK_CASES") ?? "1");
}
