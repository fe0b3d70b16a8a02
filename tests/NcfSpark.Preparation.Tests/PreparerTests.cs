using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Data;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation.Tests;

/// <summary>Laws of the split and of what is drawn, over random logs and by hand.</summary>
[Collection(EngineCollection.Name)]
public sealed class PreparerTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    // Few users, items and moments, so that duplicates, ties, full users and lonely users all happen.
    private static Gen<LogRow[]> Logs(Func<int, string> user, Func<int, string> item) =>
        from users in Gen.Choose(2, 8)
        from items in Gen.Choose(2, 12)
        from rows in (from u in Gen.Choose(1, users) from i in Gen.Choose(1, items) from t in Gen.Choose(0, 6) select new LogRow(user(u), item(i), t)).NonEmptyListOf()
        select rows.Append(new LogRow(user(1), item(1), 3)).Append(new LogRow(user(1), item(2), 3)).ToArray(); // at least one row can be held out

    private static readonly Gen<PrepareOptions> SomeOptions =
        from holdout in Gen.Choose(1, 4)
        from validation in Gen.Elements(true, false)
        from minimum in Gen.Elements(1, 1, 2)
        from negatives in Gen.Choose(0, 4)
        from candidates in Gen.Choose(0, 5)
        from shards in Gen.Choose(1, 4)
        from seed in Gen.Choose(0, int.MaxValue)
        from avoid in Gen.Elements("touched", "trained")
        select new PrepareOptions { Holdout = holdout, Validation = validation, MinInteractions = minimum, NegativesPerPositive = negatives, NegativesAvoid = avoid, TestCandidates = candidates, Shards = shards, Seed = seed };

    [Property(MaxTest = 30)]
    public Property EveryRowIsThatOfTheSlowTwin() => ForAll(Logs(user => $"{user * 37 % 11}", item => $"{item * 29 % 13 - 5}"), (log, options) =>
        Rows.AssertEqual(SlowPreparer.Prepare(log, options), Rows.Of(Prepare(log, options))));

    [Property(MaxTest = 15)]
    public Property TheStatementsThatEveryEngineUnderstandsGiveTheSameRows() => ForAll(Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        using var engine = new PortableEngine(fixture.Engine);
        Rows.AssertEqual(SlowPreparer.Prepare(log, options), Rows.Of(Prepare(log, options, engine: engine)));
    });

    [Property(MaxTest = 15)]
    public Property TextIdsAreOrderedByTheirBytes() => ForAll(Logs(user => new[] { "é", "a", "Z", "9", "😀", "ｚ" }[user % 6] + user, item => $"item {item}"), (log, options) =>
        Rows.AssertEqual(SlowPreparer.Prepare(log, options), Rows.Of(Prepare(log, options))));

    [Property(MaxTest = 15)]
    public Property AGivenSplitIsKept() => ForAll(Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        LogRow[] test = [.. log.Where((_, row) => row % 3 == 0)], train = [.. log.Where((_, row) => row % 3 != 0)];
        if (train.All(row => test.Any(held => (held.User, held.Item) == (row.User, row.Item)))) return; // nothing to train on
        Rows.AssertEqual(SlowPreparer.Prepare(train, options, test), Rows.Of(Prepare(train, options with { Split = "given" }, test)));
    });

    [Property(MaxTest = 15)]
    public Property PartsAreDisjointAndAddUpToTheDistinctInput() => ForAll(Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        StageDirectory prepared = Prepare(log, options);
        Rows rows = Rows.Of(prepared);
        (int User, int Item)[] all = [.. rows.Positives.Concat(rows.Validation).Concat(rows.Test).Select(row => (row.User, row.Item))];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(log.Select(row => (row.User, row.Item)).ToHashSet(), all.Select(pair => (rows.Users[pair.User].Id, rows.Items[pair.Item].Id)).ToHashSet());

        SortedDictionary<string, long> counts = prepared.Manifest.Rows;
        Assert.Equal(log.Length, counts["input_rows"]);
        Assert.Equal(counts["input_rows"], counts["bad_rows"] + counts["below_min_rating"] + counts["duplicates_dropped"] + counts["train_positives"] + counts["validation"] + counts["test"]);
        Assert.Equal(counts["train"], rows.Train.Count);
        Assert.Equal(counts["test_candidates"], rows.Candidates.Count);
    });

    [Property(MaxTest = 15)]
    public Property HeldOutAreTheLatestAndNeverMoreThanHalf() => ForAll(Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        Rows rows = Rows.Of(Prepare(log, options));
        foreach (int user in rows.Users.Select(user => user.Index))
        {
            long[] train = [.. rows.Positives.Where(row => row.User == user).Select(row => row.Timestamp)];
            long[] validation = [.. rows.Validation.Where(row => row.User == user).Select(row => row.Timestamp)], test = [.. rows.Test.Where(row => row.User == user).Select(row => row.Timestamp)];
            int n = train.Length + validation.Length + test.Length, tested = n >= options.MinInteractions ? Math.Min(options.Holdout, n / 2) : 0;
            Assert.Equal(tested, test.Length);
            Assert.Equal(options.Validation && n >= options.MinInteractions ? Math.Min(options.Holdout, (n - tested) / 2) : 0, validation.Length);
            Assert.NotEmpty(train);
            if (validation.Length > 0) Assert.True(train.Max() <= validation.Min());
            if (test.Length > 0) Assert.True(train.Concat(validation).Max() <= test.Min());
        }
    });

    [Property(MaxTest = 15)]
    public Property WhatIsDrawnWasNeverTouchedAndIsExactInCount() => ForAll(Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        Rows rows = Rows.Of(Prepare(log, options));
        HashSet<(int, int)> touched = [.. rows.Positives.Concat(rows.Validation).Concat(rows.Test).Select(row => (row.User, row.Item))];
        HashSet<(int, int)> avoided = options.NegativesAvoid == "touched" ? touched : [.. rows.Positives.Select(row => (row.User, row.Item))];
        Assert.DoesNotContain(rows.Negatives, row => avoided.Contains((row.User, row.Item)));
        Assert.DoesNotContain(rows.Candidates, row => touched.Contains((row.User, row.Item)));
        Assert.All(rows.Negatives.Select(row => row.Item).Concat(rows.Candidates.Select(row => row.Item)), item => Assert.InRange(item, 0, rows.Items.Count - 1));
        bool HasUntouched(int user, HashSet<(int, int)> of) => of.Count(pair => pair.Item1 == user) < rows.Items.Count;
        Assert.Equal(rows.Positives.Where(row => HasUntouched(row.User, avoided)).SelectMany(row => Enumerable.Repeat((row.User, row.Timestamp), options.NegativesPerPositive)).Order(), rows.Negatives.Select(row => (row.User, row.Timestamp)).Order());
        Assert.Equal(rows.Test.Where(row => HasUntouched(row.User, touched)).SelectMany(row => Enumerable.Repeat((row.User, row.Item), options.TestCandidates)).Order(), rows.Candidates.Select(row => (row.User, row.TestItem)).Order());
    });

    [Property(MaxTest = 15)]
    public Property TheOrderOfInputRowsDoesNotMatter() => ForAll(Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        Rows rows = Rows.Of(Prepare(log, options));
        LogRow[] shuffled = [.. log];
        RandomStream.Named(options.Seed, "shuffle").Shuffle(shuffled.AsSpan());
        Rows.AssertEqual(rows, Rows.Of(Prepare(shuffled, options)));
    });

    [Property(MaxTest = 10)]
    public Property TextAndNumberIdsGiveTheSameStructure() => ForAll(Logs(user => $"{user}", item => $"{item + 10}"), (log, options) =>
    {
        Rows numbers = Rows.Of(Prepare(log, options)), texts = Rows.Of(Prepare([.. log.Select(row => row with { User = $"u{row.User}", Item = $"i{row.Item}" })], options)); // one or two digits each: the same order
        Assert.Equal(numbers.Train, texts.Train);
        Assert.Equal(numbers.Validation, texts.Validation);
        Assert.Equal(numbers.Test, texts.Test);
        Assert.Equal(numbers.Candidates, texts.Candidates);
    });

    [Fact]
    public void ASmallLogByHand()
    {
        // User 1 has four items, two of them tested; item 30 came twice, and its latest counts. User 2 has one. User 3 touched all four items.
        LogRow[] log =
        [
            new("1", "10", 100), new("1", "20", 200), new("1", "30", 50), new("1", "30", 400), new("1", "40", 300),
            new("2", "20", 100),
            new("3", "20", 10), new("3", "10", 20), new("3", "30", 30), new("3", "40", 40),
        ];
        StageDirectory prepared = Prepare(log, new PrepareOptions { Holdout = 2, NegativesPerPositive = 3, TestCandidates = 2, Shards = 2 });
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

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 2)]
    [InlineData(2, 5)]
    [InlineData(3, 6)]
    public void TheDesignsExampleOfGapRanks(long r, long item)
    {
        // N = 7, touched {1, 3, 4}. A draw's r depends on the hash alone, so the seed is sought that gives the wanted r.
        LogRow[] log = [new("1", "1", 1), new("1", "3", 2), new("1", "4", 3), .. Enumerable.Range(0, 7).Select(other => new LogRow("2", $"{other}", 1))];
        int seed = Enumerable.Range(0, 1000).First(seed => PortableHash.Below(PortableHash.Finish(PortableHash.Absorb(PortableHash.Absorb(PortableHash.Absorb(PortableHash.Start(seed, "negatives"), 0), 0), 0)), 4) == r);
        Rows rows = Rows.Of(Prepare(log, new PrepareOptions { Holdout = 0, NegativesPerPositive = 1, TestCandidates = 0, Seed = seed }));

        // Popularity puts 1, 3, 4 first: index 0, 1, 2 are touched, so the gaps are {0, 0, 0} and r names r + 3.
        Assert.Contains(rows.Negatives, row => row.User == 0 && row.Item == r + 3);
        long[] gaps = [1, 2, 2];
        Assert.Equal(item, r + gaps.Count(gap => gap <= r));
    }

    [Fact]
    public void AnyNumberOfThreadsGivesTheSameRows()
    {
        var chance = RandomStream.Named(7, "log");
        LogRow[] log = [.. Enumerable.Range(0, 30_000).Select(row => new LogRow($"{chance.Below(3 * row, 300)}", $"{(long)(400 * Math.Pow(chance.Unit(3 * row + 1), 2))}", chance.Below(3 * row + 2, 50)))];
        Rows[] each = [.. new[] { 1, 2, 7 }.Select(threads =>
        {
            using var engine = new DuckDbEngine(new DuckDbOptions { Threads = threads });
            return Rows.Of(Prepare(log, new PrepareOptions { Validation = true, TestCandidates = 9 }, engine: engine));
        })];
        Rows.AssertEqual(each[0], each[1]);
        Rows.AssertEqual(each[0], each[2]);
    }

    [Fact]
    public void NegativesAreUniformOverUntouchedItems()
    {
        // 40 users who touched 5 of 12 items: over 20 seeds the 7 others are drawn alike.
        LogRow[] log =
        [
            .. Enumerable.Range(1, 40).SelectMany(user => Enumerable.Range(1, 5).Select(item => new LogRow($"{user}", $"{2 * item}", item))),
            .. Enumerable.Range(1, 12).Select(item => new LogRow("100", $"{item}", item)),
        ];
        var drawn = new Dictionary<string, int>();
        for (int seed = 0; seed < 20; seed++)
        {
            Rows rows = Rows.Of(Prepare(log, new PrepareOptions { Holdout = 0, NegativesPerPositive = 10, TestCandidates = 0, Seed = seed }));
            foreach (var negative in rows.Negatives) drawn[rows.Items[negative.Item].Id] = drawn.GetValueOrDefault(rows.Items[negative.Item].Id) + 1;
        }

        Assert.Equal(["1", "11", "12", "3", "5", "7", "9"], drawn.Keys.Order(StringComparer.Ordinal));
        double expected = 20 * 40 * 5 * 10 / 7.0, chiSquare = drawn.Values.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.InRange(chiSquare, 0.38, 22.46); // 6 degrees of freedom: all but one in a thousand at either end
    }

    [Fact]
    public void WhereOnlyTrainedItemsAreAvoidedHeldOutItemsAreDrawnLikeAllOthers()
    {
        // 40 users with items 1 to 6, the last of them tested; 12 items in all: over 20 seeds the 7 that a user did not train on are drawn alike.
        LogRow[] log = [.. Enumerable.Range(1, 40).SelectMany(user => Enumerable.Range(1, 6).Select(item => new LogRow($"{user}", $"{item}", item))), .. Enumerable.Range(1, 12).Select(item => new LogRow("100", $"{item}", item))];
        var drawn = new Dictionary<string, int>();
        for (int seed = 0; seed < 20; seed++)
        {
            Rows rows = Rows.Of(Prepare(log, new PrepareOptions { Holdout = 1, NegativesPerPositive = 10, NegativesAvoid = "trained", TestCandidates = 0, Seed = seed }));
            foreach (var negative in rows.Negatives.Where(row => rows.Users[row.User].Id != "100")) drawn[rows.Items[negative.Item].Id] = drawn.GetValueOrDefault(rows.Items[negative.Item].Id) + 1;
        }

        Assert.Equal(["10", "11", "12", "6", "7", "8", "9"], drawn.Keys.Order(StringComparer.Ordinal));
        double expected = 20 * 40 * 5 * 10 / 7.0, chiSquare = drawn.Values.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.InRange(chiSquare, 0.38, 22.46); // as above
    }

    [Fact]
    public void ColumnsAndTypesAreThoseOfTheDesignAndDuckDbReadsWhatParquetNetReads()
    {
        LogRow[] log = [.. Enumerable.Range(0, 400).Select(row => new LogRow($"{row * 7 % 31}", $"i{row * 11 % 61}", 1_000_000 + row))];
        StageDirectory prepared = Prepare(log, new PrepareOptions { Validation = true, TestCandidates = 3 });
        string Described(string part)
        {
            fixture.Engine.ReadParquet("described", Directory.GetFiles(prepared.File(part), "*.parquet", SearchOption.AllDirectories));
            return string.Join(", ", fixture.Engine.Query("DESCRIBE described").Where(column => (string)column[0]! != "ncf_file").Select(column => $"{column[0]} {column[1]}"));
        }

        Assert.Equal("user_id BIGINT, user_index INTEGER, interactions INTEGER", Described("users"));
        Assert.Equal("item_id VARCHAR, item_index INTEGER, interactions INTEGER", Described("items"));
        Assert.Equal("user_index INTEGER, item_index INTEGER, timestamp BIGINT", Described("validation"));
        Assert.Equal("user_index INTEGER, item_index INTEGER, timestamp BIGINT", Described("test"));
        Assert.Equal("user_index INTEGER, test_item_index INTEGER, item_index INTEGER", Described("test_candidates"));
        Assert.Equal("user_index INTEGER, item_index INTEGER, label INTEGER, timestamp BIGINT", Described("train"));

        Assert.Equal(
            fixture.Engine.Query("SELECT user_index, item_index, label, timestamp FROM described").Select(row => ((int)(long)row[0]!, (int)(long)row[1]!, (int)(long)row[2]!, (long)row[3]!)).Order(),
            Rows.Of(prepared).Train);
        Assert.All(Directory.GetDirectories(prepared.File("train")), shard =>
        {
            int number = int.Parse(Path.GetFileName(shard)["shard=".Length..]);
            Assert.All(ParquetColumns.Read<int>(shard, "user_index"), user => Assert.Equal(number, user % 8));
        });
    }

    [Fact]
    public void UsersBelowTheMinimumTrainOnly()
    {
        LogRow[] log = [.. Enumerable.Range(1, 6).Select(item => new LogRow("1", $"{item}", item)), .. Enumerable.Range(1, 3).Select(item => new LogRow("2", $"{item}", item))];
        Rows rows = Rows.Of(Prepare(log, new PrepareOptions { Holdout = 1, MinInteractions = 4, TestCandidates = 0 }));
        Assert.Equal([(0, 6L)], rows.Test.Select(row => (row.User, row.Timestamp)));
        Assert.Equal(3, rows.Positives.Count(row => row.User == 1));
    }

    [Fact]
    public void TheTestDoesNotDependOnValidation()
    {
        LogRow[] log = [.. Enumerable.Range(0, 300).Select(row => new LogRow($"{row % 17}", $"{row * 7 % 41}", row % 29))];
        var options = new PrepareOptions { TestCandidates = 3 };
        static IEnumerable<(string, string)> Tested(Rows rows) => rows.Test.Select(row => (rows.Users[row.User].Id, rows.Items[row.Item].Id)).Order();
        Assert.Equal(Tested(Rows.Of(Prepare(log, options))), Tested(Rows.Of(Prepare(log, options with { Validation = true }))));
    }

    [Fact]
    public void TiesAreNotBrokenByIds()
    {
        // All at one moment: over many users the held-out item is as often the one with the smaller id.
        LogRow[] log = [.. Enumerable.Range(0, 2000).SelectMany(user => new[] { new LogRow($"{user}", "1", 5), new LogRow($"{user}", "2", 5) })];
        Rows rows = Rows.Of(Prepare(log, new PrepareOptions { Holdout = 1, NegativesPerPositive = 0, TestCandidates = 0 }));
        Assert.InRange(rows.Test.Count(row => rows.Items[row.Item].Id == "1"), 900, 1100); // 4.5 standard deviations
    }

    [Fact]
    public void AFailureLeavesWhatWasThere()
    {
        LogRow[] log = [.. Enumerable.Range(0, 50).Select(row => new LogRow($"{row % 5}", $"{row % 7}", row))];
        var options = new PrepareOptions { TestCandidates = 0 };
        string before = Prepare(log, options, run: "kept").Manifest.Fingerprint;
        Assert.Throws<InvalidInputException>(() => Prepare([new("1", "1", 1)], options, run: "kept"));
        Assert.Equal(before, PreparedData.Open(Path.Combine(folder.Path, "kept")).Directory.Manifest.Fingerprint);
        Assert.Equal(["prepared"], Directory.GetFileSystemEntries(Path.Combine(folder.Path, "kept")).Select(Path.GetFileName));
    }

    public void Dispose() => folder.Dispose();

    private static Property ForAll(Gen<LogRow[]> logs, Action<LogRow[], PrepareOptions> law) =>
        Prop.ForAll(Arb.From(logs), Arb.From(SomeOptions), (log, options) =>
        {
            // One item in all, or nobody with two interactions or the minimum: refused, which BadInputTests tells.
            if (log.Select(row => row.Item).Distinct().Count() < 2) return;
            law(log, options);
        });

    private StageDirectory Prepare(IReadOnlyList<LogRow> log, PrepareOptions options, IReadOnlyList<LogRow>? test = null, ISqlEngine? engine = null, string? run = null)
    {
        string name = run ?? Guid.NewGuid().ToString("N");
        static string Csv(IEnumerable<LogRow> rows) => "user_id,item_id,timestamp\n" + string.Concat(rows.Select(row => $"{row.User},{row.Item},{row.Timestamp}\n"));
        var input = new InputOptions { Path = folder.Write($"{name}.csv", Csv(log)), TestPath = test is null ? "" : folder.Write($"{name}-test.csv", Csv(test)) };
        return Preparer.Prepare(engine ?? fixture.Engine, input, options, Path.Combine(folder.Path, name), SilentProgress.Instance);
    }
}
