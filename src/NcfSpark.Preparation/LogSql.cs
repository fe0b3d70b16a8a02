using System.Globalization;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// The query that makes the input's rows (user_id, item_id, moment, problem). Ids are BIGINT or STRING; moment is
/// BIGINT, in ticks of a <see cref="TimeReading"/>, 0 where there is no time; problem is a <see cref="RowProblem"/>. Where
/// interactions differ in weight there is a column weight, DOUBLE.
/// Rows with a problem are there too: nothing is lost on the way.
/// </summary>
internal sealed class LogSql(SqlDialect dialect, InputOptions input, InputColumns columns, bool isCsv)
{
    private const string NoRating = "1e300"; // beyond it, and NaN, which is above all numbers
    private const string MostWeight = "1e9"; // so that sums of millionths fit into 64 bits

    private readonly string nothing = $"({string.Join(", ", input.NullValues.Append("").Distinct().Select(dialect.Literal))})";

    // A number may be named as no value, such as 0; then numbers are looked up among those, too.
    private readonly string[] nothingNumbers = [.. input.NullValues.Where(
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))];

    private string[] NoLetters => ["chr(10)", "chr(13)", "chr(0)", dialect.Literal("\ufffd")];

    private char DecimalMark => input.DecimalSeparator[0];

    /// <param name="extra">More to select from the view, such as ", ncf_file"; else "".</param>
    public string Query(string source, IdTypes ids, TimeReading reading, string extra = "")
    {
        (InputColumn user, InputColumn item) = (columns.User, columns.Item);
        string rating = columns.Rating is null ? "" : $", {Number(columns.Rating)} AS rating_value, {columns.Rating.Sql} AS rating_raw";
        string weight = columns.Weight is null ? "" : $", {Number(columns.Weight)} AS weight_value, {columns.Weight.Sql} AS weight_raw";
        if (input.EventWeights.Count > 0 && input.IsWeighted) weight += $", {EventWeight} AS event_weight";
        string weighed = input.IsWeighted ? $", {Weight} AS weight" : "";
        string counts = Counts is null ? "" : $", {Counts} AS event_counts";
        return $"""
            SELECT user_id, item_id, moment{weighed}{extra}, CASE
                {WhatMostRowsAre(ids, reading)}
                {(isCsv ? $"WHEN ncf_fits IS NULL THEN {(int)RowProblem.LineOfNames}\n    WHEN NOT ncf_fits THEN {(int)RowProblem.LineDoesNotFit}" : "")}
                {(Counts is null ? "" : $"WHEN event_counts IS NOT TRUE THEN {(int)RowProblem.OtherEvent}")}
                WHEN {IdIsMissing(user, ids.UserIsText, "user_id", "user_raw")} THEN {(int)RowProblem.NoUser}
                WHEN {IdIsMissing(item, ids.ItemIsText, "item_id", "item_raw")} THEN {(int)RowProblem.NoItem}
                {NoLetter(user, "user_raw", RowProblem.UserHasNoLetter)}{NoLetter(item, "item_raw", RowProblem.ItemHasNoLetter)}
                {TimeProblems(reading)}
                {RatingProblems()}{WeightProblems()}
                {IdProblems(user, ids.UserIsText, "user_id", "user_raw", RowProblem.UserIsNotWhole, RowProblem.UserIsBeyond64Bits, RowProblem.UserIsText)}
                {IdProblems(item, ids.ItemIsText, "item_id", "item_raw", RowProblem.ItemIsNotWhole, RowProblem.ItemIsBeyond64Bits, RowProblem.ItemIsText)}
                ELSE {(int)RowProblem.None} END AS problem
            FROM ({WithMoments(reading, $"""
                SELECT {Id(user, ids.UserIsText)} AS user_id, {Id(item, ids.ItemIsText)} AS item_id,
                    {user.Sql} AS user_raw, {item.Sql} AS item_raw{rating}{weight}{counts}{(isCsv ? ", ncf_fits" : "")}{extra}
                """, source)})
            """;
    }

    /// <summary>
    /// A query of (form, rows): how many rows of a view have a time that looks like each <see cref="TimeForm"/>. Lines
    /// that do not fit and events that do not count are left out.
    /// </summary>
    public string TimeFormsQuery(string source)
    {
        InputColumn time = columns.Timestamp!;
        string[] conditions = [.. new[] { isCsv ? "ncf_fits" : null, Counts }.OfType<string>()];
        string where = conditions.Length == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
        string form = new TimeSql(dialect, time with { Sql = "time_text" }, TimeForm.Seconds, DecimalMark).LooksLike(IsNothing(time, "time_text"));
        string texts = $"SELECT {WithoutBlanks(time, time.Sql)} AS time_text FROM {source}{where}";
        return $"SELECT form, count(*) AS counted FROM (SELECT {form} AS form FROM ({texts})) GROUP BY form";
    }

    // Most moments are plain numbers. Only for the others, more is asked; each question is a query around a query, so that what it finds is found once.
    private string WithMoments(TimeReading reading, string select, string source)
    {
        if (columns.Timestamp is not { } time) return $"{select}, CAST(0 AS BIGINT) AS moment FROM {source}";
        TimeSql sql = new(dialect, time with { Sql = "time_text" }, reading.Form, DecimalMark), outside = new(dialect, time, reading.Form, DecimalMark);
        return $"""
            SELECT *, coalesce(plain_moment, {sql.Moment("nanoseconds", reading.TicksPerSecond)}) AS moment FROM (
                SELECT *, CASE WHEN plain_moment IS NULL THEN {sql.Nanoseconds()} END AS nanoseconds FROM (
                    SELECT *, CASE WHEN plain_moment IS NULL THEN {WithoutBlanks(time, "time_raw")} END AS time_text FROM (
                        {select}, {time.Sql} AS time_raw, {outside.PlainMoment(reading.TicksPerSecond)} AS plain_moment FROM {source})))
            """;
    }

    private string WithoutBlanks(InputColumn column, string value) => column.Kind == SqlColumnKind.Text ? dialect.Trimmed(value) : value;

    private string TimeProblems(TimeReading reading)
    {
        if (columns.Timestamp is not { } time) return "";
        string otherForm = reading.Earliest > 0 || reading.Latest < TimeForms.LastSecond * reading.TicksPerSecond
            ? $"WHEN moment < {reading.Earliest} OR moment > {reading.Latest} THEN {(int)RowProblem.TimestampIsOfAnotherForm}"
            : "";
        return $"""
            WHEN {(nothingNumbers.Length == 0 ? "moment IS NULL AND " : "")}{IsNothing(time, "time_raw")} THEN {(int)RowProblem.NoTimestamp}
            WHEN moment IS NULL AND nanoseconds IS NULL THEN {(int)RowProblem.TimestampIsNoNumber}
            WHEN moment IS NULL AND nanoseconds % 1000000 = 0 THEN {(int)RowProblem.TimestampHasMilliseconds}
            WHEN moment IS NULL AND nanoseconds % 1000 = 0 THEN {(int)RowProblem.TimestampHasMicroseconds}
            WHEN moment IS NULL THEN {(int)RowProblem.TimestampHasNanoseconds}
            WHEN moment < 0 THEN {(int)RowProblem.TimestampIsNegative}
            WHEN moment > {TimeForms.LastSecond * reading.TicksPerSecond} THEN {(int)RowProblem.TimestampIsTooLate}
            {otherForm}
            """;
    }

    // Whether the row's event is one of those that count; null where all do.
    private string? Counts => columns.Event is null || input.EventWeights.Count == 0 ? null
        : $"({dialect.Trimmed($"CAST({columns.Event.Sql} AS STRING)")} IN ({string.Join(", ", input.EventWeights.Keys.Select(dialect.Literal))}))";

    private string EventWeight => $"CASE {dialect.Trimmed($"CAST({columns.Event!.Sql} AS STRING)")} "
        + $"{string.Join(' ', input.EventWeights.Select(pair => $"WHEN {dialect.Literal(pair.Key)} THEN CAST('{pair.Value:R}' AS DOUBLE)"))} END";

    private string Weight => (columns.Weight is null, input.EventWeights.Count == 0) switch
    {
        (true, true) => "CAST(1 AS DOUBLE)",
        (true, false) => "event_weight",
        (false, true) => "weight_value",
        _ => "weight_value * event_weight",
    };

    private string Id(InputColumn column, bool asText) => column.Kind switch
    {
        SqlColumnKind.WholeNumber => asText ? $"CAST({column.Sql} AS STRING)" : $"CAST({column.Sql} AS BIGINT)",
        // 2^53: from there on a DOUBLE no longer tells neighbouring whole numbers apart.
        SqlColumnKind.Floating when asText => $"CAST({Id(column, false)} AS STRING)",
        SqlColumnKind.Floating => $"CASE WHEN abs({column.Sql}) < 9007199254740992 AND floor({column.Sql}) = {column.Sql} THEN "
            + $"CAST({column.Sql} AS BIGINT) END",
        SqlColumnKind.Timestamp => $"CAST({column.Sql} AS STRING)",
        _ => asText ? dialect.Trimmed(column.Sql) : $"TRY_CAST({column.Sql} AS BIGINT)",
    };

    // Asked first, since each of the questions after it has its price. It says no more than that none of them is answered with yes.
    private string WhatMostRowsAre(IdTypes ids, TimeReading reading)
    {
        if (columns.User.Kind != SqlColumnKind.Text || columns.Item.Kind != SqlColumnKind.Text || ids.UserIsText || ids.ItemIsText || nothingNumbers.Length > 0)
        {
            return "";
        }

        string timed = columns.Timestamp is null ? "" : $" AND moment BETWEEN {reading.Earliest} AND {reading.Latest}";
        string rated = columns.Rating is null ? "" : $" AND abs(rating_value) < {NoRating}{(input.MinRating == 0 ? "" : $" AND rating_value >= {MinRating}")}";
        rated += columns.Weight is null ? "" : $" AND abs({Weight}) <= {MostWeight}";
        string fits = $"{(isCsv ? " AND ncf_fits" : "")}{(Counts is null ? "" : " AND event_counts")}";
        return $"WHEN CAST(user_id AS STRING) = user_raw AND CAST(item_id AS STRING) = item_raw{timed}{rated}{fits} THEN {(int)RowProblem.None}";
    }

    // A number that reads back as its text is not missing: what most rows are is asked first.
    private string IdIsMissing(InputColumn column, bool asText, string id, string raw) => column.Kind switch
    {
        SqlColumnKind.Text when asText => $"({id} IS NULL OR {id} IN {nothing})",
        SqlColumnKind.Text when nothingNumbers.Length == 0 =>
            $"({raw} IS NULL OR ((CAST({id} AS STRING) = {raw}) IS NOT TRUE AND {dialect.Trimmed(raw)} IN {nothing}))",
        _ => IsNothing(column, raw),
    };

    // Mostly lines that a quote joined which was meant as a letter; else what is left of letters that were lost, by which two ids become one.
    private string NoLetter(InputColumn column, string raw, RowProblem problem) => column.Kind == SqlColumnKind.Text
        ? $"WHEN {string.Join(" OR ", NoLetters.Select(mark => $"contains({raw}, {mark})"))} THEN {(int)problem}\n    "
        : "";

    private string IdProblems(InputColumn column, bool asText, string id, string raw, RowProblem notWhole, RowProblem beyond, RowProblem text) =>
        column.Kind switch
    {
        SqlColumnKind.Floating => $"WHEN {id} IS NULL THEN {(int)notWhole}",
        SqlColumnKind.Text when !asText =>
            $$"""
            WHEN {{id}} IS NULL AND {{dialect.Matches(dialect.Trimmed(raw), "[+-]?[0-9]{19,}")}} THEN {{(int)beyond}}
            WHEN {{id}} IS NULL OR (CAST({{id}} AS STRING) <> {{raw}} AND CAST({{id}} AS STRING) <> {{dialect.Trimmed(raw)}}) THEN {{(int)text}}
            """,
        _ => "",
    };

    // True and false are 1 and 0.
    private string Number(InputColumn column)
    {
        if (column.Kind != SqlColumnKind.Text) return $"CAST({column.Sql} AS DOUBLE)";
        string text = dialect.Trimmed(column.Sql), number = DecimalMark == '.' ? text : $"replace({text}, '{DecimalMark}', '.')";
        return $"CASE WHEN {dialect.Matches(text, TimeSql.Decimal(DecimalMark))} THEN TRY_CAST({number} AS DOUBLE) "
            + $"WHEN lower({text}) = 'true' THEN CAST(1 AS DOUBLE) WHEN lower({text}) = 'false' THEN CAST(0 AS DOUBLE) END";
    }

    private string MinRating => $"CAST('{input.MinRating:R}' AS DOUBLE)";

    private string RatingProblems()
    {
        if (columns.Rating is null) return "";
        string belowMinimum = input.MinRating == 0 ? "" : $"WHEN rating_value < {MinRating} THEN {(int)RowProblem.BelowMinRating}\n    ";
        string missing = nothingNumbers.Length == 0 ? "" : $"{IsNothing(columns.Rating, "rating_raw")} OR ";
        return $"WHEN {missing}rating_value IS NULL OR NOT (abs(rating_value) < {NoRating}) THEN {(int)RowProblem.RatingIsNoNumber}\n    {belowMinimum}";
    }

    private string WeightProblems()
    {
        if (columns.Weight is null) return "";
        string missing = nothingNumbers.Length == 0 ? "" : $"{IsNothing(columns.Weight, "weight_raw")} OR ";
        return $"WHEN {missing}weight_value IS NULL OR NOT (abs({Weight}) <= {MostWeight}) THEN {(int)RowProblem.WeightIsNoNumber}\n    ";
    }

    private string IsNothing(InputColumn column, string raw) => column.Kind switch
    {
        SqlColumnKind.Text => $"({raw} IS NULL OR {dialect.Trimmed(raw)} IN {nothing})",
        SqlColumnKind.Floating => $"({raw} IS NULL OR isnan({raw}){IsAmongNothing(raw)})",
        SqlColumnKind.WholeNumber => $"({raw} IS NULL{IsAmongNothing(raw)})",
        _ => $"{raw} IS NULL",
    };

    private string IsAmongNothing(string number) =>
        nothingNumbers.Length == 0 ? "" : $" OR {number} IN ({string.Join(", ", nothingNumbers.Select(one => $"CAST('{one}' AS DOUBLE)"))})";
}
