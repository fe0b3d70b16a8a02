using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Expressions for the times of a column. A value is first nanoseconds since 1970 (BIGINT) and then a moment, which
/// counts what a <see cref="TimeReading"/> says; of plain whole numbers, which most logs have, the moment is read at
/// once. A text has no blanks around it. What lies before 1970 is -1 second, what lies after 2100 the second after it,
/// so that nothing overflows.
/// </summary>
/// <remarks>
/// Example, milliseconds with 1000 ticks a second: '1700000000123' is its own moment; '1700000000123.5' is
/// 1700000000123500000 nanoseconds, which no moment of 1000 ticks is.
/// </remarks>
internal sealed class TimeSql(SqlDialect dialect, InputColumn column, TimeForm form, char decimalMark)
{
    private const long Nanos = 1_000_000_000;
    private const long Before = -Nanos, After = (TimeForms.LastSecond + 1) * Nanos;

    private readonly TimeForm form = column.Kind == SqlColumnKind.Timestamp ? TimeForm.Typed : form;

    /// <summary>A text that is a number, with a point for its decimal mark.</summary>
    private string Number => decimalMark == '.' ? column.Sql : $"replace({column.Sql}, '{decimalMark}', '.')";

    /// <summary>The pattern of a number.</summary>
    public static string Decimal(char decimalMark) => $"[+-]?[0-9]+([{decimalMark}][0-9]*)?([eE][+-]?[0-9]+)?";

    /// <summary>The moment of a plain whole number of a unit; NULL of everything else. Cheap.</summary>
    public string PlainMoment(long ticksPerSecond)
    {
        if (TimeForms.PerSecond(form) is not { } unit) return "CAST(NULL AS BIGINT)";
        return column.Kind switch
        {
            SqlColumnKind.WholeNumber => Scaled($"CAST({column.Sql} AS BIGINT)", unit, ticksPerSecond),
            SqlColumnKind.Text => $"CASE WHEN CAST(TRY_CAST({column.Sql} AS BIGINT) AS STRING) = {column.Sql} THEN "
                + $"{Scaled($"TRY_CAST({column.Sql} AS BIGINT)", unit, ticksPerSecond)} END",
            _ => "CAST(NULL AS BIGINT)",
        };
    }

    /// <summary>Nanoseconds since 1970; NULL of a value that is not of the form.</summary>
    public string Nanoseconds() => (form, column.Kind) switch
    {
        (TimeForm.Typed, SqlColumnKind.Timestamp) =>
            Within(dialect.EpochMicroseconds(column.Sql), TimeForms.LastSecond * 1_000_000, dialect.EpochNanoseconds(column.Sql)),
        (TimeForm.Iso, SqlColumnKind.Text) => OfIso(),
        (TimeForm.YearMonthDay, not SqlColumnKind.Timestamp) => OfYearMonthDay(),
        (TimeForm.Days or TimeForm.ExcelDays, not SqlColumnKind.Timestamp) => OfDays(form == TimeForm.ExcelDays ? TimeForms.ExcelDaysTo1970 : 0),
        (_, SqlColumnKind.WholeNumber or SqlColumnKind.Floating or SqlColumnKind.Text) when TimeForms.PerSecond(form) is { } unit => OfUnit(unit),
        _ => "CAST(NULL AS BIGINT)",
    };

    /// <summary>The moment of some nanoseconds; NULL where the ticks are too coarse for it.</summary>
    public string Moment(string nanoseconds, long ticksPerSecond)
    {
        long tick = Nanos / ticksPerSecond;
        if (tick == 1) return nanoseconds;
        return $"CASE WHEN {nanoseconds} < 0 THEN {-ticksPerSecond} WHEN {nanoseconds} % {tick} = 0 THEN {dialect.IntegerQuotient(nanoseconds, $"{tick}")} END";
    }

