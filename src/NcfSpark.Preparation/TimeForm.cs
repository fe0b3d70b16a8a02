namespace NcfSpark.Preparation;

/// <summary>How the times of a column are written, or what a value looks like that is none; as SQL numbers it.</summary>
internal enum TimeForm
{
    Unreadable = 0,

    /// <summary>No value.</summary>
    Nothing = 1,

    Negative = 2,

    /// <summary>Numbers too small for a time since 1980 in seconds, and for no other form: an order, such as 1, 2, 3.</summary>
    Order = 3,

    /// <summary>Numbers that are times between 1980 and 2040 in no form.</summary>
    Beyond = 4,

    /// <summary>Since 1970-01-01.</summary>
    Days = 5,

    /// <summary>Since 1899-12-30, as spreadsheets count; the fraction is the time of day.</summary>
    ExcelDays = 6,

    /// <summary>20140406, or 20140406184217.</summary>
    YearMonthDay = 7,

    Seconds = 8,
    Milliseconds = 9,
    Microseconds = 10,
    Nanoseconds = 11,

    /// <summary>2014-04-06T18:42:17.728Z, or parts of it.</summary>
    Iso = 12,

    /// <summary>A column of a type that is a time.</summary>
    Typed = 13,
}

/// <summary>What is known of each <see cref="TimeForm"/>.</summary>
internal static class TimeForms
{
    /// <summary>1980-01-01 UTC. Before it there were no logs: an earlier time is mostly a number of something else.</summary>
    public const long FirstSecond = 315_532_800;

    /// <summary>2040-01-01 UTC. A number is recognised as a time by lying between <see cref="FirstSecond"/> and this.</summary>
    public const long LastLikelySecond = 2_208_988_800;

    /// <summary>2100-01-01 UTC. Later times are no interactions that somebody had, but another unit, or rubbish.</summary>
    public const long LastSecond = 4_102_444_800;

    /// <summary>Days from 1899-12-30 to 1970-01-01.</summary>
    public const long ExcelDaysTo1970 = 25_569;

    public const long SecondsADay = 86_400;

    /// <summary>The forms that a column may have, each with the value of Input:TimestampUnit for it, and its name for people.</summary>
    public static readonly (TimeForm Form, TimestampUnit Setting, string Unit)[] Units =
    [
        (TimeForm.Seconds, TimestampUnit.Seconds, "seconds"),
        (TimeForm.Milliseconds, TimestampUnit.Milliseconds, "milliseconds"),
        (TimeForm.Microseconds, TimestampUnit.Microseconds, "microseconds"),
        (TimeForm.Nanoseconds, TimestampUnit.Nanoseconds, "nanoseconds"),
        (TimeForm.Days, TimestampUnit.Days, "days"),
        (TimeForm.ExcelDays, TimestampUnit.ExcelDays, "excel-days"),
        (TimeForm.YearMonthDay, TimestampUnit.Yyyymmdd, "yyyymmdd"),
        (TimeForm.Iso, TimestampUnit.Iso, "iso"),
    ];

    /// <summary>The form that Input:TimestampUnit names; null for Auto.</summary>
    public static TimeForm? Declared(TimestampUnit unit) =>
        unit == TimestampUnit.Auto ? null : Array.Find(Units, known => known.Setting == unit).Form;

    public static string UnitOf(TimeForm form) => Array.Find(Units, pair => pair.Form == form).Unit ?? "seconds";

    /// <summary>How many of its numbers are a second; null for a form that does not count parts of a second.</summary>
    public static long? PerSecond(TimeForm form) => form switch
    {
        TimeForm.Seconds or TimeForm.Order => 1,
        TimeForm.Milliseconds => 1000,
        TimeForm.Microseconds => 1_000_000,
        TimeForm.Nanoseconds => 1_000_000_000,
        _ => null,
    };

    /// <summary>Values of the form, to be read after "12 rows hold".</summary>
    public static string Plural(TimeForm form) => form switch
    {
        TimeForm.Nothing => "no value",
        TimeForm.Negative => "negative numbers",
        TimeForm.Order => "numbers that are too small for a time",
        TimeForm.Beyond => "numbers that are times in no unit",
        TimeForm.Days => "days since 1970",
        TimeForm.ExcelDays => "days since 1899-12-30, as spreadsheets count",
        TimeForm.YearMonthDay => "dates as yyyymmdd",
        TimeForm.Iso => "dates and times of ISO 8601",
        TimeForm.Unreadable => "what is no time",
        TimeForm.Typed => "times",
        _ => $"{UnitOf(form)} since 1970",
    };

    /// <summary>A value of the form, to be read after "which is".</summary>
    public static string NoneOf(TimeForm form) => form switch
    {
        TimeForm.YearMonthDay => "no date such as 20140406",
        TimeForm.Iso => "no date or time such as 2014-04-06 or 2014-04-06T18:42:17Z",
        TimeForm.ExcelDays => "no number of days since 1899-12-30",
        TimeForm.Order => "no number",
        _ => $"no number of {UnitOf(form)} since 1970",
    };

    /// <summary>The moment that a number names in a form that counts; null where it is none between 1980 and 2040.</summary>
    public static DateTime? Likely(TimeForm form, double number)
    {
        double seconds = form switch
        {
            TimeForm.Days => number * SecondsADay,
            TimeForm.ExcelDays => (number - ExcelDaysTo1970) * SecondsADay,
            _ => PerSecond(form) is { } ticks ? number / ticks : -1,
        };
        return seconds >= FirstSecond && seconds < LastLikelySecond ? DateTime.UnixEpoch.AddSeconds((long)seconds) : null;
    }
}
