using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using NcfSpark.TestLogger;

namespace NcfSpark.Jobs.Tests;

/// <summary>What `dotnet test` prints: a line a project, and after the last the totals, whichever ends last.</summary>
public sealed class TestTotalsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();

    public void Dispose()
    {
        folder.Dispose();
        output.Dispose();
    }

    [Fact]
    public void AProjectPrintsItsFailuresAndItsLineAndTheLastOneTheTotals()
    {
        TotalsLogger first = Logger("A.Tests"), second = Logger("B.Tests");
        Take(first, TestOutcome.Passed);
        Take(first, TestOutcome.Skipped, "Needs Chromium: apt install chromium.");
        first.Complete(aborted: false, TimeSpan.FromSeconds(1.4));
        Assert.Equal($"{"A.Tests",-30} 1 passed, 0 failed, 1 skipped, 1 s\n", output.ToString());

        output.GetStringBuilder().Clear();
        Take(second, TestOutcome.Failed, "It is 3, not 4.");
        Take(second, TestOutcome.Skipped, "Needs Spark: set SPARK_HOME.");
        for (int skip = 0; skip < 2; skip++) Take(second, TestOutcome.Skipped, "Needs Chromium: apt install chromium.");
        second.Complete(aborted: false, TimeSpan.FromSeconds(61));
        Assert.Equal($"""
            Failed N.C.Law [0.0 s]
            It is 3, not 4.
            {"B.Tests",-30} 0 passed, 1 failed, 3 skipped, 61 s

            1 passed, 1 failed, 4 skipped
                3 skipped. Needs Chromium: apt install chromium.
                1 skipped. Needs Spark: set SPARK_HOME.
            That was all.

            """, output.ToString());
    }

    [Fact]
    public void AProcessThatEndsBeforeItsTestsIsAFailure()
    {
        TotalsLogger logger = Logger("A.Tests", projects: 1);
        Take(logger, TestOutcome.Passed);
        logger.Complete(aborted: true, TimeSpan.Zero);
        Assert.StartsWith("Failed A.Tests: its process ended before its tests did.", output.ToString(), StringComparison.Ordinal);
        Assert.Contains(" 1 passed, 1 failed, 0 skipped, 0 s\n", output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Of a `dotnet test` in which a project did not build there is a file left, with fewer projects than there are.</summary>
    [Fact]
    public void WhatAnotherDotnetTestLeftIsNotCounted()
    {
        Totals one = new(1, 0, []);
        string path = Path.Combine(folder.Path, "obj", "totals.json");
        Assert.Null(Totals.Add(path, "first", 2, one));
        Assert.Null(Totals.Add(path, "second", 2, one));
        Assert.Equal("2 passed, 0 failed, 0 skipped", Totals.Add(path, "second", 2, one)!.Line);
        Assert.Null(Totals.Add(path, "second", 2, one));
    }

    [Fact]
    public void OfProjectsThatEndAtOnceOneIsTheLastAndNoneIsLost()
    {
        const int Projects = 12;
        string path = Path.Combine(folder.Path, "totals.json");
        var all = new Totals?[Projects];
        Parallel.For(0, Projects, new ParallelOptions { MaxDegreeOfParallelism = Projects },
            project => all[project] = Totals.Add(path, "one", Projects, new Totals(project, 1, new() { ["Needs it."] = 2 })));
        Assert.Equal($"{Projects * (Projects - 1) / 2} passed, {Projects} failed, {2 * Projects} skipped", Assert.Single(all.OfType<Totals>()).Line);
    }

    private TotalsLogger Logger(string project, int projects = 2) => new(output, new Dictionary<string, string?>
    {
        [TotalsLogger.Project] = project, [TotalsLogger.Projects] = $"{projects}", [TotalsLogger.Session] = "s",
        [TotalsLogger.TotalsFile] = Path.Combine(folder.Path, "totals.json"), [TotalsLogger.Note] = "That was all.",
    });

    private static void Take(TotalsLogger logger, TestOutcome outcome, string? said = null) =>
        logger.Take(new TestResult(new TestCase("N.C.Law", new Uri("executor://none"), "none.dll")) { Outcome = outcome, ErrorMessage = said });
}