    /// <summary>What a value looks like, whatever the form that was asked for: a <see cref="TimeForm"/>.</summary>
    public string LooksLike(string isNothing)
    {
        if (column.Kind == SqlColumnKind.Timestamp) return $"CASE WHEN {isNothing} THEN {(int)TimeForm.Nothing} ELSE {(int)TimeForm.Typed} END";
        string number = column.Kind == SqlColumnKind.Text ? $"TRY_CAST({Number} AS DOUBLE)" : $"CAST({column.Sql} AS DOUBLE)";
        string isNumber = column.Kind == SqlColumnKind.Text ? dialect.Matches(column.Sql, Decimal(decimalMark)) : "true";
        string iso = column.Kind == SqlColumnKind.Text
            ? $"WHEN {dialect.Matches(column.Sql, IsoPattern)} AND {IsoDate} IS NOT NULL THEN {(int)TimeForm.Iso}" : "";
        string Range(TimeForm form, double least, double most) =>
            $"WHEN {number} >= CAST('{least:R}' AS DOUBLE) AND {number} < CAST('{most:R}' AS DOUBLE) THEN {(int)form}";
        string OfUnit(TimeForm form) =>
            Range(form, TimeForms.FirstSecond * (double)TimeForms.PerSecond(form)!, TimeForms.LastLikelySecond * (double)TimeForms.PerSecond(form)!);
        string OfDays(TimeForm form, long to1970) =>
            Range(form, to1970 + (TimeForms.FirstSecond / TimeForms.SecondsADay), to1970 + (TimeForms.LastLikelySecond / TimeForms.SecondsADay));
        string digits = column.Kind == SqlColumnKind.Text ? column.Sql : $"CAST(TRY_CAST({number} AS BIGINT) AS STRING)";
        string whole = column.Kind == SqlColumnKind.Floating ? $"floor({number}) = {number} AND " : "";
        return $"""
            CASE WHEN {isNothing} THEN {(int)TimeForm.Nothing}
                {iso}
                WHEN NOT ({isNumber}) THEN {(int)TimeForm.Unreadable}
                WHEN {number} < 0 THEN {(int)TimeForm.Negative}
                WHEN {number} < 1e15 AND {whole}{dialect.Matches(digits, DayPattern)} THEN {(int)TimeForm.YearMonthDay}
                {OfDays(TimeForm.Days, 0)}
                {OfDays(TimeForm.ExcelDays, TimeForms.ExcelDaysTo1970)}
                WHEN {number} < {TimeForms.FirstSecond} THEN {(int)TimeForm.Order}
                {OfUnit(TimeForm.Seconds)}
                {OfUnit(TimeForm.Milliseconds)}
                {OfUnit(TimeForm.Microseconds)}
                {OfUnit(TimeForm.Nanoseconds)}
                ELSE {(int)TimeForm.Beyond} END
            """;
    }

    // 20140406 or 20140406184217, between 1980 and 2039.
    public const string DayPattern = "(19[89]|20[0-3])[0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?";

    // 2014-04-06, 2014/04/06, then T or a blank and 18:42, 18:42:17 or 18:42:17.728, then Z, UTC, GMT, +02, +0200 or +02:00.
    public const string IsoPattern = "[0-9]{4}(-[0-9]{2}-|/[0-9]{2}/)[0-9]{2}([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?( "
        + "?([Zz]|UTC|GMT|[+-](0[0-9]|1[0-8])(:?[0-5][0-9])?))?)?";

    // Whole numbers of a unit as moments, kept within bounds.
    private string Scaled(string number, long unit, long ticksPerSecond)
    {
        if (unit == ticksPerSecond) return number;
        if (unit > ticksPerSecond)
        {
            return $"CASE WHEN {number} < 0 THEN {-ticksPerSecond} "
                + $"WHEN {number} % {unit / ticksPerSecond} = 0 THEN {dialect.IntegerQuotient(number, $"{unit / ticksPerSecond}")} END";
        }

        return $"CASE WHEN {number} < 0 THEN {-ticksPerSecond} "
            + $"WHEN {number} > {TimeForms.LastSecond * unit} THEN {(TimeForms.LastSecond + 1) * ticksPerSecond} ELSE {number} * {ticksPerSecond / unit} END";
    }

    private static string Within(string number, long most, string nanoseconds) =>
        $"CASE WHEN {number} < 0 THEN {Before} WHEN {number} > {most} THEN {After} WHEN {number} IS NOT NULL THEN {nanoseconds} END";

    private string OfUnit(long unit)
    {
        // A DOUBLE of our time is exact to a microsecond; its further digits say nothing.
        string OfDouble(string number) => Within(number, TimeForms.LastSecond * unit,
            unit == Nanos ? $"CAST(floor({number}) AS BIGINT)" : $"CAST(round({number} * {1_000_000 / unit}) AS BIGINT) * 1000");
        switch (column.Kind)
        {
            case SqlColumnKind.WholeNumber: return Within(
                $"CAST({column.Sql} AS BIGINT)", TimeForms.LastSecond * unit, $"CAST({column.Sql} AS BIGINT) * {Nanos / unit}");
            case SqlColumnKind.Floating: return $"CASE WHEN NOT isnan({column.Sql}) THEN {OfDouble(column.Sql)} END";
            default: break;
        }

        int digits = (int)Math.Round(Math.Log10(Nanos / unit)); // after the point, down to nanoseconds
        string whole = $"TRY_CAST(regexp_extract({column.Sql}, '^[+-]?([0-9]+)', 1) AS BIGINT)", fraction = Fraction(digits);
        string nanoseconds = $"{whole} * {Nanos / unit}{(digits > 0 ? $" + {fraction}" : "")}";
        return $$"""
            CASE WHEN {{dialect.Matches(column.Sql, $"[+-]?[0-9]+([{decimalMark}][0-9]*)?")}} THEN
                    CASE WHEN {{column.Sql}} LIKE '-%' THEN {{Before}} WHEN {{whole}} IS NULL THEN {{After}}
                    ELSE {{Within(whole, TimeForms.LastSecond * unit, nanoseconds)}} END
                WHEN {{dialect.Matches(column.Sql, Decimal(decimalMark))}} THEN {{OfDouble($"TRY_CAST({Number} AS DOUBLE)")}} END
            """;
    }

