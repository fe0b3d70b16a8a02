namespace NcfSpark.Engines;

/// <summary>Where the engines' SQL differs.</summary>
public abstract class SqlDialect
{
    /// <summary>The letters that <see cref="Trimmed"/> takes away: Unicode's space separators. Tabs and line breaks are none.</summary>
    public const string Blanks = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000";

    /// <summary>A text without the <see cref="Blanks"/> around it.</summary>
    public abstract string Trimmed(string text);

    /// <summary>The quotient of two whole numbers, neither negative, without its fraction.</summary>
    public abstract string IntegerQuotient(string dividend, string divisor);

    /// <summary>A name from outside (a column of a file), quoted.</summary>
    public abstract string Quoted(string name);

    /// <summary>Bytes as the text that they are in UTF-8.</summary>
    public abstract string TextOf(string binary);

    /// <summary>Whether bytes are text in UTF-8.</summary>
    public abstract string IsUtf8(string binary);

    /// <summary>Whether the whole of a text matches a regular expression (of what RE2 and Java share; no backslash, no quote).</summary>
    public abstract string Matches(string text, string pattern);

    /// <summary>Microseconds since 1970-01-01 UTC, BIGINT, of a <see cref="SqlColumnKind.Timestamp"/>. One without a zone is read as UTC.</summary>
    public abstract string EpochMicroseconds(string timestamp);

    /// <summary>The same in nanoseconds, as exact as the type is; for times from 1970 to 2100 only.</summary>
    public abstract string EpochNanoseconds(string timestamp);

    /// <summary>A text from outside as a literal.</summary>
    public abstract string Literal(string text);

    /// <summary>
    /// Further columns to select straight from a view of files, by which rows are put into the order of a file
    /// (<see cref="ISqlEngine.QueryInOrder"/>); none where the engine keeps that order by itself.
    /// </summary>
    public virtual IReadOnlyList<(string Sql, string Name)> PlaceInFile => [];

    /// <summary>
    /// Whether lists (arrays within a row) are the engine's quickest way through the rows of a key. It then knows
    /// Spark's words for them: collect_list, sort_array, transform, filter, slice, get, explode, posexplode,
    /// shiftright.
    /// </summary>
    public virtual bool KeepsLists => false;

    /// <summary>
    /// Of the numbers 0, 1, 2 … that are not among a key's marks, the one at a place (from 0): a query of the key, what
    /// is carried, and number INT, a row for each point. Example: of {0, 2, 5, 6, …}, what the marks {1, 3, 4} leave,
    /// place 2 is 5. Here by a running count over points and marks; an engine may do better, to the same rows.
    /// </summary>
    /// <param name="rows">A query of the key (INT), carried, and what the points are made from.</param>
    /// <param name="points">From a source (a table, or a query in parentheses) with the columns of the rows, and
    /// columns of it to keep ("a, b"): a query of those and place INT, not negative, any number of rows for
    /// each.</param>
    /// <param name="marks">A query of (key INT, mark INT), no two equal, none negative.</param>
    /// <param name="mostMarks">No key has more marks.</param>
    public virtual string UnmarkedAt(string rows, Func<string, string, string> points, string marks, string key, string carried, long mostMarks)
    {
        // A mark's gap is how many unmarked numbers lie below it: place p names p plus the number of gaps that are p or less.
        // One number to sort by: twice the gap, or twice the place and one, so that a gap comes before its equals among the places.
        string merged = $"""
            SELECT {key}, 2 * (CAST(mark AS BIGINT) - row_number() OVER (PARTITION BY {key} ORDER BY mark) + 1) AS doubled,
                CAST(0 AS BIGINT) AS {carried} FROM ({marks})
            UNION ALL
            SELECT {key}, 2 * CAST(place AS BIGINT) + 1 AS doubled, {carried} FROM ({points($"({rows})", $"{key}, {carried}")})
            """;
        return $"""
            SELECT {key}, {carried}, CAST({IntegerQuotient("doubled", "2")} + count_below AS INT) AS number
            FROM (
                SELECT {key}, doubled, {carried},
                    count(CASE WHEN doubled % 2 = 0 THEN 1 END)
                        OVER (PARTITION BY {key} ORDER BY doubled ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS count_below
                FROM ({merged}))
            WHERE doubled % 2 = 1
            """;
    }
}
