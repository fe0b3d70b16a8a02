using System.Collections;
using System.Text;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Jobs.Verbs;

namespace NcfSpark.Jobs.Tests.Tuning;

/// <summary>`tune --input LOG`, which `nightly --input LOG --tune MINUTES` and `init LOG --tune MINUTES` begin with.</summary>
[Collection(StopSignalsTests.OfThisProcess)]
public sealed class TunedRunTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new(), error = new();

    public void Dispose()
    {
        folder.Dispose();
        output.Dispose();
        error.Dispose();
    }

    [Fact]
    public void WhatASearchThatWasStoppedAndContinuedFindsIsKeptForAllNights()
    {
        string log = WriteLog(), run = Path.Combine(folder.Path, "shop"), kept = Path.Combine(run, "configuration.json");
        Assert.Equal(ExitCode.InvalidInput, Tune(log, run, new StopsAfterOneTrial()));
        Assert.True(File.Exists(Path.Combine(run, "untuned.json")));
        string journal = File.ReadAllText(Directory.GetFiles(run, "trials.jsonl", SearchOption.AllDirectories).Single());

        Assert.Equal(ExitCode.Done, Tune(log, run, SilentProgress.Instance));
        Assert.Contains("What was tried, the best first", output.ToString(), StringComparison.Ordinal);
        Assert.StartsWith(journal, File.ReadAllText(Path.Combine(run, "tune", "trials.jsonl")), StringComparison.Ordinal); // nothing was tried twice
        Assert.Equal(["configuration.json"], Directory.GetFiles(run, "*.json").Select(Path.GetFileName));
        NcfSparkConfiguration best = Load(Path.Combine(run, "tune", "best.json")), settings = Load(kept);
        Assert.Equal(SettingsOf(best, "Model", "Train"), SettingsOf(settings, "Model", "Train"));
        Assert.Equal(log, settings.Input.Path);
        Assert.Equal(new NcfSparkConfiguration().Tune.BudgetMinutes, settings.Tune.BudgetMinutes); // it is of the command, not of the log

        string text = File.ReadAllText(kept);
        Assert.Equal(ExitCode.Done, Tune(log, run, SilentProgress.Instance));
        Assert.Contains("They were searched before.", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(kept));
        Assert.Equal("enough", error.ToString().Trim());
    }

    [Fact]
    public void MinutesWithoutALogAreRefused()
    {
        using var signals = new StopSignals(SilentProgress.Instance);
        var runner = new JobRunner(new Hashtable(), SilentProgress.Instance, output, error, TimeProvider.System, signals);
        Assert.Equal(ExitCode.InvalidInput, runner.Run(NightlyVerb.Verb, new JobArguments("conf/ml-1m.json", null, []) { Tune = "3" }));
        Assert.StartsWith("--tune searches the settings of a log: add --input LOG.", error.ToString(), StringComparison.Ordinal);
    }

    private ExitCode Tune(string log, string run, IProgressReporter progress)
    {
        using var signals = new StopSignals(SilentProgress.Instance);
        var runner = new JobRunner(new Hashtable(), progress, output, error, new KindSearchTests.CountedTime(), signals);
        return runner.Run(TuneVerb.Verb, new JobArguments(null, run, ["Tune:BudgetMinutes=1", "Train:Threads=1"]) { Log = log, Tune = "1" });
    }

    private static NcfSparkConfiguration Load(string path) => ConfigurationLoader.Load(path, [], new Hashtable());

    private static string[] SettingsOf(NcfSparkConfiguration configuration, params string[] sections) =>
        [.. SettingKey.All.Where(key => sections.Contains(key.Section.Name)).Select(key => $"{key}={SettingValue.Show(key.ValueIn(configuration))}")];

    private string WriteLog()
    {
        var text = new StringBuilder("user_id,item_id,timestamp\n");
        for (int user = 0; user < 60; user++)
        {
            for (int k = 0; k < 12; k++) text.Append($"{user},{(user * 7 + k) % 40},{1_500_000_000 + user * 1000 + k * 86_400}\n");
        }

        return folder.Write("clicks.csv", text.ToString());
    }

    /// <summary>Ends the search, as a kill does, once a trial stands in the journal.</summary>
    private sealed class StopsAfterOneTrial : IProgressReporter
    {
        public IProgressTask Start(string title, long total, string unit) => SilentProgress.Instance;

        public void Line(string text)
        {
            if (text.Contains("NDCG@10", StringComparison.Ordinal)) throw new InvalidInputException("enough");
        }
    }
}
