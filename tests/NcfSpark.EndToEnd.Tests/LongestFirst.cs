using Xunit.Abstractions;

[assembly: TestCollectionOrderer("NcfSpark.EndToEnd.Tests.LongestFirst", "NcfSpark.EndToEnd.Tests")]

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A few classes run at a time. Those that take longest begin, so that none of them is left alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest = [nameof(Faults.FaultTests), RunningSparkCollection.Name, nameof(SparkRunTests), nameof(Nights.ByHandTests),
        nameof(SparkCrashTests), nameof(NetworkCutTests), nameof(WorkerCrashTests), nameof(SparkNodeTests), nameof(Nights.ReplayTests), nameof(CrashTests)];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections.OrderBy(collection =>
        Array.FindIndex(Longest, name => collection.DisplayName.EndsWith(name, StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length);
}
