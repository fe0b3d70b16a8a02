using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Laws of the split and of what is drawn, over random logs and by hand; one subclass an engine.</summary>
public abstract class PreparerSuite : IDisposable
{
    private readonly TestFolder folder = new();

    protected abstract ISqlEngine Engine { get; }

    /// <summary>How many random logs a law may see: engines differ in what a small log costs.</summary>
    protected abstract int MostCases { get; }

    protected string Folder => folder.Path;

    // Few users, items and moments, so that duplicates, ties, full users and lonely users all happen.
    protected static Gen<LogRow[]> Logs(Func<int, string> user, Func<int, string> item) =>
        from users in Gen.Choose(2, 8)
        from items in Gen.Choose(2, 12)
        from rows in (from u in Gen.Choose(1, users) from i in Gen.Choose(1, items) from t in Gen.Choose(0, 6) select new LogRow(user(u), item(i), t))
            .NonEmptyListOf()
        select rows.Append(new LogRow(user(1), item(1), 3)).Append(new LogRow(user(1), item(2), 3)).ToArray(); // at least one row can be held out

    private static readonly Gen<PrepareOptions> SomeOptions =
        from holdout in Gen.Choose(1, 4)
        from validation in Gen.Elements(true, false)
        from minimum in Gen.Elements(1, 1, 2)
        from negatives in Gen.Choose(0, 4)
        from candidates in Gen.Choose(0, 5)
        from shards in Gen.Choose(1, 4)
        from seed in Gen.Choose(0, int.MaxValue)
        from avoid in Gen.Elements(AvoidedItems.Touched, AvoidedItems.Trained)
        select PlainOptions.Prepare with
        {
            Holdout = holdout,
            Validation = validation,
            MinInteractions = minimum,
            NegativesPerPositive = negatives,
            NegativesAvoid = avoid,
            TestCandidates = candidates,
            Shards = shards,
            Seed = seed,
        };

    [SkippableFact]
    public void EveryRowIsThatOfTheSlowTwin() => ForAll(30, Logs(user => $"{user * 37 % 11}", item => $"{item * 29 % 13 - 5}"), (log, options) =>
        Rows.AssertEqual(SlowPreparer.Prepare(log, options), Rows.Of(Prepare(log, options))));

    [SkippableFact]
    public void TextIdsAreOrderedByTheirBytes() =>
        ForAll(15, Logs(user => new[] { "é", "a", "Z", "9", "😀", "ｚ" }[user % 6] + user, item => $"item {item}"), (log, options) =>
        Rows.AssertEqual(SlowPreparer.Prepare(log, options), Rows.Of(Prepare(log, options))));

