using System.Globalization;

namespace NcfSpark.Preparation.Tests;

/// <summary>Nanoseconds since 1970 as people write them.</summary>
internal static class TimeTexts
{
    private const long Second = 1_000_000_000;

    /// <summary>Every form that can say times with so many decimals of a second; some differ from row to row.</summary>
    public static IEnumerable<(string Form, Func<long, int, string> Written)> Of(int digits)
    {
        foreach ((string unit, long nanoseconds) in new[] { ("seconds", Second), ("milliseconds", 1_000_000), ("microseconds", 1000), ("nanoseconds", 1L) })
        {
            yield return (unit, (time, _) => Number(time, nanoseconds));
        }

        yield return ("iso, Z", (time, _) => $"{Clock(time, 0, 'T', digits)}Z");
        yield return ("iso, zones", (time, row) =>
        {
            int minutes = ((row * 7 % 27) - 12) * 60 + (row % 2 * 30);
            string zone = $"{(minutes < 0 ? '-' : '+')}{Math.Abs(minutes) / 60:00}{(row % 3 == 0 ? "" : ":")}{Math.Abs(minutes) % 60:00}";
            return $"{Clock(time, minutes, row % 2 == 0 ? 'T' : ' ', digits)}{zone}";
        });
        yield return ("iso, no zone", (
            time, row) => (row % 2 == 0 ? Clock(time, 0, ' ', digits) : Clock(time, 0, ' ', digits).Replace('-', '/')) + (row % 5 == 0 ? " UTC" : ""));
        if (digits == 0) yield return ("yyyymmddhhmmss", (time, _) => At(time, 0).ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture));
    }

    private static DateTime At(long time, int minutes) => DateTime.UnixEpoch.AddSeconds(time / Second).AddMinutes(minutes);

    private static string Clock(long time, int minutes, char between, int digits) =>
        At(time, minutes).ToString($"yyyy-MM-dd'{between}'HH:mm:ss", CultureInfo.InvariantCulture)
            + (digits == 0 ? "" : $".{(time % Second).ToString("D9", CultureInfo.InvariantCulture)[..digits]}");

    private static string Number(long time, long unit) => time % unit == 0
        ? $"{time / unit}"
        : $"{time / unit}.{(time % unit).ToString($"D{unit.ToString(CultureInfo.InvariantCulture).Length - 1}", CultureInfo.InvariantCulture)}";
}
