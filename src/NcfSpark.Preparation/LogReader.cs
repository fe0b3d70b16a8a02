using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Reads an <see cref="InteractionLog"/>. What ids and times are is not known before all rows were read: the first rows
/// mostly tell, the log is read by that, and read again only where a row was met that does not fit.
/// </summary>
internal sealed class LogReader(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, IProgressReporter progress)
{
    private const int Shown = 5, FirstRows = 1000;

    private readonly string name = sources[0].Files.Name;
    private readonly SortedDictionary<string, string> notes = new(StringComparer.Ordinal);

    private bool HasTimes => sources[0].Columns.Timestamp is not null;

    public InteractionLog Read()
    {
        // Of the first rows: what are ids, what are times, how fine are they?
        var numbers = new IdTypes(input.IdType == IdType.Text, input.IdType == IdType.Text);
        TimeFormCounts first = HasTimes ? CountForms(FirstRowsOf) : TimeFormCounts.None;
        var times = TimeReader.Begin(input, first);
        (Reading reading, _) = Settle(new Reading(numbers, times), wanted => Tallies($"({Query(FirstRowsOf, wanted)})"));

        (reading, Dictionary<RowProblem, Tally> tallies) = ReadAll(reading);
        if (HasTimes && TimeReader.AreDoubtful(reading.Times, tallies))
        {
            TimeFormCounts counts = CountForms(source => source.View);
            TimeReading better = TimeReader.Decide(input, counts);
            if (better.Form != reading.Times.Form && TimeForms.Declared(input.TimestampUnit) is not null && counts.Most == better.Form)
            {
                throw OtherUnit(reading, counts, tallies);
            }

            if ((better.Form, better.Recognised) != (reading.Times.Form, reading.Times.Recognised))
            {
                (reading, tallies) = ReadAll(reading with { Times = better });
            }

            first = counts;
        }

        long Of(RowProblem problem) => tallies.GetValueOrDefault(problem)?.Rows ?? 0;
        long rows = tallies.Values.Sum(tally => tally.Rows) + Rejected(), usable = Of(RowProblem.None);
        long bad = rows - usable - Of(RowProblem.BelowMinRating) - Of(RowProblem.OtherEvent);
        if (rows == 0)
        {
            throw new InvalidInputException($"{name} has {(sources[0].Csv is { Header: true } ? "a line of names and " : "")}no rows. "
                + $"Check what wrote it, or name another file in {sources[0].Files.Setting}.");
        }

        bool refused = bad > input.MaxBadRows || usable == 0;
        if (sources[0].Columns.Event is { } events && (!refused || usable == 0)) NoteEvents(events, Of(RowProblem.OtherEvent));
        IReadOnlyList<BadRow> badRows = bad > 0 ? BadRowsOf(reading, refused ? Shown : long.MaxValue) : [];
        if (refused)
        {
            var kinds = new RowKinds(input, sources[0], tallies, RejectedByReason());
            string what = usable == 0
                ? $"none of {rows:N0} rows can be used: {kinds}."
                : $"{bad:N0} of {rows:N0} rows cannot be used, and Input:MaxBadRows allows {input.MaxBadRows:N0}.";
            string shown = string.Concat(badRows.Select(row => $"\n  {row}")) + (bad > badRows.Count ? "\n  …" : "");
            string cure = new BadRowsCure(engine, input, sources, reading.Times, kinds, bad, rows)
                .Text(() => CountForms(source => source.View), notes.GetValueOrDefault("events"));
            throw new InvalidInputException($"{name}: {what}{shown}{(shown.Length > 0 ? "\n" : " ")}{cure}");
        }

        if (bad > 0) progress.Line($"{bad:N0} bad rows of {rows:N0} are kept aside in bad_rows.csv{(badRows.Count > 0 ? $"; the first: {badRows[0]}" : "")}.");
        (long earliest, long latest) = (tallies[RowProblem.None].Earliest!.Value, tallies[RowProblem.None].Latest!.Value);
        if (reading.Ids.UserIsText != numbers.UserIsText) NoteTexts("users", "Users", RowProblem.UserIsText, sources[0].Columns.User, reading);
        if (reading.Ids.ItemIsText != numbers.ItemIsText) NoteTexts("items", "Items", RowProblem.ItemIsText, sources[0].Columns.Item, reading);
        NoteTimes(reading.Times, first, earliest, latest, usable);
        // A moment and the two bits of its part are packed into one number.
        if (latest - earliest >= 1L << 61)
        {
            throw new InvalidInputException($"{name}: times in nanoseconds span more than 73 years ({earliest} to {latest}), which is more than 64 bits hold. "
                + $"Give column {sources[0].Columns.Timestamp!.Name} fewer decimals.");
        }

        return new InteractionLog(reading.Ids, reading.Times.TicksPerSecond, earliest, latest, rows, Of(RowProblem.BelowMinRating),
            Of(RowProblem.OtherEvent), bad, badRows, notes)
        {
            Clock = !HasTimes ? LogClock.None : reading.Times.Form == TimeForm.Order ? LogClock.Order : LogClock.Dates,
        };
    }

