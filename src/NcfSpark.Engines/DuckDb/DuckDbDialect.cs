namespace NcfSpark.Engines.DuckDb;

internal sealed class DuckDbDialect : SqlDialect
{
    public override string IntegerQuotient(string dividend, string divisor) => $"(({dividend}) // ({divisor}))";

    public override string Quoted(string name) => $"\"{name.Replace("\"", "\"\"")}\"";

    public override string Matches(string text, string pattern) => $"regexp_full_match({text}, '{pattern}')";

    public override string EpochMicroseconds(string timestamp) => $"epoch_us({timestamp})";

    // An ASOF join finds the last mark at or below each point in less than half of a running count's time. Equal marks become one, the last.
    public override string CountAtOrBelow(string points, string marks, string key, string carried) =>
        $"""
        SELECT p.{key}, p.place, p.{carried}, coalesce(m.ordinal, 0) AS count_below
        FROM ({points}) p ASOF LEFT JOIN (SELECT {key}, place, max(ordinal) AS ordinal FROM ({marks}) GROUP BY {key}, place) m ON p.{key} = m.{key} AND p.place >= m.place
        """;
}
