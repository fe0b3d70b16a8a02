using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Nightly;

namespace NcfSpark.EndToEnd.Tests.Nights;

/// <summary>What people do about nights: promote one that the gate refused, roll back, start one twice.</summary>
[Trait("Category", "Slow")]
public sealed class ByHandTests : IDisposable
{
    private readonly RunDirectory run = new();
    private readonly RunNights nights;
    private readonly string[] settings;
    private int seed = 1;

    public ByHandTests()
    {
        nights = new RunNights(run.Path);
        settings = [.. SmallLog.Settings(WriteLog()), "--set", "Train:Epochs=1", "--set", "Train:LearningRate=1e-9", "--set", "Nightly:Refit=true", "--set",
            "Nightly:MaxDrift=1", "--run", run.Path];
    }

    public void Dispose() => run.Dispose();

    [Fact]
    public void ARefusedNightIsPromotedAndRolledBackWithReasonsThatAreKept()
    {
        Night("2026-01-01");
        WriteLog();
        Assert.Equal(3, NightWith("2026-01-02", "Nightly:Gate=true").ExitCode); // it has learnt nothing
        Assert.Equal("2026-01-01", nights.Production);
        Assert.False(Directory.Exists(run.File("2026-01-02", "predictions")));

        Assert.Contains("Nightly:Reason", Refused("promote", "2026-01-02"), StringComparison.Ordinal);
        NcfSparkProcess.RunWell(["promote", "2026-01-02", .. settings, "--set", "Nightly:Reason=we looked at it"]);
        Assert.Equal("2026-01-02", nights.Production);
        Assert.True(File.Exists(run.Served("predictions", "manifest.json")));

        NcfSparkProcess.RunWell(["rollback", .. settings, "--set", "Nightly:Reason=we looked again"]);
        Assert.Equal("2026-01-01", nights.Production);
        string nothingBeforeTheFirst = Refused("rollback", "--set", "Nightly:Reason=once more");
        Assert.Contains("submit.sh promote 2026-01-0", nothingBeforeTheFirst, StringComparison.Ordinal);
        Assert.Equal(
            [("night", "2026-01-01", ""), ("night", "2026-01-02", ""), ("promotion", "2026-01-02", "we looked at it"),
                ("rollback", "2026-01-01", "we looked again")],
            RunHistory.Read(nights).Records.Select(record => (record.Event, record.Night, record.Event == NightEvent.Night ? "" : record.Reason)));
    }

    [Fact]
    public void ANightThatWasRolledBackStaysSoWhenItsCommandIsGivenAgain()
    {
        Night("2026-01-01");
        WriteLog();
        Night("2026-01-02");
        NcfSparkProcess.RunWell(["rollback", .. settings, "--set", "Nightly:Reason=bad"]);
        Assert.Contains("now 2026-01-01 is", Night("2026-01-02"), StringComparison.Ordinal);
        Assert.Equal("2026-01-01", nights.Production);
    }

    [Fact]
    public void AnotherLogOnTheSameDateIsASecondNightAndOldOnesAreRemovedButNotTheOneBefore()
    {
        for (int night = 0; night < 4; night++)
        {
            NightWith("2026-01-01", "Nightly:Keep=2");
            WriteLog();
        }

        Assert.Equal("2026-01-01-4", nights.Production);
        Assert.Equal(["2026-01-01-3", "2026-01-01-4"], nights.Names);
        NcfSparkProcess.RunWell(["rollback", .. settings, "--set", "Nightly:Reason=bad"]);
        NightWith("2026-01-02", "Nightly:Keep=2");
        Assert.Equal(["2026-01-01-3", "2026-01-01-4", "2026-01-02"], nights.Names); // 3 is before 2026-01-02
        Assert.Equal(5, RunHistory.Read(nights).Nights.Count);
    }

