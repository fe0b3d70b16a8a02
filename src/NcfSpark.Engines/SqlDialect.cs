namespace NcfSpark.Engines;

/// <summary>Where the engines' SQL differs.</summary>
public abstract class SqlDialect
{
    /// <summary>The quotient of two whole numbers, neither negative, without its fraction.</summary>
    public abstract string IntegerQuotient(string dividend, string divisor);

    /// <summary>A name from outside (a column of a file), quoted.</summary>
    public abstract string Quoted(string name);

    /// <summary>Whether the whole of a text matches a regular expression (of what RE2 and Java share; no backslash, no quote).</summary>
    public abstract string Matches(string text, string pattern);

    /// <summary>Microseconds since 1970-01-01 UTC, BIGINT, of a <see cref="SqlColumnKind.Timestamp"/>. One without a zone is read as UTC.</summary>
    public abstract string EpochMicroseconds(string timestamp);

    /// <summary>
    /// For each point how many marks of the same key lie at or below it: a query of the key, the point, what is carried with it, and count_below. The
    /// columns key, place and ordinal are INT, places not negative. Here by a running count over both; an engine with a join for it
    /// may do better, to the same rows.
    /// </summary>
    /// <param name="points">A query of (key, place, carried).</param>
    /// <param name="marks">A query of (key, place, ordinal); ordinal counts the marks of a key from 1, in the order of their places.</param>
    /// <param name="key">The name of the key in both.</param>
    /// <param name="carried">The name of a BIGINT column of the points.</param>
    public virtual string CountAtOrBelow(string points, string marks, string key, string carried)
    {
        // One number to sort by: twice the mark, or twice the point and one, so that a mark comes before its equals among the points.
        string merged = $"""
            SELECT {key}, 2 * CAST(place AS BIGINT) AS doubled, CAST(0 AS BIGINT) AS {carried} FROM ({marks})
            UNION ALL
            SELECT {key}, 2 * CAST(place AS BIGINT) + 1 AS doubled, {carried} FROM ({points})
            """;
        return $"""
            SELECT {key}, CAST({IntegerQuotient("doubled", "2")} AS INT) AS place, {carried}, count_below
            FROM (
                SELECT {key}, doubled, {carried}, count(CASE WHEN doubled % 2 = 0 THEN 1 END) OVER (PARTITION BY {key} ORDER BY doubled ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS count_below
                FROM ({merged}))
            WHERE doubled % 2 = 1
            """;
    }
}