    [SkippableFact]
    public void AGivenSplitIsKept() => ForAll(15, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        LogRow[] test = [.. log.Where((_, row) => row % 3 == 0)], train = [.. log.Where((_, row) => row % 3 != 0)];
        if (train.All(row => test.Any(held => (held.User, held.Item) == (row.User, row.Item)))) return; // nothing to train on
        Rows.AssertEqual(SlowPreparer.Prepare(train, options, test), Rows.Of(Prepare(train, options with { Split = SplitRule.Given }, test)));
    });

    /// <summary>
    /// Users whose ties lie across a bound of what is held out, and a log as wide as it may be: with 512 items a row's
    /// 9 bits, 52 of its moment and 2 of its part are all that 63 have room for; 513 are one bit more.
    /// </summary>
    [SkippableTheory]
    [InlineData(SplitRule.Latest, 512)]
    [InlineData(SplitRule.Latest, 513)]
    [InlineData(SplitRule.Given, 512)]
    [InlineData(SplitRule.Given, 513)]
    public void TiesAcrossABoundAreOrderedByChanceInLogsOfAnyWidth(SplitRule split, int items)
    {
        // Held out are two, and two more validate. Each user's moments, of items 1, 2, 3 …
        long[][] moments =
        [
            [5, 5, 5, 5, 5, 5, 5, 5, 5], // one moment
            [9, 8, 8, 8, 5, 4, 3, 2], // tied for the test
            [9, 8, 7, 6, 6, 6, 3, 2], // for the validation
            [9, 8, 8, 7, 7, 6, 5, 4], // for each
            [9, 8, 8, 8, 8, 8, 2, 1], // for both at once
            [9, 9, 8, 8, 7, 6, 5, 4], // within, for neither
            [3, 3],
            [1000],
            [.. Enumerable.Range(0, items).Select(item => item * 7L % 100)],
        ];
        LogRow[] log = [.. moments.SelectMany((own, user) => own.Select((moment, item) => new LogRow($"{user + 1}", $"{item + 1}", moment))),
            .. new (string Item, long Moment)[] { ("1", 9), ("2", 8), ("3", 2), ("3", 8), ("4", 8), ("4", 1), ("5", 8), ("5", 8), ("6", 7), ("6", 1) }.Select(
                row => new LogRow("20", row.Item, row.Moment))];
        var options = PlainOptions.Prepare with { Split = split, Holdout = 2, Validation = true, NegativesPerPositive = 1, TestCandidates = 1 };
        static LogRow[] Spread(IEnumerable<LogRow> rows, long factor) => [.. rows.Select(row => row with { Timestamp = factor * row.Timestamp })];

        // The last second is far beyond 2^31, so that microseconds have 52 bits.
        LogRow[]? test = split == SplitRule.Given ? [.. log.Where((_, row) => row % 3 == 0)] : null;
        if (test is not null) log = [.. log.Where((_, row) => row % 3 != 0)];
        Rows expected = SlowPreparer.Prepare(Spread(log, 4_000_000), options, test is null ? null : Spread(test, 4_000_000));
        Rows.AssertEqual(expected, Rows.Of(
            Prepare(Spread(log, 4_000_000_000_000), options, test is null ? null : Spread(test, 4_000_000_000_000), unit: "microseconds")));
    }

    /// <summary>
    /// One log of 2017, with times as fine as a second or a nanosecond, written in every form that can say them: each
    /// is recognised, and each gives the split of the slow twin, which knows nanoseconds only.
    /// </summary>
    [Trait("Category", "Slow")]
    [SkippableFact]
    public void TheSameTimesInAnyFormGiveTheSameSplit() => ForAll(6, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        const long Second = 1_000_000_000, Start = 1_500_000_000 * Second;
        bool few = MostCases < 6; // an engine on which each takes seconds
        foreach (int digits in few ? [3, 9] : new[] { 0, 3, 6, 9 })
        {
            // Steps of a third of a second, rounded to so many digits, so that the order within a second decides.
            long tick = (long)Math.Pow(10, 9 - digits);
            LogRow[] fine = [.. log.Select(row => row with { Timestamp = Start + (row.Timestamp * (digits == 0 ? Second : Second / 3) / tick * tick) })];
            Rows expected = SlowPreparer.Prepare(fine, options, ticksPerSecond: Second);
            foreach ((string form, Func<long, int, string> written) in TimeTexts.Of(digits).Where((_, place) => !few || place is 0 or 5))
            {
                Rows.AssertEqual(expected, Rows.Of(Prepare(fine, options, written: written)));
            }
        }
    });

    /// <summary>Without times a hash chooses what is held out: the twin with one time for all.</summary>
    [SkippableFact]
    public void WithoutTimesAHashChoosesWhatIsHeldOut() => ForAll(15, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
        Rows.AssertEqual(
            SlowPreparer.Prepare([.. log.Select(row => row with { Timestamp = 0 })], options),
            Rows.Of(PreparedRun.Prepare(Engine,
                new InputOptions
                {
                    Path = folder.Write($"{Guid.NewGuid():N}.csv", "user_id,item_id\n" + string.Concat(log.Select(row => $"{row.User},{row.Item}\n"))),
                    TimestampColumn = "",
                }, options, Path.Combine(folder.Path, $"{Guid.NewGuid():N}"), SilentProgress.Instance))));

    [SkippableFact]
    public void PartsAreDisjointAndAddUpToTheDistinctInput() => ForAll(15, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        StageDirectory prepared = Prepare(log, options);
        Rows rows = Rows.Of(prepared);
        (int User, int Item)[] all = [.. rows.Positives.Concat(rows.Validation).Concat(rows.Test).Select(row => (row.User, row.Item))];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(log.Select(row => (row.User, row.Item)).ToHashSet(), all.Select(pair => (rows.Users[pair.User].Id, rows.Items[pair.Item].Id)).ToHashSet());

        SortedDictionary<string, long> counts = prepared.Manifest.Rows;
        Assert.Equal(log.Length, counts["input_rows"]);
        Assert.Equal(counts["input_rows"], counts["bad_rows"] + counts["below_min_rating"] + counts["other_events"] + counts["duplicates_dropped"]
            + counts["train_positives"] + counts["validation"] + counts["test"]);
        Assert.Equal(counts["train"], rows.Train.Count);
        Assert.Equal(counts["test_candidates"], rows.Candidates.Count);
    });

    [SkippableFact]
    public void HeldOutAreTheLatestAndNeverMoreThanHalf() => ForAll(15, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        Rows rows = Rows.Of(Prepare(log, options));
        foreach (int user in rows.Users.Select(user => user.Index))
        {
            long[] train = [.. rows.Positives.Where(row => row.User == user).Select(row => row.Timestamp)];
            long[] validation = [.. rows.Validation.Where(row => row.User == user).Select(row => row.Timestamp)];
            long[] test = [.. rows.Test.Where(row => row.User == user).Select(row => row.Timestamp)];
            int n = train.Length + validation.Length + test.Length, tested = n >= options.MinInteractions ? Math.Min(options.Holdout, n / 2) : 0;
            Assert.Equal(tested, test.Length);
            Assert.Equal(options.Validation && n >= options.MinInteractions ? Math.Min(options.Holdout, (n - tested) / 2) : 0, validation.Length);
            Assert.NotEmpty(train);
            if (validation.Length > 0) Assert.True(train.Max() <= validation.Min());
            if (test.Length > 0) Assert.True(train.Concat(validation).Max() <= test.Min());
        }
    });

    // New users and items move the indexes of the old; a model that starts from yesterday's must not have trained on what is held out today.
    [SkippableFact]
    public void InALogThatGrowsNothingThatWasTrainedOnIsHeldOutLater() =>
        ForAll(15, Logs(user => $"{user * 37 % 11}", item => $"{item * 29 % 13}"), (log, options) =>
    {
        LogRow[] known = [.. log.Where(row => row.Timestamp <= 3)];
        if (HasOneTime(known)) return;
        HashSet<(string, string)> pairs = [.. known.Select(row => (row.User, row.Item))];
        Rows earlier = Rows.Of(Prepare(known, options));
        Rows later = Rows.Of(Prepare([.. known, .. log.Where(row => row.Timestamp > 3 && !pairs.Contains((row.User, row.Item)))], options));
        HashSet<(string, string)> trained = [.. earlier.Positives.Select(row => (earlier.Users[row.User].Id, earlier.Items[row.Item].Id))];
        Assert.DoesNotContain(later.Validation.Concat(later.Test), row => trained.Contains((later.Users[row.User].Id, later.Items[row.Item].Id)));
    });

    [SkippableFact]
    public void WhatIsDrawnWasNeverTouchedAndIsExactInCount() => ForAll(15, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        Rows rows = Rows.Of(Prepare(log, options));
        HashSet<(int, int)> touched = [.. rows.Positives.Concat(rows.Validation).Concat(rows.Test).Select(row => (row.User, row.Item))];
        HashSet<(int, int)> avoided = options.NegativesAvoid == AvoidedItems.Touched ? touched : [.. rows.Positives.Select(row => (row.User, row.Item))];
        Assert.DoesNotContain(rows.Negatives, row => avoided.Contains((row.User, row.Item)));
        Assert.DoesNotContain(rows.Candidates, row => touched.Contains((row.User, row.Item)));
        Assert.All(rows.Negatives.Select(row => row.Item).Concat(rows.Candidates.Select(row => row.Item)),
            item => Assert.InRange(item, 0, rows.Items.Count - 1));
        bool HasUntouched(int user, HashSet<(int, int)> of) => of.Count(pair => pair.Item1 == user) < rows.Items.Count;
        Assert.Equal(rows.Positives.Where(row => HasUntouched(row.User, avoided))
            .SelectMany(row => Enumerable.Repeat((row.User, row.Timestamp), options.NegativesPerPositive))
            .Order(), rows.Negatives.Select(row => (row.User, row.Timestamp)).Order());
        Assert.Equal(rows.Test.Where(row => HasUntouched(row.User, touched)).SelectMany(row => Enumerable.Repeat((row.User, row.Item), options.TestCandidates))
            .Order(), rows.Candidates.Select(row => (row.User, row.TestItem)).Order());
    });

    [SkippableFact]
    public void TheOrderOfInputRowsDoesNotMatter() => ForAll(15, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        Rows rows = Rows.Of(Prepare(log, options));
        LogRow[] shuffled = [.. log];
        RandomStream.Named(options.Seed, "shuffle").Shuffle(shuffled.AsSpan());
        Rows.AssertEqual(rows, Rows.Of(Prepare(shuffled, options)));
    });

    [SkippableFact]
    public void ASmallLogByHand()
    {
        // User 1 has four items, two of them tested; item 30 came twice, and its latest counts. User 2 has one. User 3 touched all four items.
        LogRow[] log =
        [
            new("1", "10", 100), new("1", "20", 200), new("1", "30", 50), new("1", "30", 400), new("1", "40", 300),
            new("2", "20", 100),
            new("3", "20", 10), new("3", "10", 20), new("3", "30", 30), new("3", "40", 40),
        ];
        StageDirectory prepared = Prepare(log, PlainOptions.Prepare with { Holdout = 2, NegativesPerPositive = 3, TestCandidates = 2, Shards = 2 });
        Rows rows = Rows.Of(prepared);

        Assert.Equal([("1", 0, 2), ("2", 1, 1), ("3", 2, 2)], rows.Users);
        Assert.Equal([("20", 0, 3), ("10", 1, 2), ("30", 2, 0), ("40", 3, 0)], rows.Items); // 20 trained on thrice, 10 twice
        Assert.Equal([(0, 0, 200), (0, 1, 100), (1, 0, 100), (2, 0, 10), (2, 1, 20)], rows.Positives.Order());
        Assert.Equal([(0, 2, 400), (0, 3, 300), (2, 2, 30), (2, 3, 40)], rows.Test);
        Assert.Empty(rows.Validation);
        Assert.Equal(3, rows.Negatives.Count()); // users 1 and 3 touched everything
        Assert.All(rows.Negatives, row => Assert.True(row.User == 1 && row.Item is 1 or 2 or 3 && row.Timestamp == 100));
        Assert.Empty(rows.Candidates);
        Assert.Equal(2, prepared.Manifest.Rows["users_without_negatives"]);
        Assert.Equal(1, prepared.Manifest.Rows["duplicates_dropped"]);
        Assert.Equal(1, prepared.Manifest.Rows["users_training_only"]);
        Assert.Equal(["shard=0", "shard=1"], Directory.GetDirectories(prepared.File("train")).Select(Path.GetFileName).Order());
        Assert.False(Directory.Exists(prepared.File("validation")));
    }

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected void ForAll(int cases, Gen<LogRow[]> logs, Action<LogRow[], PrepareOptions> law)
    {
        _ = Engine; // skips where there is none
        int smallest = MostCases < cases ? 30 : 1; // FsCheck begins with logs of a row or two: where few are tried, not with those
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Math.Min(cases, MostCases)).WithStartSize(smallest),
            Prop.ForAll(Arb.From(logs), Arb.From(SomeOptions), (log, options) =>
        {
            // One item or one time in all, or nobody with two interactions or the minimum: refused, which BadInputTests tells.
            if (log.Select(row => row.Item).Distinct().Count() < 2 || HasOneTime(log)) return;
            law(log, options);
        }));
    }

    private static bool HasOneTime(IEnumerable<LogRow> log) => log.Select(row => row.Timestamp).Distinct().Count() < 2;

    protected StageDirectory Prepare(IReadOnlyList<LogRow> log, PrepareOptions options, IReadOnlyList<LogRow>? test = null, ISqlEngine? engine = null,
        string? run = null, string unit = "auto", Func<long, int, string>? written = null)
    {
        string name = run ?? Guid.NewGuid().ToString("N");
        string Csv(IEnumerable<LogRow> rows) => "user_id,item_id,timestamp\n"
            + string.Concat(rows.Select((row, place) => $"{row.User},{row.Item},{written?.Invoke(row.Timestamp, place) ?? $"{row.Timestamp}"}\n"));
        var input = new InputOptions { Path = folder.Write($"{name}.csv", Csv(log)), TestPath = test is null
            ? ""
            : folder.Write($"{name}-test.csv", Csv(test)), TimestampUnit = PlainOptions.Unit(unit) };
        return PreparedRun.Prepare(engine ?? Engine, input, options, Path.Combine(folder.Path, name), SilentProgress.Instance);
    }
}

/// <summary>A row of a log.</summary>
public readonly record struct LogRow(string User, string Item, long Timestamp);
