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
}
