using System.Text;
using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>A log of which no row can be used is refused by what its rows have, kind by kind; never by advice that does not help.</summary>
[Collection(EngineCollection.Name)]
public sealed class NothingUsableTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    /// <summary>A kind of row that cannot be used.</summary>
    /// <param name="Row">Such a row, in Latin-1.</param>
    /// <param name="What">How it is counted in the message.</param>
    /// <param name="Cure">What the message has to say where all rows are of this kind.</param>
    /// <param name="IsBad">Whether the row is shown as a bad one; else it is left out on purpose.</param>
    internal sealed record Kind(string Row, string What, string Cure, bool IsBad = true);

    internal static readonly Dictionary<string, Kind> Kinds = new()
    {
        ["time"] = new("1,2,2026-13-45,5,buy", "whose timestamp is no time", "write them as 2014-04-06T18:42:17Z"),
        ["no time"] = new("1,2,,5,buy", "without a timestamp", "name another column in Input:TimestampColumn"),
        ["null for a time"] = new("1,2,NA,5,buy", "without a timestamp", "name another column in Input:TimestampColumn"),
        ["rating"] = new("1,2,1700000000,good,buy", "whose rating is no number", "name another column in Input:RatingColumn"),
        ["no rating"] = new("1,2,1700000000,,buy", "whose rating is no number", "name another column in Input:RatingColumn"),
        ["no user"] = new(",2,1700000000,5,buy", "without a user_id", "name another column in Input:UserColumn"),
        ["null for an item"] = new("1,\\N,1700000000,5,buy", "without a item_id", "listed in Input:NullValues"),
        ["too few fields"] = new("1,2,1700000000", "with another number of columns", "check Input:Delimiter"),
        ["not UTF-8"] = new("caf\u00e9,2,1700000000,5,buy", "that cannot be read as UTF-8", "save the file as UTF-8"),
        ["beyond 64 bits"] = new("1,99999999999999999999,1700000000,5,buy", "whose item_id cannot be an id", "set Input:IdType to \"text\""),
        ["event"] = new("1,2,1700000000,5,view", "of an event that Input:EventWeights does not name (buy)", "Name others in Input:EventWeights", IsBad: false),
        ["rated low"] = new("1,2,1700000000,1,buy", "rated below 2", "Set a lower Input:MinRating", IsBad: false),
    };

    private static readonly InputOptions Input = new()
    {
        RatingColumn = "rating",
        MinRating = 2,
        EventColumn = "event",
        EventWeights = new() { ["buy"] = 1 },
    };

    public static TheoryData<string> Names => [.. Kinds.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void ALogOfOneKindOfBadRowIsRefusedByThatKindAndItsCure(string name)
    {
        foreach (string[] rows in new[] { new[] { name }, [name, name, name] })
        {
            string message = AssertRefused(fixture.Engine, rows);
            Assert.Contains(Kinds[name].Cure, message);
        }
    }

    [Fact]
    public void EveryMixtureOfBadRowsIsCountedByKind() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(40),
        Prop.ForAll(Arb.From(Gen.Elements(Kinds.Keys.ToArray()).NonEmptyListOf().Select(names => names.Take(9).ToArray())),
            names => { AssertRefused(fixture.Engine, names); }));

    [Theory]
    [InlineData("user;item;time\n1;2;2026-13-45\n", "line 2: column time holds '2026-13-45', which is no date or time", "write them as 2014-04-06T18:42:17Z")]
    [InlineData("user;item;time\n1;NA;2026-01-05\n", "line 2: column item holds 'NA', which says that there is no value", "listed in Input:NullValues")]
    public void ALogThatIsLookedAtIsRefusedAlike(string text, params string[] says)
    {
        string message = Assert.Throws<InvalidInputException>(
            () => LogInspector.Inspect(folder.Write("log.csv", text), fixture.Engine, SilentProgress.Instance)).Message;
        Assert.All(says, part => Assert.Contains(part, message));
        Assert.Contains("none of 1 rows can be used: 1 ", message);
        Assert.DoesNotContain("rated", message);
    }

    internal string AssertRefused(ISqlEngine engine, string[] names)
    {
        string text = "user_id,item_id,timestamp,rating,event\n" + string.Concat(names.Select(name => Kinds[name].Row + "\n"));
        string file = folder.Write($"{Guid.NewGuid():N}.csv", Encoding.Latin1.GetBytes(text));
        string[] messages = [.. new[] { 0, long.MaxValue }.Select(allowed => Assert.Throws<InvalidInputException>(() => PreparedRun.Prepare(
            engine, Input with { Path = file, MaxBadRows = allowed }, PlainOptions.Prepare, Path.Combine(folder.Path, "run"),
            SilentProgress.Instance)).Message)];
        Assert.Equal(messages[0], messages[1]);
        string message = messages[0];
        Assert.Contains($"none of {names.Length} rows can be used: ", message);
        foreach (IGrouping<string, string> what in names.GroupBy(name => Kinds[name].What)) Assert.Contains($"{what.Count()} {what.Key}", message);
        foreach (string other in Kinds.Values.Select(kind => kind.What).Except(names.Select(name => Kinds[name].What))) Assert.DoesNotContain(other, message);
        int first = Array.FindIndex(names, name => Kinds[name].IsBad);
        if (first >= 0) Assert.Contains($"{file}, line {first + 2}: ", message);
        Assert.DoesNotContain("Input:MaxBadRows", message);
        Assert.True(message.TrimEnd().EndsWith('.'), message);
        return message.Replace(file, "", StringComparison.Ordinal);
    }
}

/// <summary>The same on Spark, in the words of DuckDB.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkNothingUsableTests(SparkFixture spark, EngineFixture duckDb)
{
    [SkippableFact]
    public void ALogOfBadRowsOnlyIsRefusedInTheWordsOfDuckDb()
    {
        using var tests = new NothingUsableTests(duckDb);
        string[][] logs = [.. NothingUsableTests.Kinds.Keys.Select(name => new[] { name }), [.. NothingUsableTests.Kinds.Keys]];
        Assert.All(logs, names => Assert.Equal(tests.AssertRefused(duckDb.Engine, names), tests.AssertRefused(spark.Engine, names)));
    }
}
