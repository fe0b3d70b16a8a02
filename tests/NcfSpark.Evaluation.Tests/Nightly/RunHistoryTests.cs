using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Evaluation.Tests.Nightly;

public sealed class RunHistoryTests : IDisposable
{
    private readonly RunNights nights = new(Directory.CreateTempSubdirectory("ncfspark-").FullName);

    public void Dispose() => Directory.Delete(nights.Path, recursive: true);

    [Fact]
    public void WhatIsAppendedIsRead()
    {
        NightRecord record = Record("2026-11-24", "2026-11-24") with
        {
            Figures = new("ndcg@10", 610, new(0.1, 0.09, 0.11), null, null, new(0.05, null, null), null),
            Data = new() { Rows = 5, Interactions = 4, Users = 2, Items = 3, Duplicates = 0.2, BadRows = 0, FirstTimestamp = 1,
                LastTimestamp = 2, NewUsers = 0.5 },
            Seconds = new() { ["model"] = 1.5 },
            BestEpoch = 7,
        };
        RunHistory.Append(nights, record);
        NightRecord read = Assert.Single(Read().Records);
        Assert.Equal(record with { Seconds = read.Seconds }, read);
        Assert.Equal(record.Seconds, read.Seconds);
        Assert.Contains("\"production\":\"2026-11-24\"", File.ReadAllText(nights.HistoryPath), StringComparison.Ordinal);
    }

    [Fact]
    public void ThereIsNoHistoryAtTheStart() => Assert.Empty(Read().Records);

    [Fact]
    public void CutShortAnywhereTheLinesBeforeAreReadAndTheNextIsWhole()
    {
        RunHistory.Append(nights, Record("2026-11-22", "2026-11-22"));
        RunHistory.Append(nights, Record("2026-11-23", "2026-11-23"));
        byte[] whole = File.ReadAllBytes(nights.HistoryPath);
        int first = Array.IndexOf(whole, (byte)'\n') + 1;
        for (int length = first; length < whole.Length; length++)
        {
            File.WriteAllBytes(nights.HistoryPath, whole[..length]);
            Assert.Equal(["2026-11-22"], Read().Nights.Select(night => night.Night));
            RunHistory.Append(nights, Record("2026-11-24", "2026-11-24"));
            Assert.Equal((2, 0), (Read().Records.Count, Read().Unreadable));
        }
    }

    [Fact]
    public void ALineThatIsDamagedIsCountedAndPassedOver()
    {
        RunHistory.Append(nights, Record("2026-11-22", "2026-11-22"));
        File.AppendAllText(nights.HistoryPath, "\0\0\0\n{\"night\":\n");
        RunHistory.Append(nights, Record("2026-11-23", "2026-11-23"));
        Assert.Equal((2, 2), (Read().Records.Count, Read().Unreadable));
    }

    [Fact]
    public void ANightThatWasTriedAgainHasItsLastLine()
    {
        RunHistory.Append(nights, Record("2026-11-22", null, NightOutcome.Failed));
        RunHistory.Append(nights, Record("2026-11-23", "2026-11-23"));
        RunHistory.Append(nights, Record("2026-11-22", "2026-11-22"));
        Assert.Equal([("2026-11-23", NightOutcome.Production), ("2026-11-22", NightOutcome.Production)],
            Read().Nights.Select(night => (night.Night, night.Outcome)));
    }

    [Fact]
    public void BeforeANightIsWhatItTookOverFromWhateverWasRolledBackMeanwhile()
    {
        Put("A", "B", "C");
        Put(NightEvent.Rollback, "B");
        Put("D");
        RunHistory history = Read();
        Assert.Equal(["B", "B", "A", null], new[] { "D", "C", "B", "A" }.Select(history.ProductionBefore));
        Assert.True(history.WasInProduction("C"));
        Assert.False(history.WasInProduction("E"));
    }

    [Fact]
    public void ARefusedNightChangesNothing()
    {
        Put("A");
        RunHistory.Append(nights, Record("B", "A", NightOutcome.Refused));
        Put("C");
        Assert.Equal("A", Read().ProductionBefore("C"));
        Assert.False(Read().WasInProduction("B"));
    }

    [Fact]
    public void TheLastRunIsNoChangeByHand()
    {
        Put("A");
        RunHistory.Append(nights, Record("B", "A", NightOutcome.Refused));
        Put(NightEvent.Rollback, "A");
        Assert.Equal("B", Read().LastRun?.Night);
        RunHistory.Append(nights, Record("A", "A") with { Event = NightEvent.PassedOver });
        Assert.Equal((NightEvent.PassedOver, "B"), (Read().LastRun?.Event, Read().Nights[^1].Night));
    }

    [Fact]
    public void WhatANightWasIsToldWhenItFirstServed()
    {
        RunHistory.Append(nights, Record("A", null, NightOutcome.Refused));
        RunHistory.Append(nights, Record("A", "A") with { Event = NightEvent.Promotion, Artifacts = new() { ["model"] = "abc" }, Reason = "first" });
        RunHistory.Append(nights, Record("A", "A") with { Event = NightEvent.Rollback, Artifacts = new() { ["model"] = "def" }, Reason = "second" });
        Assert.Equal(("first", "abc"), (Read().AsServed("A")?.Reason, Read().AsServed("A")?.Artifacts!["model"]));
        Assert.Null(Read().AsServed("B"));
    }

    private RunHistory Read() => RunHistory.Read(nights);

    private void Put(params string[] names)
    {
        bool back = names[0] == NightEvent.Rollback;
        foreach (string name in back ? names[1..] : names)
        {
            RunHistory.Append(nights, Record(name, name) with { Event = back ? NightEvent.Rollback : NightEvent.Night });
        }
    }

    private static NightRecord Record(string night, string? production, string outcome = NightOutcome.Production) =>
        new()
        {
            Night = night,
            Started = DateTimeOffset.UnixEpoch,
            Ended = DateTimeOffset.UnixEpoch.AddHours(1),
            Outcome = outcome,
            Reason = "it's good",
            Production = production,
        };
}
