using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

public sealed class NightChoiceTests : IDisposable
{
    private static readonly DateOnly Today = new(2026, 11, 24);
    private readonly TemporaryFolder folder = new();
    private readonly RunNights nights;

    public NightChoiceTests() => nights = new RunNights(folder.Path);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheFirstNightIsToday() => Assert.Equal(new("2026-11-24", false), Choose("x"));

    [Fact]
    public void ANightMayBeNamed() => Assert.Equal(new("2020-01-02-3", false), Choose("x", "2020-01-02-3"));

    [Theory]
    [InlineData(null)]
    [InlineData(NightOutcome.Failed)]
    [InlineData(NightOutcome.Interrupted)]
    public void WhatBeganBeforeMidnightAndEndedEarlyIsGoneOnWith(string? outcome)
    {
        Make("2026-11-23", "x", outcome);
        Assert.Equal(new("2026-11-23", false), Choose("x"));
        Assert.Equal(new("2026-11-24", false), Choose("y")); // with another log it is another night
    }

    [Theory]
    [InlineData(NightOutcome.Refused)]
    [InlineData(NightOutcome.Stopped)]
    [InlineData(NightOutcome.Abandoned)]
    public void WhatEndedYesterdayStaysEnded(string outcome)
    {
        Make("2026-11-23", "x", outcome);
        Assert.Equal(new("2026-11-24", false), Choose("x"));
    }

    [Theory]
    [InlineData(null, "2026-11-24")] // killed: its stale stages are made again
    [InlineData(NightOutcome.Stopped, "2026-11-24-2")]
    [InlineData(NightOutcome.Refused, "2026-11-24-2")]
    [InlineData(NightOutcome.Failed, "2026-11-24-2")]
    [InlineData(NightOutcome.Production, "2026-11-24-2")]
    public void OtherInputOnTheSameDateIsASecondNight(string? outcome, string name)
    {
        Make("2026-11-24", "x", outcome);
        Assert.Equal(new(name, false), Choose("y"));
    }

    [Theory]
    [InlineData(NightOutcome.Stopped)]
    [InlineData(NightOutcome.Refused)]
    [InlineData(NightOutcome.Failed)]
    public void TheSameAgainOnTheSameDateIsTheSameNight(string outcome)
    {
        Make("2026-11-24", "x", outcome);
        Assert.Equal(new("2026-11-24", false), Choose("x"));
    }

    [Fact]
    public void ANightThatWasInProductionIsNeverWrittenAgain()
    {
        Make("2026-11-24", "x", NightOutcome.Production); // its stages are not whole here, so it is no night to pass over
        Assert.Equal(new("2026-11-24-2", false), Choose("x"));
        nights.Remove("2026-11-24");
        Assert.Equal(new("2026-11-24-2", false), Choose("x")); // nor its name used again
    }

    [Fact]
    public void ANightThatIsInProductionThoughItsLineIsMissingIsNotWrittenAgain()
    {
        Make("2026-11-24", "x", null);
        nights.PutInProduction("2026-11-24");
        Assert.Equal(new("2026-11-24-2", false), Choose("x"));
    }

    private NightChoice Choose(string fingerprint, string night = "") =>
        NightChoice.Of(nights, RunHistory.Read(nights), new NightlyOptions { Night = night }, fingerprint, Today);

    private void Make(string name, string fingerprint, string? outcome)
    {
        new NightState { Night = name, Fingerprint = fingerprint, Started = DateTimeOffset.UnixEpoch }.Write(nights);
        if (outcome is null) return;
        RunHistory.Append(nights, new NightRecord
        {
            Night = name,
            Started = DateTimeOffset.UnixEpoch,
            Ended = DateTimeOffset.UnixEpoch,
            Outcome = outcome,
            Reason = "",
            Production = outcome == NightOutcome.Production ? name : null,
        });
    }
}
