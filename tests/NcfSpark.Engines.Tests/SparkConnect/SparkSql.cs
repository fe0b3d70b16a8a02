namespace NcfSpark.Engines.Tests.SparkConnect;

internal static class SparkSql
{
    /// <summary>An expression that takes a while for each row. (It depends on a column, or Spark would compute it once.)</summary>
    public static string Sleep(string column, int milliseconds) => $"java_method('java.lang.Thread', 'sleep', {milliseconds}L + 0 * {column})";
}
