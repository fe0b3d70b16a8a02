using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// The query that makes the input's rows (user_id, item_id, moment, problem). Ids are BIGINT or STRING; moment is BIGINT in <see cref="TicksPerSecond"/>;
/// problem is a <see cref="RowProblem"/>. Rows with a problem are there too: nothing is lost on the way.
/// </summary>
internal sealed class LogSql(SqlDialect dialect, InputOptions input, InputColumns columns, bool isCsv)
{
    /// <summary>2100-01-01 UTC. Later moments are no interactions that somebody had, but another unit, or rubbish.</summary>
    public const long LastSecond = 4102444800;

    private const string Nothing = "('', 'NaN', 'nan', 'NAN', 'NULL', 'null')";
    private const string NoRating = "1e300"; // beyond it, and NaN, which is above all numbers
    private const string Decimal = "[+-]?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?";

    /// <summary>What the moments of a column count.</summary>
    public static long TicksPerSecond(InputOptions input, InputColumn timestamp) => timestamp.Kind == SqlColumnKind.Timestamp
        ? 1_000_000
        : input.TimestampUnit switch { "seconds" => 1, "milliseconds" => 1000, _ => 1_000_000 };

    /// <param name="source">The view.</param>
    /// <param name="ids">How to read ids.</param>
    /// <param name="extra">More to select from the view, such as ", ncf_file"; else "".</param>
    public string Query(string source, IdTypes ids, string extra = "")
    {
        InputColumn user = columns.User, item = columns.Item, time = columns.Timestamp;
        string rating = columns.Rating is null ? "" : $", {Number(columns.Rating)} AS rating_value, {columns.Rating.Sql} AS rating_raw";
        return $"""
            SELECT user_id, item_id, moment{extra}, CASE
                {WhatMostRowsAre(ids)}
                {(isCsv ? $"WHEN ncf_fits IS NULL THEN {(int)RowProblem.LineOfNames}\n    WHEN NOT ncf_fits THEN {(int)RowProblem.LineDoesNotFit}" : "")}
                WHEN {IdIsMissing(user, ids.UserIsText, "user_id", "user_raw")} THEN {(int)RowProblem.NoUser}
                WHEN {IdIsMissing(item, ids.ItemIsText, "item_id", "item_raw")} THEN {(int)RowProblem.NoItem}
                WHEN moment IS NULL AND {IsNothing(time, "time_raw")} THEN {(int)RowProblem.NoTimestamp}
                WHEN moment IS NULL THEN {(int)RowProblem.TimestampIsNoNumber}
                WHEN moment < 0 THEN {(int)RowProblem.TimestampIsNegative}
                WHEN moment > {LastSecond * TicksPerSecond(input, time)} THEN {(int)RowProblem.TimestampIsTooLate}
                {RatingProblems()}{IdProblems(user, ids.UserIsText, "user_id", "user_raw", RowProblem.UserIsNotWhole, RowProblem.UserIsBeyond64Bits, RowProblem.UserIsText)}
                {IdProblems(item, ids.ItemIsText, "item_id", "item_raw", RowProblem.ItemIsNotWhole, RowProblem.ItemIsBeyond64Bits, RowProblem.ItemIsText)}
                ELSE {(int)RowProblem.None} END AS problem
            FROM (
                SELECT {Id(user, ids.UserIsText)} AS user_id, {Id(item, ids.ItemIsText)} AS item_id, {Moment(time)} AS moment,
                    {user.Sql} AS user_raw, {item.Sql} AS item_raw, {time.Sql} AS time_raw{rating}{(isCsv ? ", ncf_fits" : "")}{extra}
                FROM {source})
            """;
    }

    private static string Id(InputColumn column, bool asText) => column.Kind switch
    {
        SqlColumnKind.WholeNumber => asText ? $"CAST({column.Sql} AS STRING)" : $"CAST({column.Sql} AS BIGINT)",
        // 2^53: from there on a DOUBLE no longer tells neighbouring whole numbers apart.
        SqlColumnKind.Floating when asText => $"CAST({Id(column, false)} AS STRING)",
        SqlColumnKind.Floating => $"CASE WHEN abs({column.Sql}) < 9007199254740992 AND floor({column.Sql}) = {column.Sql} THEN CAST({column.Sql} AS BIGINT) END",
        SqlColumnKind.Timestamp => $"CAST({column.Sql} AS STRING)",
        _ => asText ? $"trim({column.Sql})" : $"TRY_CAST({column.Sql} AS BIGINT)",
    };

