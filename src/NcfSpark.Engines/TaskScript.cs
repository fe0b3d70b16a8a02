using System.Globalization;

namespace NcfSpark.Engines;

/// <summary>
/// A program of ours within Spark's tasks, as SQL: SELECT TRANSFORM starts a command in each partition that has rows,
/// gives it the rows as lines on standard input, fields parted by tabs, and reads rows back from its standard output.
/// Nothing is escaped: fields hold numbers, or text without tabs and line breaks (base 64).
/// </summary>
/// <param name="Command">What /bin/bash runs, in the task's working directory. Its exit code other than 0 fails the
/// task, with the end of its standard error in the message.</param>
/// <param name="Columns">What it writes: name and type, such as ("score", "FLOAT"). What does not parse becomes NULL without a word.</param>
public sealed record TaskScript(string Command, IReadOnlyList<(string Name, string Type)> Columns)
{
    // NULL has a word of its own, which no number and no base 64 is.
    private const string Format = @"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' LINES TERMINATED BY '\n' NULL DEFINED AS '~'";

    /// <summary>The query whose rows are what the command writes, partition by partition as the rows are given, in order.</summary>
    /// <param name="columns">Its columns, in the order in which the command reads them.</param>
    public string Over(string rows, params string[] columns)
    {
        string command = Command.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);
        return $"SELECT TRANSFORM({string.Join(", ", columns)}) {Format} USING '{command}' AS "
            + $"({string.Join(", ", Columns.Select(column => $"{column.Name} {column.Type}"))}) {Format} FROM ({rows})";
    }

    /// <summary>
    /// The rows of a query with each in the partition that a column names: partition p of the result holds the rows
    /// where the column is p, and no others, so that each is one task.
    /// </summary>
    /// <remarks>
    /// REPARTITION(n, k) puts a row into partition hash(k) mod n. So k = p would put two partitions' rows into one
    /// task, and none into another; k is the least number whose hash is p instead. Example, n = 2: hash(1) mod 2 = 0
    /// and hash(0) mod 2 = 1, so partition 0 has k = 1 and partition 1 has k = 0.
    /// </remarks>
    /// <param name="partition">Its INT column with numbers from 0.</param>
    public static string Partitioned(string rows, string partition, int partitions)
    {
        string keys = string.Join(", ", PartitionKeys.Of(partitions).Select(key => key.ToString(CultureInfo.InvariantCulture)));
        return $"SELECT /*+ REPARTITION({partitions}, ncf_key) */ * FROM (SELECT *, element_at(array({keys}), {partition} + 1) AS ncf_key FROM ({rows}))";
    }
}
