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

    private void AssertAlike(string delimiter, bool header, string quote)
    {
        ISqlEngine there = spark.Engine;
        string name = Guid.NewGuid().ToString("N");
        RaggedLogs.Log[] logs = [.. RaggedLogs.Of(delimiter, header, quote).Sample(20, Files)];
        foreach ((int index, RaggedLogs.Log log) in logs.Index()) folder.Write($"{name}/{index:000}.csv", WithoutLostLetters(log.Text));
        string path = Path.Combine(folder.Path, name);
        RaggedLogs.Outcome onDuckDb = RaggedLogs.Read(duckDb.Engine, logs[0].Input with { Quote = quote }, path);
        RaggedLogs.Outcome onSpark = RaggedLogs.Read(there, logs[0].Input with { Quote = quote }, path);
        string Show(string[] some) => string.Join("\n  ", some.Select(text => Core.ShownText.Of(text, 400)));
        string[] only = [.. onDuckDb.Bad.Except(onSpark.Bad)], others = [.. onSpark.Bad.Except(onDuckDb.Bad)];
        Assert.True(only.Length + others.Length == 0, $"Bad on DuckDB only:\n  {Show(only)}\nBad on Spark only:\n  {Show(others)}");
        Assert.Equal(onDuckDb.Rows, onSpark.Rows);
        Assert.Equal(onDuckDb.Bad, onSpark.Bad);
    }

    // Spark does not tell U+FFFD from bytes that are no UTF-8, and rejects the line whole.
    private static string WithoutLostLetters(string text) => text.Replace('\ufffd', 'x');
}
