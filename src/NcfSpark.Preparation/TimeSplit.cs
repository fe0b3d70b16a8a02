using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Prepare:Split "time": a (user, item) belongs to the earliest part in which it occurs, with its latest moment there. So training knows nothing of what
/// came at its end or later, not even by a row that is missing; a pair that is used again later is a duplicate.
/// </summary>
/// <remarks>
/// Example, validation from 5, test from 8, one user's log of (item, moment): (A, 1), (A, 9), (B, 5), (B, 7), (B, 8), (C, 8), (C, 9). A trains with moment 1,
/// B validates with 7, C is tested with 9, and four rows are duplicates. A row at exactly a moment is after it, so rows of one moment are in one part.
/// </remarks>
/// <param name="ValidationFrom">The first moment that does not train, in ticks of the log; that of the test where nothing validates.</param>
/// <param name="TestFrom">The first moment that is tested.</param>
/// <param name="Words">The tested time as people say it, such as "the last 2 days".</param>
internal sealed record TimeSplit(long ValidationFrom, long TestFrom, string Words)
{
    /// <summary>So many users must be testable in a window that nobody named: with fewer, chance moves the figures by more than models differ.</summary>
    public const int LeastUsers = 500;

    private const int LeastSpans = 10; // of the log's time, one is tested
    private const int LeastShares = 5; // of its rows, likewise

    /// <summary>The first moments of what settings name, or of the window that the log has room for.</summary>
    /// <param name="name">The log, for messages.</param>
    /// <returns>null where the split is none by time.</returns>
    /// <exception cref="InvalidInputException">There is no such window.</exception>
    public static TimeSplit? Of(ISqlEngine engine, PrepareOptions prepare, InteractionLog log, string name)
    {
        if (!prepare.AsksForTime) return prepare is { Split: SplitRule.Auto, Holdout: > 0 } ? Found(engine, prepare, log) : null;
        if (log.Clock == LogClock.None)
        {
            throw new InvalidInputException("Prepare:Split goes by time, and there are no times (Input:TimestampColumn is \"\"): set it to \"latest\".");
        }

        if (log.Clock == LogClock.Order && (prepare.TestDays ?? prepare.ValidationDays) is not null)
        {
            throw new InvalidInputException($"{name}: the times are an order without days ({log.At(log.Earliest)} to {log.At(log.Latest)}), so neither "
                + "Prepare:TestDays nor Prepare:ValidationDays can count any. Set Prepare:TestFrom to a number of that order, or name the unit in "
                + "Input:TimestampUnit.");
        }

        if (prepare.TestFrom.Length == 0)
        {
            return prepare.TestDays is { } days ? Last(days, prepare, log) : Found(engine, prepare, log)
                ?? throw new InvalidInputException($"{name}: Prepare:Split is \"time\", and {NoWindow(log)}. "
                    + "Name a window by Prepare:TestDays or Prepare:TestFrom, or set Split to \"latest\".");
        }

        long? from = log.Clock == LogClock.Order && long.TryParse(prepare.TestFrom, out long place) ? place : TimestampText.Parse(prepare.TestFrom);
        if (from is not { } second) throw new InvalidInputException($"Prepare:TestFrom is \"{prepare.TestFrom}\", {TimestampText.Cure}.");
        long first = second * log.TicksPerSecond;
        return Between(first, log.Latest + 1 - first, prepare, log, $"everything from {log.At(first)} on");
    }

    /// <summary>The part of a moment, as <see cref="SplitSql"/> numbers them.</summary>
    public string PartOf(string moment) =>
        $"CAST(CASE WHEN {moment} >= {TestFrom} THEN 2 WHEN {moment} >= {ValidationFrom} THEN 1 ELSE 0 END AS INT)";

    /// <summary>An aggregate over a pair's moments: the latest of the earliest part.</summary>
    public string MomentOfPair =>
        $"coalesce(max(CASE WHEN moment < {ValidationFrom} THEN moment END), max(CASE WHEN moment < {TestFrom} THEN moment END), max(moment))";

    /// <summary>Refuses a split that leaves a part empty, or more tested than trained on.</summary>
    /// <param name="rows">The counts of the prepared directory.</param>
    /// <exception cref="InvalidInputException">It does.</exception>
    public void Check(string name, PrepareOptions prepare, InteractionLog log, SortedDictionary<string, long> rows)
    {
        string setting = prepare.TestFrom.Length > 0 ? $"Prepare:TestFrom (\"{prepare.TestFrom}\")" : $"Prepare:TestDays ({prepare.TestDays:0.###})";
        string span = $"the log is of {log.At(log.Earliest)} to {log.At(log.Latest)}";
        (long train, long validation, long test) = (rows["train_positives"], rows["validation"], rows["test"]);
        if (test == 0)
        {
            throw new InvalidInputException($"{name}: nothing can be tested from {log.At(TestFrom)} on, since no user has an item there for the first time; "
                + $"{span}. Set {setting} to an earlier beginning.");
        }

        if (test > train + validation)
        {
            throw new InvalidInputException($"{name}: {test:N0} of {train + validation + test:N0} interactions would be tested, more than half; "
                + $"{span}, and the test begins at {log.At(TestFrom)}. Set {setting} to a later beginning.");
        }

        if (!prepare.Validation || (validation > 0 && validation <= train)) return;
        string why = validation == 0
            ? $"no user has an item for the first time from {log.At(ValidationFrom)} to {log.At(TestFrom)}, so nothing validates"
            : $"{validation:N0} of {train + validation:N0} interactions before the test would validate, more than half";
        throw new InvalidInputException($"{name}: {why}; {span}. Set Prepare:ValidationDays, or Prepare:Validation to false.");
    }

