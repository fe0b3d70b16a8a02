using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// The input as a table "log" of its usable rows and the others: (user_id, item_id, moment, problem) and, of a given split, held_out, which is 1 for rows of Input:TestPath; usable rows have problem 0.
/// </summary>
/// <param name="Ids">What ids are.</param>
/// <param name="TicksPerSecond">What moments count.</param>
/// <param name="Earliest">The least moment of a usable row.</param>
/// <param name="Latest">The greatest.</param>
/// <param name="Rows">All rows, the bad ones too.</param>
/// <param name="BelowMinRating">Rows left out for their rating.</param>
/// <param name="BadRows">Rows that cannot be used, at most as many as Input:MaxBadRows.</param>
/// <param name="Bad">Those rows.</param>
internal sealed record InteractionLog(IdTypes Ids, long TicksPerSecond, long Earliest, long Latest, long Rows, long BelowMinRating, long BadRows, IReadOnlyList<BadRow> Bad)
{
    public const string Table = "ncf_log";

    private const int Shown = 5, FirstRows = 1000;

    /// <summary>Reads and checks the sources.</summary>
    /// <exception cref="InvalidInputException">There are no usable rows, or more bad ones than are allowed.</exception>
    public static InteractionLog Read(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, IProgressReporter progress)
    {
        string name = sources[0].Files.Name;
        long[] ticks = [.. sources.Select(source => LogSql.TicksPerSecond(input, source.Columns.Timestamp)).Distinct()];
        if (ticks.Length > 1) throw new InvalidInputException($"{name} and {sources[1].Files.Name} keep time in different types ({sources[0].Columns.Timestamp.Name}). Write both in the same way.");

        // Ids are numbers until one is met that is none; then the log is read again. The first rows mostly tell, so most logs are read once.
        var numbers = new IdTypes(input.IdType == "text", input.IdType == "text");
        (IdTypes ids, _) = Settle(numbers, types => Tallies(engine, $"({Query(engine, input, sources, source => $"(SELECT * FROM {source.View} LIMIT {FirstRows})", types)})"));
        Dictionary<RowProblem, Tally>? tallies = ReadPlainly(engine, input, sources, ids);
        if (tallies is null)
        {
            (ids, tallies) = Settle(ids, types =>
            {
                engine.Materialize(Table, Query(engine, input, sources, source => source.View, types));
                return Tallies(engine, Table);
            });
        }

        if (ids.UserIsText != numbers.UserIsText) TellOfTexts(engine, progress, "Users", "user_id", sources[0].Columns.User);
        if (ids.ItemIsText != numbers.ItemIsText) TellOfTexts(engine, progress, "Items", "item_id", sources[0].Columns.Item);

        long rejected = engine.RejectedLinesAreRows ? 0 : sources.Where(source => source.Csv is not null).Sum(source => (long)engine.Query($"SELECT count(*) FROM {source.View}_rejected")[0][0]!);
        long rows = tallies.Values.Sum(tally => tally.Rows) + rejected;
        long belowMinRating = tallies.GetValueOrDefault(RowProblem.BelowMinRating)?.Rows ?? 0, usable = tallies.GetValueOrDefault(RowProblem.None)?.Rows ?? 0;
        long bad = rows - usable - belowMinRating;
        if (rows == 0) throw new InvalidInputException($"{name} has {(sources[0].Csv is { Header: true } ? "a line of names and " : "")}no rows. Check what wrote it, or name another file in {sources[0].Files.Setting}.");

        RefuseOtherUnit(engine, input, sources, ids, tallies, rows);
        IReadOnlyList<BadRow> badRows = [];
        if (bad > input.MaxBadRows)
        {
            List<BadRow> first = [.. sources.SelectMany(source => Preparation.BadRows.Find(engine, input, source, ids, Shown)).Take(Shown)];
            throw new InvalidInputException(
                $"{name}: {bad:N0} of {rows:N0} rows cannot be used, and Input:MaxBadRows allows {input.MaxBadRows:N0}.{string.Concat(first.Select(row => $"\n  {row}"))}{(bad > first.Count ? "\n  …" : "")}\n{CureOf(tallies, bad)}");
        }

        if (bad > 0)
        {
            badRows = [.. sources.SelectMany(source => Preparation.BadRows.Find(engine, input, source, ids, long.MaxValue))];
            progress.Line($"{bad:N0} bad rows of {rows:N0} are kept aside in bad_rows.csv{(badRows.Count > 0 ? $"; the first: {badRows[0]}" : "")}.");
        }

        if (usable == 0) throw new InvalidInputException($"{name}: none of {rows:N0} rows is rated {input.MinRating} or higher. Set a lower Input:MinRating, or another Input:RatingColumn.");
        (long earliest, long latest) = (tallies[RowProblem.None].Earliest!.Value, tallies[RowProblem.None].Latest!.Value);
        return new InteractionLog(ids, ticks[0], earliest, latest, rows, belowMinRating, bad, badRows);
    }

