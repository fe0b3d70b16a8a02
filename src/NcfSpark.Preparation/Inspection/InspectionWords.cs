using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>What was seen in a log, counted and said.</summary>
internal sealed class InspectionWords
{
    private const int Examples = 3;

    private readonly LogSample sample;
    private readonly ColumnRoles roles;
    private readonly InteractionLog log;
    private readonly InputFiles files;
    private readonly string[] nothing;
    private readonly long days, daysWithout, longestGap;

    /// <param name="nothing">Texts that say that there is no value.</param>
    public InspectionWords(ISqlEngine engine, LogSample sample, ColumnRoles roles, InteractionLog log, InputFiles files, string[] nothing)
    {
        (this.sample, this.roles, this.log, this.files, this.nothing) = (sample, roles, log, files, nothing);
        IReadOnlyList<object?> counted = engine.Query($"""
            WITH pairs AS (SELECT user_id, item_id, count(*) AS repeats FROM {InteractionLog.Table} WHERE problem = 0 GROUP BY user_id, item_id),
                 users AS (SELECT user_id, count(*) AS items FROM pairs GROUP BY user_id)
            SELECT (SELECT CAST(sum(repeats) AS BIGINT) FROM pairs), (SELECT count(*) FROM pairs), count(*),
                (SELECT count(DISTINCT item_id) FROM pairs), CAST(median(items) AS BIGINT), max(items)
            FROM users
            """)[0];
        IReadOnlyList<object?> calendar = engine.Query($"""
            SELECT count(*), CAST(coalesce(max(gap), 1) AS BIGINT), CAST(max(day) - min(day) + 1 AS BIGINT) FROM (
              SELECT day, day - lag(day) OVER (ORDER BY day) AS gap FROM (
                SELECT DISTINCT moment // {log.TicksPerSecond * TimeForms.SecondsADay} AS day FROM {InteractionLog.Table} WHERE problem = 0))
            """)[0];
        (days, longestGap) = ((long)calendar[2]!, (long)calendar[1]! - 1);
        daysWithout = days - (long)calendar[0]!;
        SampledColumn? time = roles[ColumnRole.Time];
        bool toTheSecond = time is not null && (log.Latest - log.Earliest) / log.TicksPerSecond > 0
            && (long)engine.Query($"SELECT count(*) FROM {InteractionLog.Table} "
                + $"WHERE problem = 0 AND moment % {log.TicksPerSecond * 60} <> 0 LIMIT 1")[0][0]! > 0;
        Figures = new LogFigures((long)counted[0]!, (long)counted[1]!, (long)counted[2]!, (long)counted[3]!, (long)counted[4]!, (long)counted[5]!,
            time is not null, toTheSecond);
    }

    public LogFigures Figures { get; }

    public IReadOnlyList<string> Seen()
    {
        var lines = new List<string>
        {
            $"files    {Layout()}",
            Line(ColumnRole.User, "user", Figures.Users, "users"),
            Line(ColumnRole.Item, "item", Figures.Items, "items"),
            Times(),
        };
        if (roles[ColumnRole.Event] is { } events)
        {
            lines.Add($"event    {ShownText.Of(events.Name)}, {roles.ReasonOf(ColumnRole.Event)}. {log.Notes.GetValueOrDefault("events", "")}");
        }

        if (roles[ColumnRole.Rating] is { } rating)
        {
            lines.Add($"rating   {ShownText.Of(rating.Name)}, {roles.ReasonOf(ColumnRole.Rating)}. Not used: every row counts as one use, whatever its rating. "
                + "To keep high ratings only, set Input:RatingColumn and Input:MinRating.");
        }

        string[] others = [.. roles.Others.Where(column => roles[ColumnRole.Rating] != column).Select(column => ShownText.Of(column.Name, 30))];
        if (others.Length > 0)
        {
            lines.Add($"others   {string.Join(", ", others.Take(12))}{(others.Length > 12 ? $" and {others.Length - 12} more" : "")}: not used.");
        }

        lines.Add($"size     {Figures.Rows:N0} rows, {Figures.Interactions:N0} different pairs of user and item{Repeats()}; "
            + $"a user has {Figures.MedianOfUser:N0} items (median), at most {Figures.MostOfUser:N0}.");
        return lines;
    }