    private (Reading Reading, Dictionary<RowProblem, Tally> Tallies) ReadAll(Reading reading)
    {
        if (ReadPlainly(reading) is { } plain) return (reading, plain);
        return Settle(reading, wanted =>
        {
            engine.Materialize(InteractionLog.Table, Query(source => source.View, wanted));
            return Tallies(InteractionLog.Table);
        });
    }

    // The quicker reading is for logs without fault. Where it meets anything else, all is read again: one reader says what is wrong, in one way.
    private Dictionary<RowProblem, Tally>? ReadPlainly(Reading reading)
    {
        if (reading.Ids.UserIsText || reading.Ids.ItemIsText || sources.Any(source => source.Plain is null)) return null;
        engine.Materialize(InteractionLog.Table, Query(source => source.Plain!.View, reading));
        Dictionary<RowProblem, Tally> tallies = Tallies(InteractionLog.Table);
        long names = tallies.Remove(RowProblem.LineOfNames, out Tally? found) ? found.Rows : 0;
        bool faultless = names == sources.Sum(source => source.Plain!.LinesOfNames)
            && tallies.Keys.All(problem => problem is RowProblem.None or RowProblem.BelowMinRating or RowProblem.OtherEvent);
        return faultless ? tallies : null;
    }

    private (Reading Reading, Dictionary<RowProblem, Tally> Tallies) Settle(Reading reading, Func<Reading, Dictionary<RowProblem, Tally>> read)
    {
        while (true)
        {
            Dictionary<RowProblem, Tally> tallies = read(reading);
            bool settlesIds = input.IdType == IdType.Auto;
            IdTypes ids = new(reading.Ids.UserIsText || (settlesIds && tallies.ContainsKey(RowProblem.UserIsText)),
                reading.Ids.ItemIsText || (settlesIds && tallies.ContainsKey(RowProblem.ItemIsText)));
            var found = new Reading(ids, reading.Times with { TicksPerSecond = TimeReader.TicksFor(reading.Times, tallies) });
            if (found == reading) return (reading, tallies);
            reading = found;
        }
    }

    private static string FirstRowsOf(InputSource source) => $"(SELECT * FROM {source.View} LIMIT {FirstRows})";

    private string Query(Func<InputSource, string> rows, Reading reading) =>
        string.Join(" UNION ALL ", sources.Select((source, index) =>
            $"SELECT user_id, item_id, moment{(input.IsWeighted ? ", weight" : "")}"
            + $"{(sources.Count > 1 ? $", CAST({index} AS INT) AS held_out" : "")}, CAST(problem AS INT) AS problem "
            + $"FROM ({SqlOf(source).Query(rows(source), reading.Ids, reading.Times)})"));

    private LogSql SqlOf(InputSource source) => new(engine.Dialect, input, source.Columns, source.Csv is not null);

    private Dictionary<RowProblem, Tally> Tallies(string log) =>
        engine.Query($"SELECT problem, count(*), min(moment), max(moment) FROM {log} GROUP BY problem")
            .ToDictionary(row => (RowProblem)(long)row[0]!, row => new Tally((long)row[1]!, (long?)row[2], (long?)row[3]));

