using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Nightly;
using NcfSpark.Preparation;
using NcfSpark.Preparation.Tests;

namespace NcfSpark.Jobs.Tests.Nightly;

public class DataChecksTests
{
    private static readonly DateTimeOffset Night = new(2026, 11, 24, 2, 0, 0, TimeSpan.Zero);
    private static readonly NightData Usual = new()
    {
        Rows = 1000, Interactions = 900, Users = 100, Items = 50, Duplicates = 0.1, BadRows = 0, FirstTimestamp = 0, LastTimestamp = Night.AddHours(-3)
            .ToUnixTimeSeconds(),
        NewUsers = 0.02, NewItems = 0.01, PopularityDrift = 0.01, HeldOutKnownToIncumbent = 0,
    };

    [Fact]
    public void AUsualNightBreaksNoLimit() => Assert.Empty(Breaches(Usual, [Usual, Usual]));

    [Fact]
    public void TheFirstNightIsComparedWithNone() => Assert.Empty(Breaches(Usual with { NewUsers = null, NewItems = null, PopularityDrift = null }, []));

    [Fact]
    public void HalfTheRowsAreSaidWithFigureAndLimit() => Assert.Equal(
        ["There are 500 rows, 50 % fewer than the least of the 2 nights before, 1,000; Nightly:MaxChange allows 30 %.",
            "There are 4.5 interactions a user, 50 % fewer than the least of the 2 nights before, 9; Nightly:MaxChange allows 30 %."],
        Breaches(Usual with { Rows = 500, Interactions = 450 }, [Usual, Usual with { Rows = 1100 }]));

    [Theory]
    [InlineData(701, true)]
    [InlineData(699, false)]
    [InlineData(1299, true)]
    [InlineData(1301, false)]
    public void RowsMayLeaveTheRangeOfTheNightsBeforeByTheShare(long rows, bool passes) =>
        Assert.Equal(passes, !Breaches(Usual with { Rows = rows }, [Usual]).Any());

    [Fact]
    public void AWeeklyRhythmIsNoAlarm()
    {
        NightData sunday = Usual with { Rows = 400 };
        Assert.Empty(Breaches(sunday, [sunday, Usual, Usual, Usual]));
        Assert.Empty(Breaches(Usual, [Usual, sunday]));
        Assert.NotEmpty(Breaches(sunday, [Usual, Usual]));
    }

    [Fact]
    public void EachLimitIsNamed()
    {
        var limits = new NightlyOptions { MinRows = 2000, MaxAgeDays = 0.1, MaxDuplicates = 0.05, MaxNewIds = 0.3, MaxDrift = 0.2 };
        string said = string.Join('\n',
            DataChecks.Breaches(Usual with { Users = 10, Items = 500, NewUsers = 0.5, NewItems = 0.4, PopularityDrift = 0.25 }, [Usual], Night, limits));
        foreach (string setting in new[] { "MinRows asks for 2,000", "10 users", "500 items", "90 interactions a user", "0.500 of users", "0.400 of items",
            "Nightly:MaxNewIds allows 0.3", "0.100 of rows repeats", "Nightly:MaxDuplicates allows 0.05", "moved by 0.250", "Nightly:MaxDrift allows 0.2" })
        {
            Assert.Contains(setting, said, StringComparison.Ordinal);
        }

        Assert.Contains("of 2026-11-23 23:00 UTC, 0.1 days before; Nightly:MaxAgeDays allows 0.1", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-3, true)]
    [InlineData(-7, false)]
    [InlineData(0.5, true)] // clocks differ
    [InlineData(2, false)]
    public void FreshnessLooksBackAndForward(double days, bool passes)
    {
        var limits = new NightlyOptions { MaxAgeDays = 5 };
        Assert.Equal(passes, !DataChecks.Breaches(Usual with { LastTimestamp = Night.AddDays(days).ToUnixTimeSeconds() }, [Usual], Night, limits).Any());
        Assert.Empty(Breaches(Usual with { LastTimestamp = Night.AddDays(days).ToUnixTimeSeconds() }, [Usual])); // not asked for
    }

    /// <summary>The case night_flip: the second night has the same log and one more row, of user "unknown".</summary>
    [Fact]
    public void IdsThatChangeTheirTypeAgainstProductionAreNamedWithTheRow()
    {
        using var folder = new TemporaryFolder();
        using var engine = new DuckDbEngine(new DuckDbOptions { Threads = 1 });
        StageDirectory Night(string day) => PreparedRun.Prepare(
            engine, new InputOptions { Path = Repository.File($"tests/data/cases/night_flip/{day}.csv") }, new PrepareOptions { TestCandidates = 0 },
            Path.Combine(folder.Path, day), SilentProgress.Instance);
        StageDirectory numbers = Night("day1"), texts = Night("day2");

        string breach = Assert.Single(DataChecks.TypeChanges(texts, numbers, IdType.Auto));
        Assert.Contains("day2.csv, line 4202: column user_id holds 'unknown'", breach, StringComparison.Ordinal);
        Assert.Contains("Input:IdType", breach, StringComparison.Ordinal);
        Assert.Contains("In production user_id is text", Assert.Single(DataChecks.TypeChanges(numbers, texts, IdType.Auto)), StringComparison.Ordinal);
        Assert.Empty(DataChecks.TypeChanges(numbers, numbers, IdType.Auto));
        Assert.Empty(DataChecks.TypeChanges(texts, numbers, IdType.Text)); // meant
    }

    private static IEnumerable<string> Breaches(NightData data, IReadOnlyList<NightData> before) =>
        DataChecks.Breaches(data, before, Night, new NightlyOptions());
}