    // Asked first, since each of the questions after it has its price. It says no more than that none of them is answered with yes.
    private string WhatMostRowsAre(IdTypes ids)
    {
        if (columns.User.Kind != SqlColumnKind.Text || columns.Item.Kind != SqlColumnKind.Text || ids.UserIsText || ids.ItemIsText) return "";
        string rated = columns.Rating is null ? "" : $" AND abs(rating_value) < {NoRating}{(input.MinRating == 0 ? "" : $" AND rating_value >= {MinRating}")}";
        string fits = isCsv ? " AND ncf_fits" : "";
        return $"WHEN CAST(user_id AS STRING) = user_raw AND CAST(item_id AS STRING) = item_raw AND moment BETWEEN 0 AND {LastSecond * TicksPerSecond(input, columns.Timestamp)}{rated}{fits} THEN {(int)RowProblem.None}";
    }

    // A number that reads back as its text is not missing: what most rows are is asked first.
    private static string IdIsMissing(InputColumn column, bool asText, string id, string raw) => column.Kind switch
    {
        SqlColumnKind.Text when asText => $"({id} IS NULL OR {id} IN {Nothing})",
        SqlColumnKind.Text => $"({raw} IS NULL OR ((CAST({id} AS STRING) = {raw}) IS NOT TRUE AND trim({raw}) IN {Nothing}))",
        _ => $"({id} IS NULL AND {IsNothing(column, raw)})",
    };

    private string IdProblems(InputColumn column, bool asText, string id, string raw, RowProblem notWhole, RowProblem beyond, RowProblem text) => column.Kind switch
    {
        SqlColumnKind.Floating => $"WHEN {id} IS NULL THEN {(int)notWhole}",
        SqlColumnKind.Text when !asText =>
            $$"""
            WHEN {{id}} IS NULL AND {{dialect.Matches($"trim({raw})", "[+-]?[0-9]{19,}")}} THEN {{(int)beyond}}
            WHEN {{id}} IS NULL OR (CAST({{id}} AS STRING) <> {{raw}} AND CAST({{id}} AS STRING) <> trim({{raw}})) THEN {{(int)text}}
            """,
        _ => "",
    };

    private string Moment(InputColumn column) => column.Kind switch
    {
        SqlColumnKind.WholeNumber => $"CAST({column.Sql} AS BIGINT)",
        SqlColumnKind.Timestamp => dialect.EpochMicroseconds(column.Sql),
        SqlColumnKind.Floating => $"CASE WHEN abs({column.Sql}) < 9e18 THEN CAST(floor({column.Sql}) AS BIGINT) END",
        _ =>
            $"""
            CASE WHEN CAST(TRY_CAST({column.Sql} AS BIGINT) AS STRING) = {column.Sql} THEN TRY_CAST({column.Sql} AS BIGINT)
                WHEN {dialect.Matches($"trim({column.Sql})", Decimal)} AND abs(TRY_CAST(trim({column.Sql}) AS DOUBLE)) < 9e18 THEN CAST(floor(TRY_CAST(trim({column.Sql}) AS DOUBLE)) AS BIGINT) END
            """,
    };

    private string Number(InputColumn column) => column.Kind == SqlColumnKind.Text
        ? $"CASE WHEN {dialect.Matches($"trim({column.Sql})", Decimal)} THEN TRY_CAST(trim({column.Sql}) AS DOUBLE) END"
        : $"CAST({column.Sql} AS DOUBLE)";

    private string MinRating => $"CAST('{input.MinRating:R}' AS DOUBLE)";

    private string RatingProblems()
    {
        if (columns.Rating is null) return "";
        string belowMinimum = input.MinRating == 0 ? "" : $"WHEN rating_value < {MinRating} THEN {(int)RowProblem.BelowMinRating}\n    ";
        return $"WHEN rating_value IS NULL OR NOT (abs(rating_value) < {NoRating}) THEN {(int)RowProblem.RatingIsNoNumber}\n    {belowMinimum}";
    }

    private static string IsNothing(InputColumn column, string raw) => column.Kind switch
    {
        SqlColumnKind.Text => $"({raw} IS NULL OR trim({raw}) IN {Nothing})",
        SqlColumnKind.Floating => $"({raw} IS NULL OR isnan({raw}))",
        _ => $"{raw} IS NULL",
    };
}
