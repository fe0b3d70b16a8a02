using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

public sealed class NightZoneTests
{
    [Theory]
    [InlineData("UTC", "2026-11-24")]
    [InlineData("Europe/Berlin", "2026-11-25")]
    [InlineData("Pacific/Kiritimati", "2026-11-25")]
    [InlineData("America/New_York", "2026-11-24")]
    public void ANightIsNamedForTheDateThere(string zone, string date) =>
        Assert.Equal(DateOnly.ParseExact(date, "yyyy-MM-dd"),
            NightZone.DateOf(new DateTimeOffset(2026, 11, 24, 23, 30, 0, TimeSpan.Zero), NightZone.Of(zone, TimeProvider.System)));

    [Fact]
    public void WithoutANameItIsTheMachines() => Assert.Equal(TimeSpan.FromHours(5), NightZone.Of("", new MachineElsewhere()).BaseUtcOffset);

    [Theory]
    [InlineData("Europe/Berlin", "2026-11-24", "2026-11-24T23:00:00Z")]
    [InlineData("Europe/Berlin", "2026-07-24", "2026-07-24T22:00:00Z")]
    [InlineData("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z")] // clocks jumped over that midnight
    public void ANightEndsAtMidnightThere(string zone, string night, string end) =>
        Assert.Equal(DateTimeOffset.Parse(end), NightZone.EndOf(night, NightZone.Of(zone, TimeProvider.System)));

    [Theory]
    [InlineData("Europe/Berln", "did you mean Europe/Berlin?")]
    [InlineData("the office", "give an IANA name")]
    public void AnUnknownZoneIsRefusedWithTheNearest(string name, string says) => Assert.Contains(says, NightZone.WhyUnknown(name), StringComparison.Ordinal);

    [Property]
    public Property EveryMomentLiesBeforeTheEndOfItsNightAndAtMostADayAndAnHourBefore() => Prop.ForAll(
        Gen.Elements(new[] { "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Kiritimati" })
            .Zip(Gen.Choose(1_420_070_400, 2_051_222_400)).ToArbitrary(),
        drawn =>
        {
            (string name, int seconds) = drawn;
            (TimeZoneInfo zone, DateTimeOffset moment) = (NightZone.Of(name, TimeProvider.System), DateTimeOffset.FromUnixTimeSeconds(seconds));
            TimeSpan left = NightZone.EndOf(RunNights.NameOf(NightZone.DateOf(moment, zone), 1), zone) - moment;
            return left > TimeSpan.Zero && left <= TimeSpan.FromHours(25);
        });

    private sealed class MachineElsewhere : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("there", TimeSpan.FromHours(5), "there", "there");
    }
}
