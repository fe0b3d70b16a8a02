using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation.Tests;

/// <summary>The laws on DuckDB, and those that take more runs than other engines make in the time of a test.</summary>
[Collection(EngineCollection.Name)]
public sealed class DuckDbPreparerTests(EngineFixture fixture) : PreparerSuite
{
    protected override ISqlEngine Engine => fixture.Engine;

    protected override int MostCases => 30;

    [Fact]
    public void TheStatementsThatEveryEngineUnderstandsGiveTheSameRows() => ForAll(15, Logs(user => $"{user}", item => $"{item}"), (log, options) =>
    {
        using var engine = new PortableEngine(Engine);
        Rows.AssertEqual(SlowPreparer.Prepare(log, options), Rows.Of(Prepare(log, options, engine: engine)));
    });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 2)]
    [InlineData(2, 5)]
    [InlineData(3, 6)]
    public void TheDesignsExampleOfGapRanks(long r, long item)
    {
        // N = 7, touched {1, 3, 4}. A draw's r depends on the hash alone, so the seed is sought that gives the wanted r.
        LogRow[] log = [new("1", "1", 1), new("1", "3", 2), new("1", "4", 3), .. Enumerable.Range(0, 7).Select(other => new LogRow("2", $"{other}", 1))];
        int seed = Enumerable.Range(0, 1000)
            .First(seed => PortableHash.Below(
                PortableHash.Finish(PortableHash.Absorb(PortableHash.Absorb(PortableHash.Absorb(PortableHash.Start(seed, "negatives"), 0), 0), 0)), 4) == r);
        Rows rows = Rows.Of(Prepare(log, PlainOptions.Prepare with { Holdout = 0, NegativesPerPositive = 1, TestCandidates = 0, Seed = seed }));

        // Popularity puts 1, 3, 4 first: index 0, 1, 2 are touched, so the gaps are {0, 0, 0} and r names r + 3.
        Assert.Contains(rows.Negatives, row => row.User == 0 && row.Item == r + 3);
        long[] gaps = [1, 2, 2];
        Assert.Equal(item, r + gaps.Count(gap => gap <= r));
    }

    [Fact]
    public void AnyNumberOfThreadsGivesTheSameRows()
    {
        var chance = RandomStream.Named(7, "log");
        LogRow[] log = [.. Enumerable.Range(0, 30_000).Select(
            row => new LogRow($"{chance.Below(3 * row, 300)}", $"{(long)(400 * Math.Pow(chance.Unit(3 * row + 1), 2))}", chance.Below(3 * row + 2, 50)))];
        Rows[] each = [.. new[] { 1, 2, 7 }.Select(threads =>
        {
            using var engine = new DuckDbEngine(new DuckDbOptions { Threads = threads });
            return Rows.Of(Prepare(log, PlainOptions.Prepare with { Validation = true, TestCandidates = 9 }, engine: engine));
        })];
        Rows.AssertEqual(each[0], each[1]);
        Rows.AssertEqual(each[0], each[2]);
    }

    [Fact]
    public void AnyMemoryLimitGivesTheSameRows()
    {
        var chance = RandomStream.Named(8, "log");
        LogRow[] log = [.. Enumerable.Range(0, 400_000).Select(
            row => new LogRow($"{chance.Below(3 * row, 3000)}", $"{(long)(4000 * Math.Pow(chance.Unit(3 * row + 1), 2))}", chance.Below(3 * row + 2, 5000)))];
        long spilled = 0;
        Rows[] each = [.. new[] { "", "70MB" }.Select(limit =>
        {
            using var engine = new DuckDbEngine(new DuckDbOptions { Threads = 2, MemoryLimit = limit });
            Rows rows = Rows.Of(Prepare(log, PlainOptions.Prepare with { Validation = true, NegativesPerPositive = 4, TestCandidates = 9 }, engine: engine));
            SpinWait.SpinUntil(() => engine.MostSpilled > 0, TimeSpan.FromSeconds(limit.Length > 0 ? 2 : 0));
            spilled = engine.MostSpilled;
            return rows;
        })];
        Assert.True(spilled > 0);
        Rows.AssertEqual(each[0], each[1]);
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
            Rows rows = Rows.Of(Prepare(log, PlainOptions.Prepare with { Holdout = 0, NegativesPerPositive = 10, TestCandidates = 0, Seed = seed }));
            foreach (var negative in rows.Negatives) drawn[rows.Items[negative.Item].Id] = drawn.GetValueOrDefault(rows.Items[negative.Item].Id) + 1;
        }

        Assert.Equal(["1", "11", "12", "3", "5", "7", "9"], drawn.Keys.Order(StringComparer.Ordinal));
        double expected = 20 * 40 * 5 * 10 / 7.0, chiSquare = drawn.Values.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.InRange(chiSquare, 0.38, 22.46); // 6 degrees of freedom: all but one in a thousand at either end
    }

    [Fact]
    public void ColumnsAndTypesAreThoseOfTheDesignAndDuckDbReadsWhatParquetNetReads()
    {
        LogRow[] log = [.. Enumerable.Range(0, 400).Select(row => new LogRow($"{row * 7 % 31}", $"i{row * 11 % 61}", 1_000_000 + row))];
        StageDirectory prepared = Prepare(log, PlainOptions.Prepare with { Validation = true, TestCandidates = 3 });
        string Described(string part)
        {
            Engine.ReadParquet("described", Directory.GetFiles(prepared.File(part), "*.parquet", SearchOption.AllDirectories));
            return string.Join(", ", Engine.Query("DESCRIBE described").Where(column => (string)column[0]! != "ncf_file")
                .Select(column => $"{column[0]} {column[1]}"));
        }

        Assert.Equal("user_id BIGINT, user_index INTEGER, interactions INTEGER", Described("users"));
        Assert.Equal("item_id VARCHAR, item_index INTEGER, interactions INTEGER", Described("items"));
        Assert.Equal("user_index INTEGER, item_index INTEGER, timestamp BIGINT", Described("validation"));
        Assert.Equal("user_index INTEGER, item_index INTEGER, timestamp BIGINT", Described("test"));
        Assert.Equal("user_index INTEGER, test_item_index INTEGER, item_index INTEGER", Described("test_candidates"));
        Assert.Equal("user_index INTEGER, item_index INTEGER, label INTEGER, timestamp BIGINT", Described("train"));

        Assert.Equal(
            Engine.Query("SELECT user_index, item_index, label, timestamp FROM described")
                .Select(row => ((int)(long)row[0]!, (int)(long)row[1]!, (int)(long)row[2]!, (long)row[3]!)).Order(),
            Rows.Of(prepared).Train);
        Assert.All(Directory.GetDirectories(prepared.File("train")), shard =>
        {
            int number = int.Parse(Path.GetFileName(shard)["shard=".Length..]);
            Assert.All(ParquetColumns.Read<int>(shard, "user_index"), user => Assert.Equal(number, user % 8));
        });
    }

    [Fact]
    public void TiesAreNotBrokenByIds()
    {
        // Each user's at one moment: over many users the held-out item is as often the one with the smaller id.
        LogRow[] log = [.. Enumerable.Range(0, 2000).SelectMany(user => new[] { new LogRow($"{user}", "1", user % 5), new LogRow($"{user}", "2", user % 5) })];
        Rows rows = Rows.Of(Prepare(log, PlainOptions.Prepare with { Holdout = 1, NegativesPerPositive = 0, TestCandidates = 0 }));
        Assert.InRange(rows.Test.Count(row => rows.Items[row.Item].Id == "1"), 900, 1100); // 4.5 standard deviations
    }

    [Fact]
    public void TheTestDoesNotDependOnValidation()
    {
        LogRow[] log = [.. Enumerable.Range(0, 300).Select(row => new LogRow($"{row % 17}", $"{row * 7 % 41}", row % 29))];
        var options = PlainOptions.Prepare with { TestCandidates = 3 };
        static IEnumerable<(string, string)> Tested(Rows rows) => rows.Test.Select(row => (rows.Users[row.User].Id, rows.Items[row.Item].Id)).Order();
        Assert.Equal(Tested(Rows.Of(Prepare(log, options))), Tested(Rows.Of(Prepare(log, options with { Validation = true }))));
    }

    [Fact]
    public void WhereOnlyTrainedItemsAreAvoidedHeldOutItemsAreDrawnLikeAllOthers()
    {
        // 40 users with items 1 to 6, the last of them tested; 12 items in all: over 20 seeds the 7 that a user did not train on are drawn alike.
        LogRow[] log = [.. Enumerable.Range(1, 40).SelectMany(user => Enumerable.Range(1, 6).Select(item => new LogRow($"{user}", $"{item}", item))),
            .. Enumerable.Range(1, 12).Select(item => new LogRow("100", $"{item}", item))];
        var drawn = new Dictionary<string, int>();
        for (int seed = 0; seed < 20; seed++)
        {
            Rows rows = Rows.Of(Prepare(log,
                PlainOptions.Prepare with { Holdout = 1, NegativesPerPositive = 10, NegativesAvoid = AvoidedItems.Trained, TestCandidates = 0, Seed = seed }));
            foreach (var negative in rows.Negatives.Where(row => rows.Users[row.User].Id != "100"))
            {
                drawn[rows.Items[negative.Item].Id] = drawn.GetValueOrDefault(rows.Items[negative.Item].Id) + 1;
            }
        }

        Assert.Equal(["10", "11", "12", "6", "7", "8", "9"], drawn.Keys.Order(StringComparer.Ordinal));
        double expected = 20 * 40 * 5 * 10 / 7.0, chiSquare = drawn.Values.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.InRange(chiSquare, 0.38, 22.46); // as above
    }

    [Fact]
    public void UsersBelowTheMinimumTrainOnly()
    {
        LogRow[] log = [.. Enumerable.Range(1, 6).Select(item => new LogRow("1", $"{item}", item)),
            .. Enumerable.Range(1, 3).Select(item => new LogRow("2", $"{item}", item))];
        Rows rows = Rows.Of(Prepare(log, PlainOptions.Prepare with { Holdout = 1, MinInteractions = 4, TestCandidates = 0 }));
        Assert.Equal([(0, 6L)], rows.Test.Select(row => (row.User, row.Timestamp)));
        Assert.Equal(3, rows.Positives.Count(row => row.User == 1));
    }

    [Fact]
    public void AFailureLeavesWhatWasThere()
    {
        LogRow[] log = [.. Enumerable.Range(0, 50).Select(row => new LogRow($"{row % 5}", $"{row % 7}", row))];
        var options = PlainOptions.Prepare with { TestCandidates = 0 };
        string before = Prepare(log, options, run: "kept").Manifest.Fingerprint;
        Assert.Throws<InvalidInputException>(() => Prepare([new("1", "1", 1)], options, run: "kept"));
        Assert.Equal(before, PreparedData.Open(Path.Combine(Folder, "kept")).Directory.Manifest.Fingerprint);
        Assert.Equal(["prepared"], Directory.GetFileSystemEntries(Path.Combine(Folder, "kept")).Select(Path.GetFileName));
    }

    [Fact]
    public void TextAndNumberIdsGiveTheSameStructure() => ForAll(10, Logs(user => $"{user}", item => $"{item + 10}"), (log, options) =>
    {
        log = [.. log.Select((row, place) => row with { Timestamp = 1000 * row.Timestamp + place })]; // ties are broken by the ids themselves
        // One or two digits each: the same order.
        Rows numbers = Rows.Of(Prepare(log, options));
        Rows texts = Rows.Of(Prepare([.. log.Select(row => row with { User = $"u{row.User}", Item = $"i{row.Item}" })], options));
        Assert.Equal(numbers.Train, texts.Train);
        Assert.Equal(numbers.Validation, texts.Validation);
        Assert.Equal(numbers.Test, texts.Test);
        Assert.Equal(numbers.Candidates, texts.Candidates);
    });
}
