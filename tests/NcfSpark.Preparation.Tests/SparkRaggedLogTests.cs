using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Engines;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.Preparation.Tests;

/// <summary>The logs of <see cref="RaggedLogTests"/> on Spark, many at once: the same rows as on DuckDB, and the same bad ones in the same words.</summary>
[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkRaggedLogTests(SparkFixture spark, EngineFixture duckDb) : IDisposable
{
    private const int Files = 60;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [SkippableTheory]
    [InlineData(",", true, "")]
    [InlineData("\t", false, "")]
    [InlineData(",", false, "\"")]
    public void RowsAndBadRowsAreThoseOfDuckDb(string delimiter, bool header, string quote) => AssertAlike(delimiter, header, quote);

    [SkippableFact]
    public void RowsAndBadRowsAreThoseOfDuckDbWhateverTheLayout()
    {
        SparkHome.RequireAsked();
        foreach (string delimiter in RaggedLogs.Delimiters)
        {
            AssertAlike(delimiter, header: true, "");
            AssertAlike(delimiter, header: true, "\"");
        }
    }

    [SkippableFact]
    public void EmptyFieldsAfterTheLastColumnSayNothing() => RaggedLogs.AssertEmptyFieldsAtTheEndSayNothing(spark.Engine, folder);

    /// <summary>Quotes in all places, as on DuckDB and as a slow reader has it; the files of each layout are one log.</summary>
    [SkippableTheory]
    [MemberData(nameof(QuotedLogTests.Layouts), MemberType = typeof(QuotedLogTests))]
    public void QuotesAreThoseOfDuckDb(string delimiter, string quote)
    {
        QuotedLogs.Log[] logs = [.. QuotedLogs.Of(delimiter, quote).Sample(20, Files)];
        string path = Path.Combine(folder.Path, Guid.NewGuid().ToString("N"));
        RaggedLogs.Outcome[] expected = [.. logs.Select((log, index) =>
            QuotedLogs.Expected(log, folder.Write(Path.Combine(path, $"{index:000}.csv"), log.Bytes)))];
        RaggedLogs.Outcome onSpark = RaggedLogs.Read(spark.Engine, logs[0].Input, path);
        RaggedLogs.AssertAlike(new([.. expected.SelectMany(one => one.Rows)], [.. expected.SelectMany(one => one.Bad)]), onSpark);
        Assert.Equal(RaggedLogs.Read(duckDb.Engine, logs[0].Input, path).Bad, onSpark.Bad);
    }

    private void AssertAlike(string delimiter, bool header, string quote)
    {
        ISqlEngine there = spark.Engine;
        string name = Guid.NewGuid().ToString("N");
        RaggedLogs.Log[] logs = [.. RaggedLogs.Of(delimiter, header, quote).Sample(20, Files)];
        foreach ((int index, RaggedLogs.Log log) in logs.Index()) folder.Write($"{name}/{index:000}.csv", log.Text);
        string path = Path.Combine(folder.Path, name);
        RaggedLogs.Outcome onDuckDb = RaggedLogs.Read(duckDb.Engine, logs[0].Input with { Quote = quote }, path);
        RaggedLogs.Outcome onSpark = RaggedLogs.Read(there, logs[0].Input with { Quote = quote }, path);
        string Show(string[] some) => string.Join("\n  ", some.Select(text => Core.ShownText.Of(text, 400)));
        string[] only = [.. onDuckDb.Bad.Except(onSpark.Bad)], others = [.. onSpark.Bad.Except(onDuckDb.Bad)];
        Assert.True(only.Length + others.Length == 0, $"Bad on DuckDB only:\n  {Show(only)}\nBad on Spark only:\n  {Show(others)}");
        Assert.Equal(onDuckDb.Rows, onSpark.Rows);
        Assert.Equal(onDuckDb.Bad, onSpark.Bad);
    }
}
