using System.Text.RegularExpressions;

namespace NcfSpark.Jobs.Tests;

/// <summary>What holds of all tests, so that `dotnet test` is short and says what it leaves out, and a busy machine fails none.</summary>
public sealed partial class TestRulesTests
{
    private const string Slow = "[Trait(\"Category\", \"Slow\")]";

    // A whole night, and the first night of a log that nobody has described. Each starts the program a few times.
    private static readonly string[] FastOfEndToEnd = ["NightlyTests.cs", "InputTests.cs"];

    // They kill stand-ins of a line or two; SparkHome looks for a Spark and starts none.
    private static readonly string[] Fast = [.. FastOfEndToEnd, "SubmitScriptTests.cs", "SparkServerScriptTests.cs", "SparkHome.cs"];

    [Fact]
    public void WhatStartsASparkKillsOrRunsEndToEndIsSlow()
    {
        foreach (string path in Classes())
        {
            (string name, string text) = (Path.GetFileName(path), File.ReadAllText(path));
            if (path.Contains("EndToEnd", StringComparison.Ordinal) && !FastOfEndToEnd.Contains(name))
            {
                Assert.True(text.Contains($"\n{Slow}\npublic sealed class", StringComparison.Ordinal), $"{name}: put {Slow} above the class, as of all that "
                    + "runs the program, or name it here if it takes a second or two.");
            }

            bool startsASpark = text.Contains("SparkCollection.Name", StringComparison.Ordinal)
                || text.Contains("SparkHome.Require(", StringComparison.Ordinal);
            bool kills = text.Contains(".Kill(", StringComparison.Ordinal);
            Assert.True(!(startsASpark || kills) || Fast.Contains(name) || text.Contains(Slow, StringComparison.Ordinal),
                $"{name}: what starts a Spark or kills is {Slow}.");
        }
    }

    [Fact]
    public void WhoSkipsSaysWhatATestNeeds()
    {
        string[] skips = [.. Classes().Select(File.ReadAllText).SelectMany(text => SkipCall().Matches(text)).Select(match => match.Value)];
        Assert.True(skips.Length > 5);
        Assert.All(skips, skip => Assert.True(
            skip.Contains("\"Needs ", StringComparison.Ordinal) || skip.Contains("HowToGetOne", StringComparison.Ordinal),
            $"{skip}: the reason begins with \"Needs \" and ends with the cure, in the same words for the same need."));
    }

    /// <summary>A limit that a test waits for is there for hangs only.</summary>
    [Fact]
    public void NobodyWaitsForSecondsOnly() => Assert.All(Repository.Files("*.cs").Where(path => path.Contains(".Tests/", StringComparison.Ordinal)), path =>
    {
        Match wait = ShortWait().Match(File.ReadAllText(path));
        Assert.False(wait.Success, $"{Path.GetFileName(path)}: {wait.Value}: on a busy machine that passes. Wait minutes, or inject the time.");
    });

    private static IEnumerable<string> Classes() => Repository.Files("*.cs").Where(path => path.Contains(".Tests/", StringComparison.Ordinal)
        && !path.EndsWith($"{nameof(TestRulesTests)}.cs", StringComparison.Ordinal) && TestMethod().IsMatch(File.ReadAllText(path)));

    [GeneratedRegex(@"^    \[(Skippable)?(Fact|Theory)\]|^    \[Property", RegexOptions.Multiline)]
    private static partial Regex TestMethod();

    [GeneratedRegex(@"Skip\.If(Not)?\(.*?\);", RegexOptions.Singleline)]
    private static partial Regex SkipCall();

    [GeneratedRegex(@"\b(Wait\w*|Join)\(TimeSpan\.From(Milliseconds|Seconds)\([^;]*")]
    private static partial Regex ShortWait();
}
