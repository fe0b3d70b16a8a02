using System.Diagnostics;
using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>`tune` as a user runs it: what it leaves can be used at once, and a kill loses at most the trial that ran.</summary>
[Trait("Category", "Slow")]
public sealed class TuneTests
{
    [Fact]
    public void KilledItGoesOnAndWhatItWritesCanBeUsed()
    {
        using var run = new RunDirectory();
        string folder = Path.GetDirectoryName(run.Path)!, search = Path.Combine(folder, "search.json");
        File.WriteAllText(
            search, """{ "Model": { "EmbeddingSize": [4, 8, 16] }, "Train": { "LearningRate": { "From": 0.001, "To": 0.03, "Scale": "log" } } }""");
        string[] tune = ["tune", .. SmallLog.Settings(SmallLog.Write(folder)), "--set", $"Tune:Search={search}", "--set",
            "Tune:BudgetMinutes=0.1", "--run", run.Path];

        string journal = KillAfterSomeTrials(tune, run);
        string output = NcfSparkProcess.RunWell(tune);
        Assert.Contains("validation NDCG@10", output, StringComparison.Ordinal);
        Assert.StartsWith(journal, File.ReadAllText(run.File("tune", "trials.jsonl")), StringComparison.Ordinal); // nothing was tried twice
        Assert.Equal(["tune"], Directory.GetDirectories(run.Path).Select(Path.GetFileName));
        StageDirectory.Open(run.Path, "tune");
        JsonNode results = JsonNode.Parse(File.ReadAllText(run.File("tune", "results.json")))!;
        Assert.Equal(0, (int)results["trials"]![0]!["candidate"]!); // the configuration itself
        Assert.Contains(results["finalists"]!.AsArray(), finalist => (int)finalist!["candidate"]! == 0);

        Assert.Contains("was there already", NcfSparkProcess.RunWell(tune), StringComparison.Ordinal);
        NcfSparkProcess.RunWell("nightly", "--config", run.File("tune", "best.json"), "--run", Path.Combine(folder, "tuned"), "--set", "Nightly:Gate=false");
    }

    [Fact]
    public void ASearchThatIsMissingIsSaidBeforeAnyWork()
    {
        using var run = new RunDirectory();
        (int exitCode, _, string error) =
            NcfSparkProcess.Run(["tune", .. SmallLog.Settings("no.csv"), "--set", "Tune:Search=conf/search/nothing.json", "--run", run.Path]);
        Assert.Equal(2, exitCode);
        Assert.StartsWith("conf/search/nothing.json is not there. There are conf/search/", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tune")]
    [InlineData("train")]
    [InlineData("nightly")]
    public void WithoutTimesAHistoryIsRefusedBeforeAnyWork(string verb)
    {
        using var run = new RunDirectory();
        string configuration = Path.Combine(Path.GetDirectoryName(run.Path)!, "untimed.json");
        File.WriteAllText(configuration, """{ "Input": { "Path": "no.csv", "TimestampColumn": "" }, "Tune": { "Search": "no.json" } }""");
        (int exitCode, string output, string error) = NcfSparkProcess.Run(verb, "--config", configuration, "--run", run.Path);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("There are no times (Input:TimestampColumn is \"\"), and these settings need them:\n  Model:User is \"history\"", error,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.Path));
    }

    [Fact]
    public void StatusNeedsNoRunDirectoryAndLeavesNone()
    {
        using var run = new RunDirectory();
        string output = NcfSparkProcess.RunWell("status", "--config", "conf/ml-latest-small.json", "--run", run.Path);
        Assert.Contains("has no nights yet", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.Path));
    }

    // What the journal held by then.
    private static string KillAfterSomeTrials(string[] tune, RunDirectory run)
    {
        using Process process = NcfSparkProcess.Start(tune);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (!process.HasExited && Journal(run) is not { Length: > 300 }) Thread.Sleep(5); // two or three trials
        process.Kill();
        process.WaitForExit();
        string text = Journal(run) ?? "";
        return text[..(text.LastIndexOf('\n') + 1)];
    }

    private static string? Journal(RunDirectory run)
    {
        string? path = Directory.Exists(run.Path)
            ? Directory.GetDirectories(run.Path, "tune.trials-*").Select(directory => Path.Combine(directory, "trials.jsonl")).FirstOrDefault(File.Exists)
            : null;
        if (path is null) return null;
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }
}
