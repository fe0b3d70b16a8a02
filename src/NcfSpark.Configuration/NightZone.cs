using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>The time zone in which nights have their dates (Nightly:TimeZone).</summary>
public static class NightZone
{
    /// <param name="name">Its IANA name; "" for the machine's.</param>
    public static TimeZoneInfo Of(string name, TimeProvider time) => name.Length == 0 ? time.LocalTimeZone : TimeZoneInfo.FindSystemTimeZoneById(name);

    /// <summary>The date there.</summary>
    public static DateOnly DateOf(DateTimeOffset moment, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, zone).DateTime);

    /// <summary>The midnight there that ends a night's date.</summary>
    public static DateTimeOffset EndOf(string night, TimeZoneInfo zone)
    {
        DateTime midnight = RunNights.DateOf(night).AddDays(1).ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)); // where clocks jump over it, by the offset before
    }

    /// <summary>What is wrong with a zone's name; null where nothing is.</summary>
    public static string? WhyUnknown(string name)
    {
        if (name.Length == 0 || TimeZoneInfo.TryFindSystemTimeZoneById(name, out _)) return null;
        string[] known = [.. TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id)];
        return known.Length < 10
            ? $"is \"{name}\", and this machine has no time zones in /usr/share/zoneinfo: install the package tzdata, or set it to \"\" for the machine's own"
            : $"is \"{name}\", which is no time zone; "
                + $"{(NearestName.Of(name, known) is { } meant ? $"did you mean {meant}?" : "give an IANA name such as Europe/Berlin or America/New_York")}";
    }
}
