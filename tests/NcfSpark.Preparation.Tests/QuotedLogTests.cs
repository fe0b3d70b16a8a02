using FsCheck;
using FsCheck.Fluent;

namespace NcfSpark.Preparation.Tests;

/// <summary>Quotes in all places end in the rows, and the bad rows, of a slow reader.</summary>
[Collection(EngineCollection.Name)]
[Trait("Category", "Slow")]
public sealed class QuotedLogTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    public static TheoryData<string, string> Layouts => new() { { ",", "\"" }, { "\t", "\"" }, { "::", "\"" }, { " ", "\"" }, { ";", "'" } };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Layouts))]
    public void RowsAndBadRowsAreThoseOfASlowReader(string delimiter, string quote) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(Arb.From(QuotedLogs.Of(delimiter, quote)), log =>
        {
            string file = folder.Write($"{Guid.NewGuid():N}.csv", log.Bytes);
            RaggedLogs.AssertAlike(QuotedLogs.Expected(log, file), RaggedLogs.Read(fixture.Engine, log.Input, file));
        }));

    /// <summary>DuckDB took all rows from such a quote to the end of the file for one bad row, which Input:MaxBadRows may allow.</summary>
    [Fact]
    public void AQuoteThatDoesNotEndTakesNoRowsButItsOwn()
    {
        string rows = string.Concat(Enumerable.Range(0, 1000).Select(n => $"{n},1,1700000000,\n"));
        string file = folder.Write("log.csv", $"user_id,item_id,timestamp,note\n1,2,1700000000,\"for\never\n{rows}3,4,1700000009,ever\"\n5,6,1700000000,\"a\n");
        RaggedLogs.Outcome read = RaggedLogs.Read(fixture.Engine, new InputOptions { MaxBadRows = 3 }, file);
        Assert.Equal(1001, read.Rows.Length);
        Assert.Equal([2, 3, 1005], read.Bad.Select(text => int.Parse(text.Split("line ")[1].Split(':')[0])));
    }

    [Fact]
    public void AFieldOverLinesThatIsNotUsedIsRead() => Assert.Equal(["1|2|1700000000", "3|4|1700000009"], RaggedLogs.Read(fixture.Engine, new InputOptions(),
        folder.Write("log.csv", "note,user_id,item_id,timestamp\n\"one, \"\"two\"\"\n\n, three\",1,2,1700000000\n,3, \"4\" ,1700000009\n")).Rows);
}
