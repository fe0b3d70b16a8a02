namespace NcfSpark.Engines.DuckDb;

internal sealed class DuckDbDialect : SqlDialect
{
    public override string IntegerQuotient(string dividend, string divisor) => $"(({dividend}) // ({divisor}))";

    public override string Quoted(string name) => $"\"{name.Replace("\"", "\"\"")}\"";

    public override string Matches(string text, string pattern) => $"regexp_full_match({text}, '{pattern}')";

    public override string EpochMicroseconds(string timestamp) => $"epoch_us({timestamp})";
}
