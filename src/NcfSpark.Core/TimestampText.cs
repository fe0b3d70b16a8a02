using System.Globalization;

namespace NcfSpark.Core;

/// <summary>A time as people and files write it. Examples: "2024", "2024-05-31", "2024-05-31 06:00", "2024-05-31T06:00:00+02:00", "1717113600".</summary>
public static class TimestampText
{
    /// <summary>What a setting should be, to be read after "is X,".</summary>
    public const string Cure = "which is no time: give a date such as 2026-11-23, a time such as 2026-11-23T06:00:00Z, or whole seconds since 1970";

    private const long Latest = 253_402_300_799; // the last second of the year 9999; what is greater counts milliseconds or less

    /// <summary>
    /// Seconds since 1970-01-01 UTC; null where it is no time. Four digits are a year, eight a day such as 20240531;
    /// UTC where no offset is given.
    /// </summary>
    public static long? Parse(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            if (text.Length == 4 && number > 0) return new DateTimeOffset((int)number, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
            if (text.Length == 8
                && DateTimeOffset.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset day))
            {
                return day.ToUnixTimeSeconds();
            }

            return Math.Abs(number) <= Latest ? number : null;
        }

        return text.Length >= 8 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToUnixTimeSeconds()
            : null;
    }
}
