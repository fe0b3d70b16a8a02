using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>Lines that do not fit are counted and told exactly.</summary>
[Collection(EngineCollection.Name)]
[Trait("Category", "Slow")]
public sealed class RaggedLogTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    public static TheoryData<string> Delimiters => [.. RaggedLogs.Delimiters];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EmptyFieldsAfterTheLastColumnSayNothing() => RaggedLogs.AssertEmptyFieldsAtTheEndSayNothing(fixture.Engine, folder);

    [Theory]
    [MemberData(nameof(Delimiters))]
    public void RowsAndBadRowsAreThoseOfASlowReader(string delimiter) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(Arb.From(
            Gen.Elements(true, false).SelectMany(header => RaggedLogs.Of(delimiter, header, quote: ""))), log =>
        {
            string file = folder.Write($"{Guid.NewGuid():N}.csv", log.Text);
            RaggedLogs.AssertAlike(RaggedLogs.Expected(log, file), RaggedLogs.Read(fixture.Engine, log.Input with { Quote = "" }, file));
        }));
}