    [Fact]
    public void WhatIsNotThereCannotBePromoted()
    {
        Assert.Contains("holds no nights", Refused("promote", "2026-01-05", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Assert.Contains("Nothing is in production", Refused("rollback", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Assert.Contains("is no night: give a date", Refused("promote", "yesterday", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Night("2026-01-01");
        Assert.Contains("There are 2026-01-01.", Refused("promote", "2026-01-05", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Assert.Contains("in production already", Refused("promote", "2026-01-01", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
    }

    [Fact]
    public void AWarmStartedNightSaysFromWhereAndTheReportSaysWhichModelItMeasured()
    {
        Night("2026-01-01");
        WriteLog();
        NightWith("2026-01-02", "Nightly:WarmStart=true", "Nightly:WarmEpochs=2");
        NightRecord record = RunHistory.Read(nights).Of("2026-01-02")!;
        Assert.Equal("2026-01-01", record.WarmStartedFrom);
        Assert.NotNull(record.Figures?.AgainstIncumbent);
        Assert.NotNull(record.Data?.HeldOutKnownToIncumbent);
        string page = File.ReadAllText(run.Served("report.html"));
        Assert.Contains("the model in production (2026-01-01)", page, StringComparison.Ordinal);
        Assert.Contains("trained once more", page, StringComparison.Ordinal);
    }

    [Fact]
    public void MistakesInTheConfigurationMakeNoNight()
    {
        int named = Array.FindIndex(settings, setting => setting.StartsWith("Nightly:Night=", StringComparison.Ordinal));
        string[] newcomer = [.. settings[..(named - 1)], .. settings[(named + 1)..]];
        foreach (string mistake in new[] { "Input:UserColumn=customer", "Input:Delimiter=;", "Input:TimestampColumn=item_id2" })
        {
            Assert.Equal(2, NcfSparkProcess.Run(["nightly", .. newcomer, "--set", mistake]).ExitCode);
            Assert.False(Directory.Exists(run.Path), mistake);
        }

        NcfSparkProcess.RunWell(["nightly", .. newcomer]);
        Assert.Equal(nights.Production, Assert.Single(RunHistory.Read(nights).Records).Night);
        Assert.Equal(10, nights.Production!.Length); // not the fourth of its date
    }

    [Fact]
    public void AfterAFailureThatWasCorrectedAllIsWellAgain()
    {
        Night("2026-01-01");
        string log = Path.Combine(Path.GetDirectoryName(run.Path)!, "log.csv"), good = File.ReadAllText(log), metrics = run.File("metrics.prom");
        File.AppendAllText(log, ",1,1500000000\n");
        Assert.Equal(2, NightWith("2026-01-01").ExitCode);
        // Such a log was read before: it is at fault, and that is told.
        Assert.Contains("outcome=\"production\"} 0", File.ReadAllText(metrics), StringComparison.Ordinal);
        File.WriteAllText(log, good);
        Night("2026-01-01");
        Assert.Contains("ncfspark_last_run_outcome{run=\"run\",outcome=\"production\"} 1", File.ReadAllText(metrics), StringComparison.Ordinal);
        string[] words = NcfSparkProcess.RunWell(["status", .. settings]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries); // wrapped
        Assert.Contains("2026-01-01 is in production, and the last run found nothing new to do.", string.Join(' ', words), StringComparison.Ordinal);
        Assert.Contains("class=\"verdict better\"", File.ReadAllText(run.File("nights.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void ANightWhoseModelWasTrainedAgainByHandIsPromotedOnlyWithAReportOfThatModel()
    {
        Night("2026-01-01");
        WriteLog();
        Assert.Equal(3, NightWith("2026-01-02", "Nightly:Gate=true").ExitCode);
        string[] byHand = [.. settings[..^1], run.File("2026-01-02"), "--set", "Train:Seed=5"];
        string[] promote = ["promote", "2026-01-02", "--set", "Nightly:Reason=better", "--set", "Train:Seed=5"];
        (int exitCode, _, string told) = NcfSparkProcess.Run(["train", .. byHand]);
        Assert.Equal(0, exitCode);
        Assert.Contains("report/", told, StringComparison.Ordinal);
        Assert.Contains(run.File("2026-01-02", "report"), Refused(promote), StringComparison.Ordinal);
        Assert.Equal("2026-01-01", nights.Production);
        NcfSparkProcess.RunWell(["evaluate", .. byHand]);
        NcfSparkProcess.RunWell([.. promote, .. settings]);
        Assert.Equal("2026-01-02", nights.Production);
        Assert.Null(RunHistory.Read(nights).AsServed("2026-01-02")!.Figures); // the gate measured another model
        WriteLog();
        Night("2026-01-03");
        Assert.Equal("2026-01-03", nights.Production);
    }

    [Fact]
    public void AModelThatNeverServedIsNotWhatANightIsMeasuredAgainst()
    {
        Night("2026-01-01");
        string copy = run.File("copy"), model = run.File("2026-01-01", "model");
        NcfSparkProcess.Start("cp", ["-r", run.File("2026-01-01"), copy]).WaitForExit();
        NcfSparkProcess.RunWell(["train", .. settings[..^1], copy, "--set", "Train:Seed=5"]);
        Directory.Delete(model, recursive: true);
        Directory.Move(Path.Combine(copy, "model"), model); // whole, of the same data, and another
        WriteLog();
        (int exitCode, _, string error) = NightWith("2026-01-02");
        Assert.Equal(0, exitCode);
        Assert.Contains($"{model} is not what went into production", error, StringComparison.Ordinal);
        NightRecord record = RunHistory.Read(nights).Of("2026-01-02")!;
        Assert.Null(record.Figures!.AgainstIncumbent);
        Assert.Contains("is not what went into production", Refused("rollback", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
    }

    [Fact]
    public void TitlesThatComeLateAreInTheReportOfANightThatServes()
    {
        Night("2026-01-01");
        string titles = Path.Combine(Path.GetDirectoryName(run.Path)!, "titles.csv"), figures = File.ReadAllText(run.Served("report", "report.json"));
        string predictions = run.PredictionsHash();
        File.WriteAllLines(titles, Enumerable.Range(0, 40).Select(item => $"{item},The item {item}").Prepend("item_id,title"));
        Assert.DoesNotContain("The item", File.ReadAllText(run.Served("report.html")), StringComparison.Ordinal);
        (int exitCode, string output, _) =
            NightWith("2026-01-01", $"Input:TitlesPath={titles}", "Input:TitlesIdColumn=item_id", "Input:TitlesTitleColumn=title");
        Assert.Equal(0, exitCode);
        Assert.Contains($"Open {run.File("2026-01-01", "report.html")} in a browser", output, StringComparison.Ordinal);
        Assert.Contains("The item", File.ReadAllText(run.Served("report.html")), StringComparison.Ordinal);
        Assert.Equal("2026-01-01", Assert.Single(nights.Names)); // the same night
        Assert.Equal((figures, predictions), (File.ReadAllText(run.Served("report", "report.json")), run.PredictionsHash()));
    }

    private string WriteLog() => SmallLog.Write(Path.GetDirectoryName(run.Path)!, seed: seed++);

    private string Night(string name) => NcfSparkProcess.RunWell(["nightly", .. settings, "--set", $"Nightly:Night={name}"]);

    private (int ExitCode, string Output, string Error) NightWith(string name, params string[] more) =>
        NcfSparkProcess.Run(["nightly", .. settings, "--set", $"Nightly:Night={name}", .. more.SelectMany(setting => new[] { "--set", setting })]);

    private string Refused(params string[] command)
    {
        (int exitCode, _, string error) = NcfSparkProcess.Run([.. command, .. settings]);
        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        return error;
    }
}