    // The quicker reading is for logs without fault. Where it meets anything else, all is read again: one reader says what is wrong, in one way.
    private static Dictionary<RowProblem, Tally>? ReadPlainly(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, IdTypes ids)
    {
        if (ids.UserIsText || ids.ItemIsText || sources.Any(source => source.Plain is null)) return null;
        engine.Materialize(Table, Query(engine, input, sources, source => source.Plain!.View, ids));
        Dictionary<RowProblem, Tally> tallies = Tallies(engine, Table);
        long names = tallies.Remove(RowProblem.LineOfNames, out Tally? found) ? found.Rows : 0;
        bool faultless = names == sources.Sum(source => source.Plain!.LinesOfNames) && tallies.Keys.All(problem => problem is RowProblem.None or RowProblem.BelowMinRating);
        return faultless ? tallies : null;
    }

    private static (IdTypes Ids, Dictionary<RowProblem, Tally> Tallies) Settle(IdTypes ids, Func<IdTypes, Dictionary<RowProblem, Tally>> read)
    {
        while (true)
        {
            Dictionary<RowProblem, Tally> tallies = read(ids);
            IdTypes found = new(ids.UserIsText || tallies.ContainsKey(RowProblem.UserIsText), ids.ItemIsText || tallies.ContainsKey(RowProblem.ItemIsText));
            if (found == ids) return (ids, tallies);
            ids = found;
        }
    }

    private static void TellOfTexts(ISqlEngine engine, IProgressReporter progress, string whose, string id, InputColumn column)
    {
        object? example = engine.Query($"SELECT min({id}) FROM {Table} WHERE problem = 0 AND TRY_CAST({id} AS BIGINT) IS NULL")[0][0];
        progress.Line($"{whose}' ids are texts: not every {column.Name} is a whole number{(example is null ? " without leading zeros" : $", such as '{example}'")}.");
    }

    private static string Query(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, Func<InputSource, string> rows, IdTypes ids) =>
        string.Join(" UNION ALL ", sources.Select((source, index) =>
            $"SELECT user_id, item_id, moment{(sources.Count > 1 ? $", CAST({index} AS INT) AS held_out" : "")}, CAST(problem AS INT) AS problem FROM ({new LogSql(engine.Dialect, input, source.Columns, source.Csv is not null).Query(rows(source), ids)})"));

    private static Dictionary<RowProblem, Tally> Tallies(ISqlEngine engine, string log) =>
        engine.Query($"SELECT problem, count(*), min(moment), max(moment) FROM {log} GROUP BY problem")
            .ToDictionary(row => (RowProblem)(long)row[0]!, row => new Tally((long)row[1]!, (long?)row[2], (long?)row[3]));

    // Most rows after 2100, and all of them in our time when read in a finer unit: that is the unit. Or the other way round, all in January 1970.
    private static void RefuseOtherUnit(ISqlEngine engine, InputOptions input, IReadOnlyList<InputSource> sources, IdTypes ids, Dictionary<RowProblem, Tally> tallies, long rows)
    {
        InputColumn column = sources[0].Columns.Timestamp;
        if (column.Kind == SqlColumnKind.Timestamp) return;
        string[] units = ["seconds", "milliseconds", "microseconds"];
        bool late = tallies.TryGetValue(RowProblem.TimestampIsTooLate, out Tally? tally) && tally.Rows > rows / 2;
        if (!late && !tallies.TryGetValue(RowProblem.None, out tally)) return;

        long ticksPerSecond = LogSql.TicksPerSecond(input, column);
        if (!late && (ticksPerSecond == 1 || tally!.Latest >= 100_000_000L * ticksPerSecond)) return; // 1973: before any log
        string? unit = units.FirstOrDefault(unit => unit != input.TimestampUnit && IsOurTime(tally!, LogSql.TicksPerSecond(input with { TimestampUnit = unit }, column)));
        if (unit is null) return;

        string where = late && Preparation.BadRows.Find(engine, input, sources[0], ids, 1) is [BadRow first] ? $"{first}" : $"{sources[0].Files.Name}, column {column.Name}: its latest value is {tally!.Latest}, which as {input.TimestampUnit} lies before 1973";
        throw new InvalidInputException($"{where}. These look like {unit}: set Input:TimestampUnit to \"{unit}\".");
    }

    private static bool IsOurTime(Tally tally, long ticksPerSecond) =>
        tally.Earliest >= 315_532_800 * ticksPerSecond && tally.Latest <= LogSql.LastSecond * ticksPerSecond; // from 1980 to 2100

    private static string CureOf(Dictionary<RowProblem, Tally> tallies, long bad)
    {
        string beyond = tallies.ContainsKey(RowProblem.UserIsBeyond64Bits) || tallies.ContainsKey(RowProblem.ItemIsBeyond64Bits)
            ? "Ids that are whole numbers must lie within 64 bits (-9223372036854775808 to 9223372036854775807); to keep longer ones as they are, set Input:IdType to \"text\". "
            : "";
        return $"{beyond}Mend {(bad == 1 ? "it" : "them")}, or set Input:MaxBadRows to {bad} to go on without {(bad == 1 ? "it" : "them")} (kept aside in bad_rows.csv).";
    }

    private sealed record Tally(long Rows, long? Earliest, long? Latest);
}
