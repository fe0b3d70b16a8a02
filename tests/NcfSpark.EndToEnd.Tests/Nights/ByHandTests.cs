using NcfSpark.Data;
using NcfSpark.Evaluation.Nights;

namespace NcfSpark.EndToEnd.Tests.Nights;

/// <summary>What people do about nights: promote one that the gate refused, roll back, start one twice.</summary>
public sealed class ByHandTests : IDisposable
{
    private readonly RunDirectory run = new();
    private readonly RunNights nights;
    private readonly string[] settings;
    private int seed = 1;

    public ByHandTests()
    {
        nights = new RunNights(run.Path);
        settings = [.. SmallLog.Settings(WriteLog()), "--set", "Train:Epochs=1", "--set", "Train:LearningRate=1e-9", "--set", "Nightly:Refit=true", "--set", "Nightly:MaxDrift=1", "--run", run.Path];
    }

    public void Dispose() => run.Dispose();

    [Fact]
    public void ARefusedNightIsPromotedAndRolledBackWithReasonsThatAreKept()
    {
        Night("2026-01-01");
        WriteLog();
        Assert.Equal(3, NightWith("2026-01-02", "Nightly:Gate=true").ExitCode); // it has learnt nothing
        Assert.Equal("2026-01-01", nights.InService);
        Assert.False(Directory.Exists(run.File("2026-01-02", "predictions")));

        Assert.Contains("Nightly:Reason", Refused("promote", "2026-01-02"), StringComparison.Ordinal);
        NcfSparkProcess.RunWell(["promote", "2026-01-02", .. settings, "--set", "Nightly:Reason=we looked at it"]);
        Assert.Equal("2026-01-02", nights.InService);
        Assert.True(File.Exists(run.Served("predictions", "manifest.json")));

        NcfSparkProcess.RunWell(["rollback", .. settings, "--set", "Nightly:Reason=we looked again"]);
        Assert.Equal("2026-01-01", nights.InService);
        Assert.Contains("`promote NIGHT`", Refused("rollback", "--set", "Nightly:Reason=once more"), StringComparison.Ordinal); // nothing before the first
        Assert.Equal(
            [("night", "2026-01-01", ""), ("night", "2026-01-02", ""), ("promotion", "2026-01-02", "we looked at it"), ("rollback", "2026-01-01", "we looked again")],
            NightHistory.Read(nights).Records.Select(record => (record.Event, record.Night, record.Event == NightEvent.Night ? "" : record.Reason)));
    }

    [Fact]
    public void ANightThatWasRolledBackStaysSoWhenItsCommandIsGivenAgain()
    {
        Night("2026-01-01");
        WriteLog();
        Night("2026-01-02");
        NcfSparkProcess.RunWell(["rollback", .. settings, "--set", "Nightly:Reason=bad"]);
        Assert.Contains("now 2026-01-01 is", Night("2026-01-02"), StringComparison.Ordinal);
        Assert.Equal("2026-01-01", nights.InService);
    }

    [Fact]
    public void AnotherLogOnTheSameDateIsASecondNightAndOldOnesAreRemovedButNotTheOneBefore()
    {
        for (int night = 0; night < 4; night++)
        {
            NightWith("2026-01-01", "Nightly:Keep=2");
            WriteLog();
        }

        Assert.Equal("2026-01-01-4", nights.InService);
        Assert.Equal(["2026-01-01-3", "2026-01-01-4"], nights.Names);
        NcfSparkProcess.RunWell(["rollback", .. settings, "--set", "Nightly:Reason=bad"]);
        NightWith("2026-01-02", "Nightly:Keep=2");
        Assert.Equal(["2026-01-01-3", "2026-01-01-4", "2026-01-02"], nights.Names); // 3 is before 2026-01-02
        Assert.Equal(5, NightHistory.Read(nights).Nights.Count);
    }

    [Fact]
    public void WhatIsNotThereCannotBePromoted()
    {
        Assert.Contains("holds no nights", Refused("promote", "2026-01-05", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Assert.Contains("Nothing is in service", Refused("rollback", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Assert.Contains("is no night: give a date", Refused("promote", "yesterday", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Night("2026-01-01");
        Assert.Contains("There are 2026-01-01.", Refused("promote", "2026-01-05", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
        Assert.Contains("in service already", Refused("promote", "2026-01-01", "--set", "Nightly:Reason=x"), StringComparison.Ordinal);
    }

    [Fact]
    public void AWarmStartedNightSaysFromWhereAndTheReportSaysWhichModelItMeasured()
    {
        Night("2026-01-01");
        WriteLog();
        NightWith("2026-01-02", "Nightly:WarmStart=true", "Nightly:WarmEpochs=2");
        NightRecord record = NightHistory.Read(nights).Of("2026-01-02")!;
        Assert.Equal("2026-01-01", record.WarmStartedFrom);
        Assert.NotNull(record.Figures?.AgainstInService);
        Assert.NotNull(record.Data?.HeldOutKnownToInService);
        string page = File.ReadAllText(run.Served("report", "report.html"));
        Assert.Contains("the model in service (2026-01-01)", page, StringComparison.Ordinal);
        Assert.Contains("trained once more", page, StringComparison.Ordinal);
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