    private TimeFormCounts CountForms(Func<InputSource, string> rows) =>
        new(engine.Query("SELECT form, CAST(sum(counted) AS BIGINT) "
            + $"FROM ({string.Join(" UNION ALL ", sources.Select(source => SqlOf(source).TimeFormsQuery(rows(source))))}) GROUP BY form")
        .ToDictionary(row => (TimeForm)(long)row[0]!, row => (long)row[1]!));

    private IReadOnlyList<BadRow> BadRowsOf(Reading reading, long limit) =>
        [.. sources.SelectMany(source => Preparation.BadRows.Find(engine, input, source, reading.Ids, reading.Times, limit))
            .Take((int)Math.Min(limit, Array.MaxLength))];

    // Most are of another form than the one that was declared: a limit of bad rows alone is no cure.
    private InvalidInputException OtherUnit(Reading reading, TimeFormCounts counts, Dictionary<RowProblem, Tally> tallies)
    {
        // By the declared unit, held to be recognised, the first row that is out of its years.
        List<BadRow> first = Preparation.BadRows.Find(engine, input, sources[0], reading.Ids, reading.Times with { Recognised = true }, 1);
        string where = first.Count > 0 ? $"{first[0]}" : $"{name}, column {sources[0].Columns.Timestamp!.Name}", unit = TimeForms.UnitOf(counts.Most);
        if (counts[counts.Most] == counts.Readable)
        {
            return new($"{where}. These look like {TimeForms.Plural(counts.Most)} ({counts}): set Input:TimestampUnit to \"{unit}\".");
        }

        RowProblem[] ofTimes = [RowProblem.NoTimestamp, RowProblem.TimestampIsNoNumber, RowProblem.TimestampIsNegative, RowProblem.TimestampIsTooLate];
        RowProblem[] notBad = [RowProblem.None, RowProblem.BelowMinRating, RowProblem.OtherEvent];
        long others = counts.All - counts[counts.Most]
            + tallies.Where(pair => !ofTimes.Contains(pair.Key) && !notBad.Contains(pair.Key)).Sum(pair => pair.Value.Rows) + Rejected();
        return new($"{where}. The column mixes forms: {counts}. Write all in one way; "
            + $"or set Input:TimestampUnit to \"{unit}\" and Input:MaxBadRows to {others} to go on without the others (kept aside in bad_rows.csv).");
    }

    // Lines that an engine leaves out of the rows.
    private long Rejected() => engine.RejectedLinesAreRows ? 0 : RejectedByReason().Sum(pair => pair.Value);

    private Dictionary<string, long> RejectedByReason() =>
        sources.Where(source => source.Csv is not null)
            .SelectMany(source => engine.Query(source.IsCopy
                ? CsvCopy.CountReasons(engine.Dialect, $"{source.View}_rejected")
                : $"SELECT coalesce(reason, ''), count(*) FROM {source.View}_rejected GROUP BY 1"))
            .GroupBy(row => (string)row[0]!).ToDictionary(reason => reason.Key, reason => reason.Sum(row => (long)row[1]!));

    private void NoteTexts(string key, string whose, RowProblem text, InputColumn column, Reading reading)
    {
        string example = Preparation.BadRows.FirstText(engine, input, sources, text, reading) is { } row ? $", such as {row}" : "";
        Note(key, $"{whose}' ids are texts: not every {column.Name} is a plain whole number{example}. They are kept letter by letter; "
            + "Input:IdType \"number\" makes such rows bad ones");
    }

