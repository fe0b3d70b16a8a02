using System.Collections;
using System.Diagnostics;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Jobs.Verbs;

namespace NcfSpark.Jobs.Tests;

/// <summary>Commands in messages can be pasted: a shell reads back the words that were meant, and this program takes them.</summary>
[Collection(StopSignalsTests.OfThisProcess)]
public sealed partial class AdviceTests
{
    private static readonly Gen<string> Words =
        Gen.Elements("a bZ09 '\"\\$`*?[]{}~!#&;|<>()=:%-_./é\t\n".ToCharArray()).ArrayOf().Select(letters => new string(letters));

    [Property(MaxTest = 60)]
    public Property AShellReadsBackTheWords() => Prop.ForAll(
        Words.ArrayOf().ToArbitrary(), words => words.SequenceEqual(InShell(Advice.Command(words))));

    [Property(MaxTest = 25)]
    public Property WhatNightsAndStagesAdviseParses() => Prop.ForAll(RunNames().ToArbitrary(), name =>
    {
        using var folder = new TemporaryFolder();
        string run = Path.Combine(folder.Path, name), config = folder.Write("my shop's.json", """{ "Input": { "Path": "log.csv" } }""");
        string messages = Told(StatusVerb.Verb, null, run);
        messages += Told(EvaluateVerb.Verb, config, run, "Input:TitlesPath=", $"Input:Path=my {name}.csv");
        foreach (string night in new[] { "2026-01-01", "2026-01-02" }) Directory.CreateDirectory(Path.Combine(run, night));
        messages += Told(PromoteVerb.Promote, config, run, "Nightly:Reason=why");
        new RunNights(run).PutInProduction("2026-01-02");
        messages += Told(PromoteVerb.Rollback, null, run, "Nightly:Reason=why");
        messages += Told(TrainVerb.Verb, config, Path.Combine(run, "2026-01-02"));
        string[] commands = [.. Advised().Matches(messages).Select(match => match.Groups[1].Value)];
        Assert.Equal(["help", "prepare", "promote", "promote", "help"], commands.Select(command => InShell(command)[0]));
        foreach (string command in commands) AssertParses(command, run);
        return true;
    });

    [Fact]
    public void ACommandInAMessageIsMadeByAdvice()
    {
        string[] theirOwn = ["Help.cs", "Completion.cs", "Advice.cs", "MicrosoftSparkLaunch.cs", "LogConfiguration.cs"];
        IEnumerable<string> sources = Repository.Files("*.cs")
            .Where(path => !Path.GetRelativePath(Repository.Root, path).StartsWith("tests", StringComparison.Ordinal))
            .Where(path => !theirOwn.Contains(Path.GetFileName(path)));
        foreach (string path in sources)
        {
            string[] lines = [.. File.ReadAllLines(path).Where(line => line.Contains('"') && !line.TrimStart().StartsWith("//", StringComparison.Ordinal))];
            Assert.DoesNotContain(lines, line => WrittenByHand().IsMatch(line));
        }
    }

    // Everything that a verb prints.
    private static string Told(Verb verb, string? config, string run, params string[] set)
    {
        using StringWriter output = new(), error = new();
        using var signals = new StopSignals(SilentProgress.Instance);
        new JobRunner(new Hashtable(), SilentProgress.Instance, output, error, TimeProvider.System, signals).Run(verb, new JobArguments(config, run, set));
        return $"{output}\n{error}";
    }

    private static void AssertParses(string command, string run)
    {
        string[] words = InShell(command);
        JobArguments? arguments = null;
        using StringWriter output = new(), error = new();
        ExitCode code = CommandLine.Run(words, (_, given) => { arguments = given; return ExitCode.Done; }, SilentProgress.Instance, output, error);
        Assert.True(code == ExitCode.Done, $"{command}: {error}");
        if (words[0] != "help") Assert.Equal(run, arguments!.Run);
    }

    private static Gen<string> RunNames() =>
        Gen.Elements("ab '\"$*#&;()é~=".ToCharArray()).NonEmptyListOf().Select(letters => $"run{string.Concat(letters)}");

    // The words after the first, which names the program.
    private static string[] InShell(string command)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", $"set -- {command}; shift; for word; do printf '%s\\0' \"$word\"; done", "-"])
        {
            RedirectStandardOutput = true,
        })!;
        string[] words = shell.StandardOutput.ReadToEnd().Split('\0')[..^1];
        shell.WaitForExit();
        return words;
    }

    [GeneratedRegex(@"`(\./submit\.sh [^`]+)`")]
    private static partial Regex Advised();

    [GeneratedRegex(@"\./submit\.sh [a-z]|`(prepare|train|evaluate|score|nightly|promote|rollback|status|tune|init|show) ")]
    private static partial Regex WrittenByHand();
}
