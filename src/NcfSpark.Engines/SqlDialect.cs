namespace NcfSpark.Engines;

/// <summary>Where the engines' SQL differs.</summary>
public abstract class SqlDialect
{
    /// <summary>The quotient of two whole numbers, neither negative, without its fraction.</summary>
    public abstract string IntegerQuotient(string dividend, string divisor);
}