    private void NoteTimes(TimeReading times, TimeFormCounts counts, long earliest, long latest, long usable)
    {
        if (sources[0].Columns.Timestamp is not { } column)
        {
            Note("times", "There are no times (Input:TimestampColumn is \"\"): what is held out is chosen by a hash of user and item, not by what came last, "
                + "and every timestamp is 0");
            return;
        }

        string Day(long moment) => $"{DateTime.UnixEpoch.AddSeconds(moment / times.TicksPerSecond):yyyy-MM-dd}";
        if (earliest == latest && usable > 1)
        {
            string at = times.Form == TimeForm.Order ? $"{earliest}" : $"{DateTime.UnixEpoch.AddSeconds(earliest / times.TicksPerSecond):yyyy-MM-dd HH:mm:ss}";
            throw new InvalidInputException($"{name}: column {column.Name} holds one and the same time in all {usable:N0} rows ({at}), "
                + "so nothing tells what came last. Name another column in Input:TimestampColumn, or set it to \"\" to choose what is held out by a hash.");
        }

        if (times.Form == TimeForm.Order)
        {
            Note("times", $"Column {column.Name} holds numbers from {earliest / (double)times.TicksPerSecond:0.###} to "
                + $"{latest / (double)times.TicksPerSecond:0.###}, which are times of our years in no unit: they are used as an order. "
                + "If they count something since 1970, name it in Input:TimestampUnit");
        }
        else if (times.Recognised && times.Form is not (TimeForm.Seconds or TimeForm.Typed))
        {
            Note("times", $"Column {column.Name} is read as {TimeForms.Plural(times.Form)}: "
                + $"so read, its times lie between {Day(earliest)} and {Day(latest)} (Input:TimestampUnit \"{TimeForms.UnitOf(times.Form)}\")");
        }
        else if (!times.Recognised && times.Form is not TimeForm.Typed && earliest < TimeForms.FirstSecond * times.TicksPerSecond
            && latest >= TimeForms.FirstSecond * times.TicksPerSecond)
        {
            Note("times",
                $"Column {column.Name} has times before 1980 beside later ones, the earliest {Day(earliest)} ({counts}): they are used as they stand");
        }
    }

    private void NoteEvents(InputColumn column, long left)
    {
        const int Most = 20;
        string union = string.Join(" UNION ALL ",
            sources.Select(source => $"SELECT {engine.Dialect.Trimmed($"CAST({source.Columns.Event!.Sql} AS STRING)")} AS event "
                + $"FROM {source.View}{(source.Csv is null ? "" : " WHERE ncf_fits")}"));
        var found = engine.Query($"SELECT coalesce(event, ''), count(*) AS counted, count(*) OVER () AS kinds FROM ({union}) GROUP BY event "
            + $"ORDER BY counted DESC, 1 LIMIT {Most + input.EventWeights.Count}")
            .Select(row => (Event: (string)row[0]!, Rows: (long)row[1]!, Kinds: (long)row[2]!)).ToList();
        string Shown(string type) => type.Length == 0 ? "(none)" : ShownText.Of(type);
        string List(IEnumerable<(string Event, long Rows, long Kinds)> some) =>
            string.Join(", ", some.Take(Most).Select(one => $"{Shown(one.Event)} {one.Rows:N0}"));
        string more = found.Count > 0 && found[0].Kinds > Most ? $" and {found[0].Kinds - Most:N0} more" : "";
        if (input.EventWeights.Count == 0)
        {
            Note("events", $"All types of column {column.Name} count: {List(found)}{more}. To choose, name them in Input:EventWeights");
            return;
        }

        HashSet<string> named = [.. input.EventWeights.Keys];
        string absent = string.Join(", ", named.Where(type => found.TrueForAll(one => one.Event != type)).Order(StringComparer.Ordinal).Select(Shown));
        string others = List(found.Where(one => !named.Contains(one.Event)));
        string leftOut = others.Length > 0 ? $"; left out are {left:N0} rows: {others}{more}" : "";
        string neverMet = absent.Length > 0 ? $"; named in Input:EventWeights, but never met: {absent}" : "";
        Note("events", $"Of column {column.Name} count {List(found.Where(one => named.Contains(one.Event)))}{leftOut}{neverMet}");
    }

    private void Note(string key, string sentence)
    {
        notes[key] = $"{sentence}.";
        progress.Line(notes[key]);
    }
}

/// <summary>What ids and times are read as.</summary>
internal sealed record Reading(IdTypes Ids, TimeReading Times);

/// <summary>Rows of one <see cref="RowProblem"/>, with their least and greatest moment.</summary>
internal sealed record Tally(long Rows, long? Earliest, long? Latest);
