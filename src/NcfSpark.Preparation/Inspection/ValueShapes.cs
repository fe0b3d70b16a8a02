using System.Globalization;
using System.Text.RegularExpressions;

namespace NcfSpark.Preparation;

/// <summary>What values look like, one by one or as a column.</summary>
internal static partial class ValueShapes
{
    private const double Most = 0.95; // of the values that are there: a few may be faults

    public static bool IsNumberOrTime(string value) => IsNumber(value) || IsIsoTime(value);

    public static bool IsNumber(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number);

    public static bool IsIsoTime(string value) => Iso().IsMatch(value.Trim());

    /// <summary>The form in which a column holds times; null where it holds none.</summary>
    public static TimeForm? TimesOf(SampledColumn column)
    {
        if (column.Type is { } type && (type.StartsWith("TIMESTAMP", StringComparison.Ordinal) || type == "DATE")) return TimeForm.Typed;
        string[] values = [.. column.Values.Where(value => value.Length > 0)];
        if (values.Length == 0) return null;
        bool Are(Func<string, bool> test) => values.Count(test) >= Most * values.Length;
        if (Are(IsIsoTime)) return TimeForm.Iso;
        if (Are(value => YearMonthDay().IsMatch(value))) return TimeForm.YearMonthDay;
        TimeForm[] counted = [TimeForm.Seconds, TimeForm.Milliseconds, TimeForm.Microseconds, TimeForm.Nanoseconds];
        TimeForm? form = Array.Find(counted,
            form => Are(value => IsNumber(value) && TimeForms.Likely(form, double.Parse(value, CultureInfo.InvariantCulture)) is not null));
        return form is TimeForm.Unreadable ? null : form;
    }

    /// <summary>Whether a column holds few different numbers between 0 and 10, as ratings are.</summary>
    public static bool AreRatings(SampledColumn column)
    {
        string[] values = [.. column.Values.Where(value => value.Length > 0)];
        return values.Length > 0
            && values.Distinct().Count() <= 21
            && values.All(value => IsNumber(value) && double.Parse(value, CultureInfo.InvariantCulture) is >= 0 and <= 10);
    }

    /// <summary>Whether it may be a column of ids.</summary>
    /// <param name="named">Whether its name says that it is one: then 3.0 is an id, as programs write whole numbers beside missing ones.</param>
    public static bool AreIds(SampledColumn column, bool named = false) => WhyNoIds(column, named) is null;

    /// <summary>Why a column is none of ids, as what follows its name: ids fill it, with more than one value, and no fractions. Null: it may be one.</summary>
    public static string? WhyNoIds(SampledColumn column, bool named)
    {
        string[] values = [.. column.Values.Where(value => value.Length > 0)];
        (int rows, int empty) = (column.Values.Count, column.Values.Count - values.Length);
        if (values.Length < Most * rows) return $"is empty in {empty:N0} of the first {rows:N0} rows";
        if (values.Distinct().Count() < Math.Min(2, rows)) return $"holds one and the same value in the first {rows:N0} rows";
        if (column.Type is "BOOLEAN" or "DATE") return $"is of type {column.Type}";
        bool areFractions = named
            ? values.All(value => IsNumber(value) && double.Parse(value, CultureInfo.InvariantCulture) % 1 != 0)
            : column.Type is "FLOAT" or "DOUBLE" || values.All(value => IsNumber(value) && value.Contains('.', StringComparison.Ordinal));
        return areFractions ? "holds fractions" : null;
    }

    [GeneratedRegex($"^({TimeSql.IsoPattern})$")]
    private static partial Regex Iso();

    [GeneratedRegex($"^({TimeSql.DayPattern})$")]
    private static partial Regex YearMonthDay();
}