    /// <summary>Why Split "auto" holds out each user's latest interactions, for the summary and the report.</summary>
    public static string WhyLatest(PrepareOptions prepare, InteractionLog log) => prepare.Holdout == 0
        ? "Nothing is held out (Prepare:Holdout is 0)."
        : $"Each user's latest interactions are tested, and not all of a last time, since {NoWindow(log)} (Prepare:Split).";

    /// <summary>What is tested, for the summary and the report.</summary>
    public string Sentence(InteractionLog log, SortedDictionary<string, long> rows)
    {
        string validated = rows["validation"] > 0 ? $" The {rows["validation"]:N0} from {log.At(ValidationFrom)} on, before these, validate." : "";
        return $"Split by time: tested is {Words}, which is after {log.At(TestFrom - 1)}: "
            + $"{rows["test"]:N0} interactions of {rows[PreparedData.TestUsers]:N0} users, of whom "
            + $"{rows["test_new_users"]:N0} are new (not in training); {rows["test_of_new_items"]:N0} are of items that are new.{validated}";
    }

    private static TimeSplit Last(double days, PrepareOptions prepare, InteractionLog log)
    {
        long ticks = TicksOf(days, log);
        return Between(log.Latest - ticks + 1, ticks, prepare, log, days == 1 ? "the last day" : $"the last {days:0.###} days");
    }

    private static TimeSplit Between(long from, long length, PrepareOptions prepare, InteractionLog log, string words)
    {
        long validated = !prepare.Validation ? 0 : prepare.ValidationDays is { } days ? TicksOf(days, log) : Math.Max(1, length);
        return new TimeSplit(from - validated, from, words);
    }

    private static long TicksOf(double days, InteractionLog log) => Math.Max(1, (long)Math.Round(days * TimeForms.SecondsADay * log.TicksPerSecond));

    private static string NoWindow(InteractionLog log) => log.Clock != LogClock.Dates
        ? "the log's times are no dates"
        : $"none of the log's last 1, 2, 4, 8 … days has {LeastUsers} users to test, at most a fifth of the rows, and at most a tenth of its time";

    // The first that will do; null where none does.
    private static TimeSplit? Found(ISqlEngine engine, PrepareOptions prepare, InteractionLog log)
    {
        if (log.Clock != LogClock.Dates) return null;
        var windows = new List<TimeSplit>();
        for (double days = 1; LeastSpans * days * TimeForms.SecondsADay <= (log.Latest - log.Earliest) / log.TicksPerSecond; days *= 2)
        {
            windows.Add(Last(days, prepare, log));
        }

        if (windows.Count == 0) return null;

        // At most so many: who has been there at all. Only where that is enough is it counted who can be tested.
        string counts = string.Join(", ", windows.Select(window => $"count(CASE WHEN latest >= {window.TestFrom} THEN 1 END)"));
        IReadOnlyList<object?> there = engine.Query(
            $"SELECT {counts} FROM (SELECT user_id, max(moment) AS latest FROM {InteractionLog.Table} WHERE problem = 0 GROUP BY user_id)")[0];
        return windows.Where((_, place) => (long)there[place]! >= LeastUsers).FirstOrDefault(window =>
            IsEnough(FirstUses(engine, window.TestFrom, long.MaxValue), LeastUsers)
            && (!prepare.Validation || IsEnough(FirstUses(engine, window.ValidationFrom, window.TestFrom), least: 1)));

        bool IsEnough((long Users, long Rows) held, int least) => held.Users >= least && held.Rows * LeastShares <= log.Usable;
    }

    // Users and pairs of user and item that were not there before. Only pairs of the window are looked up, so a log is read once and little is kept.
    private static (long Users, long Rows) FirstUses(ISqlEngine engine, long from, long to)
    {
        IReadOnlyList<object?> counted = engine.Query($"""
            SELECT count(DISTINCT user_id), count(*) FROM (
                SELECT l.user_id, l.item_id FROM {InteractionLog.Table} l
                    JOIN (SELECT DISTINCT user_id, item_id FROM {InteractionLog.Table} WHERE problem = 0 AND moment >= {from} AND moment < {to}) w
                    ON l.user_id = w.user_id AND l.item_id = w.item_id
                WHERE problem = 0 GROUP BY l.user_id, l.item_id HAVING min(moment) >= {from})
            """)[0];
        return ((long)counted[0]!, (long)counted[1]!);
    }
}
