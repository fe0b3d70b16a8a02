namespace NcfSpark.Preparation;

/// <summary>Of how many rows the time looks like each form.</summary>
internal sealed class TimeFormCounts(IReadOnlyDictionary<TimeForm, long> counts)
{
    private static readonly TimeForm[] Clear = [TimeForm.Seconds, TimeForm.Milliseconds, TimeForm.Microseconds, TimeForm.Nanoseconds,
        TimeForm.Iso, TimeForm.Typed];
    private static readonly TimeForm[] Small = [TimeForm.Order, TimeForm.Days, TimeForm.ExcelDays, TimeForm.YearMonthDay];

    public static readonly TimeFormCounts None = new(new Dictionary<TimeForm, long>());

    public long this[TimeForm form] => counts.GetValueOrDefault(form);

    /// <summary>All rows.</summary>
    public long All => counts.Values.Sum();

    /// <summary>Rows with a value that is some time, or could be.</summary>
    public long Readable => Clear.Concat(Small).Append(TimeForm.Beyond).Sum(form => this[form]);

    /// <summary>Rows of a clear form: one whose numbers are no numbers of another.</summary>
    public long ClearBut(TimeForm form) => Clear.Where(other => other != form).Sum(other => this[other]);

    /// <summary>
    /// The form that the column has, by its rows and not by one of them: a clear one that more than half of them have;
    /// dates and days, which a column of small numbers might hold by chance, where more than nine tenths do; else an
    /// order, if small numbers are the most; else the most frequent of all.
    /// </summary>
    public TimeForm Most
    {
        get
        {
            long all = Readable;
            if (all == 0) return TimeForm.Unreadable;
            TimeForm clear = Clear.MaxBy(form => this[form]), dated = Small[1..].MaxBy(form => this[form]);
            if (this[clear] * 2 > all) return clear;
            if (this[dated] * 10 > all * 9) return dated;
            long small = Small.Sum(form => this[form]);
            if (small == 0) return this[clear] > 0 ? clear : TimeForm.Beyond;
            return small >= ClearBut(TimeForm.Unreadable) ? TimeForm.Order : clear;
        }
    }

    /// <summary>"60 rows hold seconds since 1970, 12 hold milliseconds since 1970".</summary>
    public override string ToString() =>
        string.Join(", ", counts.Where(pair => pair.Value > 0).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key)
            .Select((pair, place) => $"{pair.Value:N0}{(place > 0 ? "" : pair.Value == 1 ? " row" : " rows")} hold{(pair.Value == 1 ? "s" : "")} "
                + $"{TimeForms.Plural(pair.Key)}"));
}

/// <summary>Decides how times are read.</summary>
internal static class TimeReader
{
    /// <summary>By the first rows, or by what was declared.</summary>
    public static TimeReading Begin(InputOptions input, TimeFormCounts first) =>
        TimeForms.Declared(input.TimestampUnit) is { } declared
            ? new TimeReading(declared, 1, Recognised: false)
            : new TimeReading(Usable(first.Most), 1, Recognised: true);

    /// <summary>Whether what all rows hold has to be counted: some are no times of the form, or lie in other years than those of logs.</summary>
    public static bool AreDoubtful(TimeReading reading, IReadOnlyDictionary<RowProblem, Tally> tallies)
    {
        RowProblem[] doubts = [RowProblem.TimestampIsNoNumber, RowProblem.TimestampIsNegative, RowProblem.TimestampIsTooLate,
            RowProblem.TimestampIsOfAnotherForm];
        return doubts.Any(tallies.ContainsKey)
            || (reading is { Recognised: false, Form: not TimeForm.Typed } && tallies.TryGetValue(RowProblem.None, out Tally? usable)
                && usable.Earliest < TimeForms.FirstSecond * reading.TicksPerSecond);
    }

    /// <summary>By all rows. A declared form is held to the years of logs where clear times of another form stand beside it.</summary>
    public static TimeReading Decide(InputOptions input, TimeFormCounts counts)
    {
        TimeForm most = counts.Most;
        if (TimeForms.Declared(input.TimestampUnit) is not { } declared) return new TimeReading(Usable(most), 1, Recognised: true);
        if (most == declared || most is TimeForm.Order or TimeForm.Beyond or TimeForm.Unreadable)
        {
            return new TimeReading(declared, 1, IsContradicted(declared, counts));
        }

        bool majority = counts[most] * 2 > counts.Readable;
        return majority ? new TimeReading(most, 1, Recognised: true) : new TimeReading(declared, 1, IsContradicted(declared, counts));
    }

    /// <summary>The ticks that the finest of the rows ask for.</summary>
    public static long TicksFor(TimeReading reading, IReadOnlyDictionary<RowProblem, Tally> tallies) =>
        tallies.ContainsKey(RowProblem.TimestampHasNanoseconds) ? 1_000_000_000
        : tallies.ContainsKey(RowProblem.TimestampHasMicroseconds) ? Math.Max(1_000_000, reading.TicksPerSecond)
        : tallies.ContainsKey(RowProblem.TimestampHasMilliseconds) ? Math.Max(1000, reading.TicksPerSecond)
        : reading.TicksPerSecond;

    private static bool IsContradicted(TimeForm declared, TimeFormCounts counts)
    {
        long dated = new[] { TimeForm.Days, TimeForm.ExcelDays, TimeForm.YearMonthDay }.Where(form => form != declared).Sum(form => counts[form]);
        return counts[declared] > 0 && (counts.ClearBut(declared) > 0 || dated > counts[TimeForm.Order]);
    }

    private static TimeForm Usable(TimeForm form) => form is TimeForm.Unreadable or TimeForm.Beyond ? TimeForm.Seconds : form;
}

/// <summary>How the times of a log are read.</summary>
/// <param name="TicksPerSecond">What moments count: 1, 1000, 10^6 or 10^9, the coarsest that loses nothing.</param>
/// <param name="Recognised">Whether the form was recognised rather than declared: then a moment that makes it doubtful, one before 1980, is a bad row.</param>
internal sealed record TimeReading(TimeForm Form, long TicksPerSecond, bool Recognised)
{
    /// <summary>The least moment that is none of a bad row.</summary>
    public long Earliest => Recognised && Form is not (TimeForm.Order or TimeForm.Typed) ? TimeForms.FirstSecond * TicksPerSecond : 0;

    /// <summary>The greatest.</summary>
    public long Latest => Recognised && Form == TimeForm.Order ? (TimeForms.FirstSecond * TicksPerSecond) - 1 : TimeForms.LastSecond * TicksPerSecond;
}
