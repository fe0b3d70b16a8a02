using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Preparation.Tests;

/// <summary>
/// One engine for all tests of this project, which run one after the other: starting one costs more than a small log,
/// and so do further threads.
/// </summary>
public sealed class EngineFixture : IDisposable
{
    public DuckDbEngine Engine { get; } = new(new DuckDbOptions { Threads = 1, MemoryLimit = "2GB" });

    public void Dispose() => Engine.Dispose();
}

[CollectionDefinition(Name)]
public sealed class EngineCollection : ICollectionFixture<EngineFixture>
{
    public const string Name = "one engine";
}

/// <summary>With stored negatives, which the defaults do not have.</summary>
internal static class PlainOptions
{
    public static PrepareOptions Prepare { get; } = new() { Split = SplitRule.Latest, NegativesPerPositive = 5, NegativesAvoid = AvoidedItems.Touched };

    /// <summary>A value of Input:TimestampUnit, as settings spell it.</summary>
    public static TimestampUnit Unit(string text) => Enum.Parse<TimestampUnit>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