    /// <param name="allowed">How many bad rows the settings allow.</param>
    public IEnumerable<string> Doubts(long allowed)
    {
        if (log.BadRows > 0)
        {
            string share = $"{log.BadRows:N0} of {log.Rows:N0} rows cannot be used; the first: {log.Bad[0]}";
            yield return allowed > 0
                ? $"{share}. Input:MaxBadRows allows {allowed:N0} of them; they are kept aside in prepared/bad_rows.csv."
                : $"{share}. That is too many to pass over: mend them, or set Input:MaxBadRows.";
        }

        if (Figures.MostOfUser < 2)
        {
            yield return "Every user has one item, so nothing can be held out to measure with. Is the user's column the right one (Input:UserColumn)?";
        }

        if (Figures.MedianOfUser == 1 && Figures.MostOfUser >= 2) yield return "Most users have one item: little can be learned from them.";
    }

    private string Layout()
    {
        long bytes = files.Paths.Sum(path => new FileInfo(path).Length);
        string delimiter = sample.Delimiter == "\t" ? "\\t" : sample.Delimiter, quotes = sample.Quote.Length == 0 ? ", quotes are ordinary letters" : "";
        string names = sample.Header ? "line 1 names the columns" : "no line of names, so columns go by number";
        string what = sample.Format switch
        {
            InputFormat.Parquet => "Parquet",
            InputFormat.Json => "JSON lines",
            _ => $"CSV, split at \"{delimiter}\"{quotes}; {names}",
        };
        return $"{files.Name}: {(files.Paths.Count == 1 ? "" : $"{files.Paths.Count:N0} files, ")}{what}, {sample.Columns.Count} columns, {ShownSize(bytes)}.";
    }

    private string Line(ColumnRole role, string word, long count, string plural)
    {
        SampledColumn column = roles[role]!;
        IEnumerable<string> values = column.Values.Where(value => value.Length > 0 && !nothing.Contains(value)).Distinct();
        string examples = string.Join(", ", values.Take(Examples).Select(value => $"'{ShownText.Of(value, 30)}'"));
        bool text = role == ColumnRole.User ? log.Ids.UserIsText : log.Ids.ItemIsText;
        return $"{word}     {ShownText.Of(column.Name)}, {roles.ReasonOf(role)}: {(text ? "texts" : "numbers")} such as {examples}; {count:N0} {plural}.";
    }

    private string Times()
    {
        if (roles[ColumnRole.Time] is not { } column)
        {
            return "time     There is no column of times: what is held out to measure with is chosen by a hash, and no setting that needs times is used.";
        }

        DateTime At(long moment) => DateTime.UnixEpoch.AddSeconds(moment / log.TicksPerSecond);
        string gap = daysWithout == 0 ? "every day has rows" : $"{daysWithout:N0} of {days:N0} days have none, at most {longestGap:N0} in a row";
        TimeForm? form = ValueShapes.TimesOf(column);
        string how = form is null or TimeForm.Typed || roles.ReasonOf(ColumnRole.Time) != ColumnRoles.ByItsName ? "" : $", {TimeForms.Plural(form.Value)}";
        return log.Notes.TryGetValue("times", out string? note) && form is null
            ? $"time     {ShownText.Of(column.Name)}, {roles.ReasonOf(ColumnRole.Time)}. {note}"
            : $"time     {ShownText.Of(column.Name)}, {roles.ReasonOf(ColumnRole.Time)}{how}: "
                + $"{At(log.Earliest):yyyy-MM-dd} to {At(log.Latest):yyyy-MM-dd}; {gap}.";
    }

    private string Repeats() => Figures.Interactions == Figures.Rows
        ? ", none repeated"
        : $" ({100.0 * (Figures.Rows - Figures.Interactions) / Figures.Rows:0.#} % of rows repeat one; the latest counts)";

    private static string ShownSize(long bytes) =>
        bytes < 1 << 20 ? $"{bytes / 1024.0:0.#} KB" : bytes < 1 << 30 ? $"{bytes / 1048576.0:0.#} MB" : $"{bytes / 1073741824.0:0.#} GB";
}