    // So many digits after the decimal mark, as a whole number.
    private string Fraction(int digits) =>
        $"CAST(rpad(substr(regexp_extract({column.Sql}, '[{decimalMark}]([0-9]+)', 1), 1, {digits}), {digits}, '0') AS BIGINT)";

    // To a millisecond: a spreadsheet keeps no more.
    private string OfDays(long to1970)
    {
        string Of(string days, string milliseconds) => Within($"({days} - {to1970})", TimeForms.LastSecond / TimeForms.SecondsADay,
            $"(({days} - {to1970}) * {TimeForms.SecondsADay * 1000} + {milliseconds}) * 1000000");
        switch (column.Kind)
        {
            case SqlColumnKind.WholeNumber: return Of($"CAST({column.Sql} AS BIGINT)", "0");
            case SqlColumnKind.Floating:
                string floor = $"CAST(floor({column.Sql}) AS BIGINT)";
                return $"CASE WHEN abs({column.Sql}) < 1e9 THEN "
                    + $"{Of(floor, $"CAST(round(({column.Sql} - floor({column.Sql})) * {TimeForms.SecondsADay * 1000}) AS BIGINT)")} "
                    + $"WHEN {column.Sql} < 0 THEN {Before} WHEN NOT isnan({column.Sql}) THEN {After} END";
            default:
                string whole = $"TRY_CAST(regexp_extract({column.Sql}, '^[+-]?([0-9]+)', 1) AS BIGINT)";
                string ofDay = dialect.IntegerQuotient($"{Fraction(12)} * 864 + 5000000", "10000000");
                string isPlain = dialect.Matches(column.Sql, $"[+-]?[0-9]+([{decimalMark}][0-9]*)?");
                return $"CASE WHEN {isPlain} THEN CASE WHEN {column.Sql} LIKE '-%' THEN {Before} "
                    + $"WHEN {whole} IS NULL THEN {After} ELSE {Of(whole, ofDay)} END END";
        }
    }

    private string OfYearMonthDay()
    {
        string text = column.Kind switch
        {
            SqlColumnKind.Text => column.Sql,
            SqlColumnKind.Floating => $"CASE WHEN abs({column.Sql}) < 1e15 AND floor({column.Sql}) = {column.Sql} THEN CAST(CAST({column.Sql} AS "
                + "BIGINT) AS STRING) END",
            _ => $"CAST({column.Sql} AS STRING)",
        };
        string Part(int from, int length) => $"substr({text}, {from}, {length})";
        string Number(int from) => $"coalesce(TRY_CAST({Part(from, 2)} AS BIGINT), 0)";
        string seconds = $"{SecondsOf(Date(Part(1, 4), Part(5, 2), Part(7, 2)))} + {Number(9)} * 3600 + {Number(11)} * 60 + {Number(13)}";
        return $"CASE WHEN {dialect.Matches(text, "[0-9]{8}(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?")} THEN "
            + $"{Within($"({seconds})", TimeForms.LastSecond, $"({seconds}) * {Nanos}")} END";
    }

    private string OfIso()
    {
        string Part(int from, int length) => $"substr({column.Sql}, {from}, {length})";
        string Number(string text) => $"coalesce(TRY_CAST({text} AS BIGINT), 0)";
        // After the minutes come seconds, where a colon is; a colon elsewhere is the zone's.
        string time = $"{Number(Part(12, 2))} * 3600 + {Number(Part(15, 2))} * 60 + CASE WHEN {Part(17, 1)} = ':' THEN {Number(Part(18, 2))} ELSE 0 END";
        string offset = $"replace(regexp_extract(substr({column.Sql}, 17), '[+-][0-9:]+', 0), ':', '')";
        string minutes = $"({Number($"substr({offset}, 2, 2)")} * 60 + {Number($"substr({offset}, 4, 2)")})";
        string seconds = $"{SecondsOf(IsoDate)} + {time} - CASE WHEN {offset} LIKE '-%' THEN -60 ELSE 60 END * {minutes}";
        string fraction = $"CAST(rpad(substr(regexp_extract({column.Sql}, '[.,]([0-9]+)', 1), 1, 9), 9, '0') AS BIGINT)";
        return $"CASE WHEN {dialect.Matches(column.Sql, IsoPattern)} THEN "
            + $"{Within($"({seconds})", TimeForms.LastSecond, $"({seconds}) * {Nanos} + {fraction}")} END";
    }

    // Of 2014-04-06…; NULL of 2014-13-06.
    private string IsoDate => Date($"substr({column.Sql}, 1, 4)", $"substr({column.Sql}, 6, 2)", $"substr({column.Sql}, 9, 2)");

    private static string Date(string year, string month, string day) => $"TRY_CAST(concat({year}, '-', {month}, '-', {day}) AS DATE)";

    private string SecondsOf(string date) => dialect.IntegerQuotient(dialect.EpochMicroseconds(date), "1000000");
}
